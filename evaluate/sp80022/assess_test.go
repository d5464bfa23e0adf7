package sp80022

import (
	"math"
	"math/rand/v2"
	"testing"
)

// random is n bits of a ChaCha8 generator.
func random(n int, seed byte) *Bits {
	rng := rand.NewChaCha8([32]byte{seed})
	p := make([]byte, (n+7)/8)
	rng.Read(p)
	return FromBytes(p).Prefix(n)
}

// TestAssessRandom runs 200 random sequences and expects the shares of failures of random data: each test, by its verdict, fails
// no more than 1 % of them, chance included, and each p-value passes both criteria.
func TestAssessRandom(t *testing.T) {
	var all [][]Result
	failed := map[string]int{}
	for seed := range byte(200) {
		results := Run(random(66_000, seed))
		for _, r := range results {
			if r.Skipped == "" && !r.Passed() {
				failed[r.Name]++
			}
		}
		all = append(all, results)
	}
	for name, n := range failed {
		if n > 8 { // binomial with n = 200, p = 0.01: 9 or more have a probability of 0.0002
			t.Errorf("%s: %d of 200 random sequences fail", name, n)
		}
	}
	assessments := Assess(all)
	if want := 1 + 1 + 2 + 1 + 1 + 1 + 1 + 148 + 1; len(assessments) != want {
		t.Fatalf("%d assessments, want %d", len(assessments), want)
	}
	outside := 0
	for _, a := range assessments {
		if !a.ProportionPassed() {
			outside++
		}
		if !a.UniformityPassed() {
			t.Errorf("%s[%d]: the p-values are not uniform, %g: %v", a.Name, a.Index, a.Uniformity, a.Bins)
		}
	}
	// A share of 200 is below 0.99 − 0.0211 when 7 or more fail: probability 0.0045, for each of 157.
	if outside > 5 {
		t.Errorf("%d of %d proportions lie outside of their intervals", outside, len(assessments))
	}
}

func TestAssessBiased(t *testing.T) {
	var all [][]Result
	for i := range 60 {
		all = append(all, Run(noise(2000, uint64(i), 141))) // 55 % ones
	}
	for _, a := range Assess(all) {
		if a.Name == "Frequency" && (a.ProportionPassed() || a.UniformityPassed()) {
			t.Errorf("55 %% ones: %d of 60 pass, uniformity %g", a.Passed, a.Uniformity)
		}
	}
	if got := len(Assess(all[:FewestSequences-1])); got != 0 {
		t.Errorf("%d assessments of %d sequences", got, FewestSequences-1)
	}
	if got := len(Assess(nil)); got != 0 {
		t.Errorf("%d assessments of no sequences", got)
	}
}

// TestAssessSkipped counts only the sequences that have a p-value.
func TestAssessSkipped(t *testing.T) {
	var all [][]Result
	for i := range 110 {
		n := 200
		if i%2 == 1 {
			n = 110
		}
		all = append(all, Run(noise(n, uint64(i), 128)))
	}
	for _, a := range Assess(all) {
		want := map[string]int{"LongestRun": 55, "BlockFrequency": 55, "Frequency": 110}[a.Name]
		if want != 0 && a.Sequences != want {
			t.Errorf("%s: %d sequences, want %d", a.Name, a.Sequences, want)
		}
		sum := 0
		for _, c := range a.Bins {
			sum += c
		}
		if sum != a.Sequences {
			t.Errorf("%s: %d p-values in the bins, want %d", a.Name, sum, a.Sequences)
		}
	}
}

// TestAssessNumbers has the standard's example of the interval, 1000 sequences, and counts that are easily checked.
func TestAssessNumbers(t *testing.T) {
	p := make([]float64, 1000)
	for i := range p {
		p[i] = float64(i%100) / 100 // ten in each percent: 10 failures
	}
	p[999] = 1
	a := assess("x", 0, p)
	if a.Passed != 990 || math.Abs(a.Low-0.9805607) > 1e-6 || math.Abs(a.High-0.9994392) > 1e-6 {
		t.Errorf("%d passed, interval %.7f to %.7f", a.Passed, a.Low, a.High)
	}
	if a.Bins != [10]int{100, 100, 100, 100, 100, 100, 100, 100, 100, 100} || a.Uniformity != 1 {
		t.Errorf("bins %v, uniformity %g", a.Bins, a.Uniformity)
	}
}
