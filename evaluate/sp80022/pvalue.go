package sp80022

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
)

// igamc is the upper regularised incomplete gamma function Q(a, x), the probability that χ² with 2a degrees of freedom is
// above 2x. Rounding can make a sum of squares, as differences of others, negative by a hair; it counts as 0.
func igamc(a, x float64) float64 {
	if x <= 0 {
		return 1
	}
	if math.IsInf(x, 1) {
		return 0
	}
	return probability(mathext.GammaIncRegComp(a, x))
}

// chiSquare is the p-value of counts over classes with these probabilities: χ² with len(counts) − 1 degrees of freedom.
func chiSquare(counts []int, probabilities []float64) float64 {
	n := 0
	for _, c := range counts {
		n += c
	}
	sum := 0.0
	for i, c := range counts {
		expected := float64(n) * probabilities[i]
		d := float64(c) - expected
		sum += d * d / expected
	}
	return igamc(float64(len(counts)-1)/2, sum/2)
}

// normal is the distribution function Φ of the standard normal distribution.
func normal(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }

// probability takes away what rounding puts below 0 or above 1.
func probability(p float64) float64 { return max(0, min(1, p)) }

// tooShort says that n bits are fewer than a test takes.
func tooShort(n, minimum int) string {
	have := fmt.Sprintf("%d bits are", n)
	if n == 1 {
		have = "1 bit is"
	}
	return fmt.Sprintf("%s too few: it takes at least %d", have, minimum)
}
