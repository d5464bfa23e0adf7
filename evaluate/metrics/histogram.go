package metrics

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"keygan/data/raster"
)

// Histogram counts the byte values of an image.
func Histogram(m *raster.Image) (counts [256]int) {
	for _, v := range m.Pix {
		counts[v]++
	}
	return counts
}

// Entropy is the Shannon entropy of an image's bytes, −Σ p log₂ p, in bits per byte: 0 for a constant image, 8 at most.
func Entropy(m *raster.Image) float64 {
	counts := Histogram(m)
	return entropyOf(counts[:], len(m.Pix))
}

// entropyOf is the entropy of counts that add up to total.
func entropyOf(counts []int, total int) float64 {
	n := float64(total)
	sum := 0.0
	for _, c := range counts {
		if c > 0 {
			sum += float64(c) * math.Log2(n/float64(c))
		}
	}
	return sum / n
}

// EntropyExpected is the mean and the standard deviation of the entropy of n random bytes, in bits. For near-uniform
// bytes, 2n ln 2 (8 − H) is χ² with 255 degrees of freedom, whose mean is 255 and whose variance is 510.
func EntropyExpected(n int) (mean, sd float64) {
	scale := 2 * float64(n) * math.Ln2
	return 8 - ChiSquareFreedom/scale, math.Sqrt(2*ChiSquareFreedom) / scale
}

// EntropyFloor is the entropy that n random bytes fall below with probability alpha, by the same relation to χ².
func EntropyFloor(n int, alpha float64) float64 {
	_, upper := ChiSquareBand(alpha)
	return 8 - upper/(2*float64(n)*math.Ln2)
}

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

// Alpha is the significance level of the verdicts in tables, and of attack 2, which asks the same of a histogram.
const Alpha = 0.01

// ChiSquareBand holds the values that random bytes fall below (too even) and exceed (too uneven), each with probability alpha.
func ChiSquareBand(alpha float64) (lower, upper float64) {
	d := distuv.ChiSquared{K: ChiSquareFreedom}
	return d.Quantile(alpha), d.Quantile(1 - alpha)
}

// HistogramVariance is the variance of the counts of the 256 byte values: the mean squared difference from n/256, as Zhang and Wang (2014)
// measure how even a histogram is. It is χ² times n/256², so that random bytes have 255 n/256² on average.
func HistogramVariance(m *raster.Image) float64 {
	return ChiSquare(m) * float64(len(m.Pix)) / (256 * 256)
}
