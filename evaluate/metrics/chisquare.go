package metrics

import (
	"gonum.org/v1/gonum/stat/distuv"

	"keygan/data/raster"
)

// ChiSquareFreedom is the degrees of freedom of a histogram of 256 byte values.
const ChiSquareFreedom = 255

// ChiSquare is Pearson's statistic of an image's bytes against the uniform distribution, Σ (count − n/256)² / (n/256).
// For random bytes it is χ² with 255 degrees of freedom: 255 on average, with a standard deviation of √510 ≈ 22.6.
func ChiSquare(m *raster.Image) float64 {
	counts := Histogram(m)
	expected := float64(len(m.Pix)) / 256
	sum := 0.0
	for _, c := range counts {
		d := float64(c) - expected
		sum += d * d
	}
	return sum / expected
}

// ChiSquareBand holds the two critical values at level alpha, each by itself: random bytes are above upper (too uneven)
// with probability alpha, and below lower (too even) with the same.
func ChiSquareBand(alpha float64) (lower, upper float64) {
	d := distuv.ChiSquared{K: ChiSquareFreedom}
	return d.Quantile(alpha), d.Quantile(1 - alpha)
}
