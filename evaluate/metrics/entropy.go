package metrics

import (
	"math"

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
	n := float64(len(m.Pix))
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
