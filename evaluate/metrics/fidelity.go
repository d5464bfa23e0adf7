package metrics

import (
	"math"

	"keygan/data/raster"
)

// MSE is the mean squared difference of two images' samples, in squared grey levels of their depth. The images must have the same shape.
func MSE(a, b *raster.Image) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	// Squares are at most 2³², so that 2³² samples fit: the sum is exact.
	var sum uint64
	if a.Depth == 8 {
		for i, v := range a.Pix {
			d := int(v) - int(b.Pix[i])
			sum += uint64(d * d)
		}
	} else {
		for i := range a.Samples() {
			d := a.Sample(i) - b.Sample(i)
			sum += uint64(d * d)
		}
	}
	return float64(sum) / float64(a.Samples()), nil
}

// PSNR is the peak signal-to-noise ratio of two images, 10 log₁₀(MAX²/MSE) in decibels with MAX = 255 or 65535: +Inf
// for identical images. The images must have the same shape.
func PSNR(a, b *raster.Image) (float64, error) {
	mse, err := MSE(a, b)
	if err != nil {
		return 0, err
	}
	return PSNROf(mse, a.Max()), nil
}

// PSNROf is the PSNR in decibels that belongs to an MSE, for samples up to peak: +Inf for an MSE of 0.
func PSNROf(mse float64, peak int) float64 {
	if mse == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(float64(peak)*float64(peak)/mse)
}

// ExpectedMSE is the MSE to expect between a plain image P and a cipher image of uniform samples that do not depend on it: the variance
// of a uniform sample, (L²−1)/12 with L levels, plus E[(P − MAX/2)²]. With 8 bits that is 5461.25 + E[(P − 127.5)²].
func ExpectedMSE(plain *raster.Image) float64 {
	levels := float64(plain.Max() + 1)
	centre := float64(plain.Max()) / 2
	sum := 0.0
	n := plain.Samples()
	for i := range n {
		d := float64(plain.Sample(i)) - centre
		sum += d * d
	}
	return (levels*levels-1)/12 + sum/float64(n)
}
