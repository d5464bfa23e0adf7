package metrics

import (
	"fmt"
	"math"

	"keygan/data/raster"
)

// msWeights are the weights of the scales, the finest first, of Wang, Simoncelli and Bovik (2003).
var msWeights = [5]float64{0.0448, 0.2856, 0.3001, 0.2363, 0.1333}

// MSSSIM is the multi-scale structural similarity of two images: over five scales, each half as large as the one before, the product of
// the mean contrast and structure terms of SSIM (Gaussian 11×11), with the luminance term at the coarsest, each raised to the weight of
// its scale. It is 1 for identical images. A scale whose mean is negative counts as 0, and so does the product. It is the mean over the
// channels.
//
// The images must have the same shape. The error wraps [ErrUndefined] where a side is below 176 pixels: the window would not fit into the
// coarsest scale.
func MSSSIM(a, b *raster.Image) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	if least := Gaussian11.size() << (len(msWeights) - 1); a.Width < least || a.Height < least {
		return 0, fmt.Errorf("MS-SSIM is %w: it takes %d×%d pixels, there are %d×%d", ErrUndefined, least, least, a.Width, a.Height)
	}
	c1, c2 := 0.01*float64(a.Max()), 0.03*float64(a.Max())
	total := 0.0
	for channel := range a.Channels {
		pa, pb, width, height := plane(a, channel), plane(b, channel), a.Width, a.Height
		product := 1.0
		for scale, weight := range msWeights {
			ssim, contrast := ssimTerms(pa, pb, width, height, c1*c1, c2*c2)
			if scale == len(msWeights)-1 {
				contrast = ssim
			}
			product *= math.Pow(max(0, contrast), weight)
			pa, pb = halved(pa, width, height), halved(pb, width, height)
			width, height = (width+1)/2, (height+1)/2
		}
		total += product
	}
	return total / float64(a.Channels), nil
}

// ssimTerms are the means of SSIM and of its contrast and structure term by itself, over one channel.
func ssimTerms(a, b []float64, width, height int, c1, c2 float64) (ssim, contrast float64) {
	ma, mb, ms, mp := gaussianMeans(a, b, width, height)
	for i, x := range ma {
		y := mb[i]
		variances, covariance := ms[i]-(float64(x*x)+float64(y*y)), mp[i]-float64(x*y)
		ssim += similarity(x, y, variances, covariance, c1, c2)
		contrast += (2*covariance + c2) / (variances + c2)
	}
	return ssim / float64(len(ma)), contrast / float64(len(ma))
}

// halved is a plane of half the width and height: means of 2×2 samples, where the last row or column of an odd number stands twice.
func halved(p []float64, width, height int) []float64 {
	out := make([]float64, 0, (width+1)/2*((height+1)/2))
	for y := 0; y < height; y += 2 {
		below := min(y+1, height-1)
		for x := 0; x < width; x += 2 {
			right := min(x+1, width-1)
			out = append(out, (p[y*width+x]+p[y*width+right]+p[below*width+x]+p[below*width+right])/4)
		}
	}
	return out
}
