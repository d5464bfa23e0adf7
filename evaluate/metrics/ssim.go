package metrics

import (
	"fmt"
	"math"
	"runtime"

	"golang.org/x/sync/errgroup"

	"keygan/data/raster"
)

// Window is the weighting of the neighbourhood that structural similarity looks at.
type Window int

const (
	// Gaussian11 is that of Wang, Bovik, Sheikh and Simoncelli (2004): 11×11, σ = 1.5, weights that add up to 1, population covariance.
	Gaussian11 Window = iota
	// Uniform7 is 7×7 with equal weights and the sample covariance (over 48, not 49), scikit-image's default.
	Uniform7
)

// size is the number of rows and columns of the window.
func (w Window) size() int { return [...]int{11, 7}[w] }

// String names the window, as in "Gaussian 11×11".
func (w Window) String() string { return [...]string{"Gaussian 11×11", "uniform 7×7"}[w] }

// SSIM is the mean structural similarity of two images, in [−1, 1]; 1 for identical ones. The mean is over all places
// where the whole window lies inside the image, then over the channels.
//
// The images must have the same shape. The error wraps [ErrUndefined] when they are smaller than the window.
func SSIM(a, b *raster.Image, window Window) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	if n := window.size(); a.Width < n || a.Height < n {
		return 0, fmt.Errorf("SSIM is %w: the %s window does not fit into %d×%d pixels", ErrUndefined, window, a.Width, a.Height)
	}
	// The constants of Wang et al. that keep the quotients away from 0/0: C = (K·MAX)².
	c1, c2 := 0.01*float64(a.Max()), 0.03*float64(a.Max())
	c1, c2 = c1*c1, c2*c2
	sum := ssimGaussian
	if window == Uniform7 {
		sum = ssimUniform
	}
	// Bands of rows are added up in order: memory does not grow with the height, and the result does not depend on how many go on at once.
	rows := a.Height - window.size() + 1 // places of the window
	bands := (rows + ssimBand - 1) / ssimBand
	sums := make([]float64, a.Channels*bands)
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for i := range sums {
		work.Go(func() error {
			channel, from := i/bands, i%bands*ssimBand
			to := min(from+ssimBand, rows) + window.size() - 1
			sums[i] = sum(planeRows(a, channel, from, to), planeRows(b, channel, from, to), a.Width, to-from, c1, c2)
			return nil
		})
	}
	work.Wait() // no band fails
	total := 0.0
	for _, v := range sums {
		total += v
	}
	return total / (float64(a.Channels) * float64(rows) * float64(a.Width-window.size()+1)), nil
}

// ssimBand is how many rows of window places are measured at once.
const ssimBand = 128

// similarity is the SSIM of one place: the means of the two windows, the sum of their variances and their covariance.
func similarity(ma, mb, variances, covariance, c1, c2 float64) float64 {
	return (2*float64(ma*mb) + c1) * (2*covariance + c2) / ((float64(ma*ma) + float64(mb*mb) + c1) * (variances + c2))
}

// gaussianMeans are the means, under the Gaussian window, of one channel of two images, of the sum of their squares and of their product.
func gaussianMeans(a, b []float64, width, height int) (ma, mb, ms, mp []float64) {
	squares, products := make([]float64, len(a)), make([]float64, len(a))
	for i, x := range a {
		y := b[i]
		squares[i] = float64(x*x) + float64(y*y)
		products[i] = x * y
	}
	column := make([]float64, width)
	ma, mb = gaussian(a, width, height, column), gaussian(b, width, height, column)
	ms, mp = gaussian(squares, width, height, column), gaussian(products, width, height, column)
	return ma, mb, ms, mp
}

// ssimGaussian sums over one channel with the Gaussian window. Only the sum of the variances is needed, so four filtered planes do.
func ssimGaussian(a, b []float64, width, height int, c1, c2 float64) float64 {
	ma, mb, ms, mp := gaussianMeans(a, b, width, height)
	sum := 0.0
	for i, x := range ma {
		y := mb[i]
		// Grouped, and with conversions that forbid fusing, so that identical images give exactly 1.
		sum += similarity(x, y, ms[i]-(float64(x*x)+float64(y*y)), mp[i]-float64(x*y), c1, c2)
	}
	return sum
}

// gaussianTaps is the middle weight and the five to each side.
var gaussianTaps = func() (w [6]float64) {
	const sigma = 1.5
	total := 0.0
	for i := range w {
		w[i] = math.Exp(-float64(i*i) / (2 * sigma * sigma))
		total += w[i]
		if i > 0 {
			total += w[i]
		}
	}
	for i := range w {
		w[i] /= total
	}
	return w
}()

// gaussian filters a plane with the 11×11 window, first along columns, then along rows, keeping the places where the
// window lies inside: (height−10) × (width−10) values. column is room for one row of sums.
func gaussian(p []float64, width, height int, column []float64) []float64 {
	w0, w1, w2, w3, w4, w5 := gaussianTaps[0], gaussianTaps[1], gaussianTaps[2], gaussianTaps[3], gaussianTaps[4], gaussianTaps[5]
	outWidth := width - 10
	out := make([]float64, outWidth*(height-10))
	row := func(y int) []float64 { return p[y*width:][:len(column)] }
	for y := range height - 10 {
		r0, r1, r2, r3, r4, r5 := row(y), row(y+1), row(y+2), row(y+3), row(y+4), row(y+5)
		r6, r7, r8, r9, r10 := row(y+6), row(y+7), row(y+8), row(y+9), row(y+10)
		for x := range column {
			column[x] = w5*(r0[x]+r10[x]) + w4*(r1[x]+r9[x]) + w3*(r2[x]+r8[x]) + w2*(r3[x]+r7[x]) + w1*(r4[x]+r6[x]) + w0*r5[x]
		}
		o := out[y*outWidth:][:outWidth]
		for x := range o {
			s := column[x:][:11]
			o[x] = w5*(s[0]+s[10]) + w4*(s[1]+s[9]) + w3*(s[2]+s[8]) + w2*(s[3]+s[7]) + w1*(s[4]+s[6]) + w0*s[5]
		}
	}
	return out
}

// ssimUniform sums over one channel with the uniform window. Its sums are whole numbers below 2⁵³, so that sliding them is exact.
func ssimUniform(a, b []float64, width, height int, c1, c2 float64) float64 {
	const side, count = 7, 49.0
	// Sums over the last 7 rows of each column, of a, b, a² + b² and ab.
	columns := make([][4]float64, width)
	slide := func(y int, sign float64) {
		ra, rb := a[y*width:][:width], b[y*width:][:width]
		for x := range columns {
			u, v, c := ra[x], rb[x], &columns[x]
			c[0] += sign * u
			c[1] += sign * v
			c[2] += sign * (u*u + v*v)
			c[3] += sign * (u * v)
		}
	}
	total := 0.0
	for y := range height {
		slide(y, 1)
		if y < side-1 {
			continue
		}
		var s [4]float64
		for x := range columns {
			for k := range s {
				s[k] += columns[x][k]
			}
			if x < side-1 {
				continue
			}
			ma, mb := s[0]/count, s[1]/count
			variances := (s[2] - (float64(s[0]*ma) + float64(s[1]*mb))) / (count - 1)
			covariance := (s[3] - float64(s[0]*mb)) / (count - 1)
			total += similarity(ma, mb, variances, covariance, c1, c2)
			for k := range s {
				s[k] -= columns[x-side+1][k]
			}
		}
		slide(y-side+1, -1)
	}
	return total
}
