package sp80022

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

const (
	// FewestSequences is how many p-values the assessment over many sequences takes: fewer say nothing about uniformity (section 4.2.2).
	FewestSequences = 55
	// UniformAlpha is the level below which p-values do not count as uniform (section 4.2.2).
	UniformAlpha = 0.0001

	uniformBins = 10
)

// Assessment is what one p-value of one test says over the sequences that the test was made on (section 4.2).
type Assessment struct {
	Name       string           `json:"name"`
	Index      int              `json:"index"`      // of the p-value in the test, from 0
	Sequences  int              `json:"sequences"`  // that have it
	Passed     int              `json:"passed"`     // whose p-value is at least Alpha
	Low        float64          `json:"low"`        // of the interval for Passed/Sequences
	High       float64          `json:"high"`       // of the same
	Bins       [uniformBins]int `json:"bins"`       // p-values in [0, 0.1), [0.1, 0.2), … [0.9, 1]
	Uniformity float64          `json:"uniformity"` // p-value of the bins' χ² with 9 degrees of freedom
}

// Proportion is the share of sequences that pass.
func (a Assessment) Proportion() float64 { return float64(a.Passed) / float64(a.Sequences) }

// ProportionPassed reports whether the share lies in its interval, 1 − α ± 3 √(α(1 − α)/m) (section 4.2.1).
func (a Assessment) ProportionPassed() bool {
	return a.Proportion() >= a.Low && a.Proportion() <= a.High
}

// UniformityPassed reports whether the p-values count as uniform.
func (a Assessment) UniformityPassed() bool { return a.Uniformity >= UniformAlpha }

// Assess judges a generator by the results of Run for many of its sequences, all of one length. There is an assessment for
// each p-value that at least FewestSequences sequences have, in the order of NIST's program: 188 at most.
func Assess(sequences [][]Result) []Assessment {
	var all []Assessment
	for t, test := range battery {
		for i := 0; ; i++ {
			var p []float64
			for _, results := range sequences {
				if values := results[t].PValues; i < len(values) {
					p = append(p, values[i])
				}
			}
			if len(p) == 0 {
				break
			}
			if len(p) >= FewestSequences {
				all = append(all, assess(test.name, i, p))
			}
		}
	}
	return all
}

func assess(name string, index int, p []float64) Assessment {
	m := float64(len(p))
	spread := 3 * math.Sqrt(Alpha*(1-Alpha)/m)
	a := Assessment{Name: name, Index: index, Sequences: len(p), Low: 1 - Alpha - spread, High: min(1, 1-Alpha+spread)}
	for _, v := range p {
		if v >= Alpha {
			a.Passed++
		}
		a.Bins[min(uniformBins-1, int(v*uniformBins))]++
	}
	a.Uniformity = chiSquare(a.Bins[:], slices.Repeat([]float64{1.0 / uniformBins}, uniformBins))
	return a
}

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
