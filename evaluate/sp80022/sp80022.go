// Package sp80022 is the battery of statistical tests for randomness of NIST SP 800-22 rev. 1a: all 15, with the names, the
// order, the block lengths and the constants of NIST's own program (STS 2.1.2), whose p-values it reproduces.
//
//	bits := sp80022.FromBytes(key)
//	for _, r := range sp80022.Run(bits) {
//		fmt.Println(r.Name, r.PValues, r.Skipped)
//	}
//
// A p-value is the probability that a perfect random generator would have made a sequence that looks less random to the
// test than this one does: for random bits it is uniform between 0 and 1, and one below [Alpha] is evidence against
// them. A sequence of 10⁶ bits gets 188 p-values, two of them below 0.01 by chance. What a generator does is
// therefore judged over many sequences, by the share that passes and by whether the p-values are uniform: [Assess].
//
// What the package promises:
//
//   - A test that a sequence is too short for, or is not applicable to it, gives no p-value and says why.
//   - Every p-value is a number from 0 to 1, whatever the bits. NaN does not occur.
//   - The same bits give the same p-values. The statistics are counts of bits and patterns, which are exact; only the last
//     step, from the counts to a p-value, is floating-point, and may differ in its last digits between architectures. The
//     exception is FFT, which counts the rounded moduli of a Fourier transform; they are known to about 12 digits, and the
//     count is the same unless one of them lies as near to the threshold as that.
//   - Only RunMany runs in parallel. Memory is about 8 bytes a bit of each sequence under test, most of it for FFT, and up to 64 for
//     a length with a large prime factor.
//
// The constants are those of NIST's program, also where they are approximate or the standard has better ones: LongestRun's
// probabilities are its tables, OverlappingTemplate's the compound Poisson ones of section 3.8. The one deliberate
// difference is that the program also runs tests on sequences that are shorter than the standard allows.
//
// The tests are made for sequences of about 10⁶ bits. On far longer ones their approximations show: compared with the exact
// probabilities of section 2.8, those of OverlappingTemplate put χ² up, which is 5 on average, by 0.08 at 10⁶ bits and by 8 at
// 10⁸, so that perfect generators fail. It is better to judge many sequences than a long one. The limit is 2³² bits.
package sp80022

import (
	"context"
	"fmt"
	"slices"
)

// Alpha is the significance level of SP 800-22: a p-value below it fails.
const Alpha = 0.01

// The parameters of the tests, in bits, as NIST's program sets them unless told otherwise.
const (
	blockFrequencyBlock     = 128
	templateLength          = 9 // of both template tests
	approximateEntropyBlock = 10
	serialBlock             = 16
	linearComplexityBlock   = 500
)

// Result is what one test says of one sequence: p-values, or why there are none.
type Result struct {
	Name    string    `json:"name"`
	PValues []float64 `json:"p_values"` // in the order of NIST's program; empty when skipped
	Skipped string    `json:"skipped"`  // why the test does not apply, a clause; "" when it was made
}

// Smallest is the smallest p-value. There must be one.
func (r Result) Smallest() float64 { return slices.Min(r.PValues) }

// Passing counts the p-values that are at least Alpha.
func (r Result) Passing() int {
	n := 0
	for _, p := range r.PValues {
		if p >= Alpha {
			n++
		}
	}
	return n
}

// Passed is the verdict on a test that was made: false when the smallest p-value is below Alpha divided by their number (Bonferroni's
// correction). A random sequence then fails a test with a probability of at most Alpha, however many p-values it has and however they
// depend on each other; without the correction three random sequences of four would fail NonOverlappingTemplate.
func (r Result) Passed() bool { return r.Smallest() >= Alpha/float64(len(r.PValues)) }

// A test is one row of the battery. It is called with at least minimum bits.
type test struct {
	name    string
	minimum int // bits
	run     func(s *sequence) (pValues []float64, skipped string)
}

// sequence is the bits under test, with what more than one test needs of them.
type sequence struct {
	*Bits
	shared *patterns
}

// patterns counts all patterns of up to serialBlock bits, once.
func (s *sequence) patterns() *patterns {
	if s.shared == nil {
		s.shared = countPatterns(s.Bits, serialBlock)
	}
	return s.shared
}

// battery is the tests in the order of NIST's program. The minimum lengths are those of the sections "input size recommendation" of the
// standard; of Serial and ApproximateEntropy they follow from m < ⌊log₂ n⌋ − 2 and m < ⌊log₂ n⌋ − 5. For NonOverlappingTemplate the
// standard has none: here each of the eight blocks must be expected to hold the template five times, as is usual for χ².
var battery = []test{
	{"Frequency", 100, one(func(s *sequence) float64 { return frequency(s.Bits) })},
	{"BlockFrequency", blockFrequencyBlock, one(func(s *sequence) float64 { return blockFrequency(s.Bits, blockFrequencyBlock) })},
	{"CumulativeSums", 100, func(s *sequence) ([]float64, string) { return cumulativeSums(s.Bits), "" }},
	{"Runs", 100, one(func(s *sequence) float64 { return runs(s.Bits) })},
	{"LongestRun", 128, one(func(s *sequence) float64 { return longestRun(s.Bits) })},
	{"Rank", 38 * rankBits, one(func(s *sequence) float64 { return rank(s.Bits) })},
	{"FFT", 1000, one(func(s *sequence) float64 { return fourierTest(s.Bits) })},
	{"NonOverlappingTemplate", templateBlocks * (5<<templateLength + templateLength - 1), func(s *sequence) ([]float64, string) {
		return nonOverlappingTemplates(s.Bits, templateBlocks, aperiodic(templateLength), templateLength), ""
	}},
	{"OverlappingTemplate", 1_000_000, one(func(s *sequence) float64 { return overlappingTemplate(s.Bits, templateLength) })},
	{"Universal", universalMinimum[0], one(func(s *sequence) float64 { return universal(s.Bits) })},
	{"ApproximateEntropy", 1 << (approximateEntropyBlock + 6), one(func(s *sequence) float64 {
		return approximateEntropy(s.patterns(), approximateEntropyBlock)
	})},
	{"RandomExcursions", 1_000_000, func(s *sequence) ([]float64, string) {
		return overStates(s.Bits, nearest, excursions.visitsPValue)
	}},
	{"RandomExcursionsVariant", 1_000_000, func(s *sequence) ([]float64, string) {
		return overStates(s.Bits, farthest, excursions.variantPValue)
	}},
	{"Serial", 1 << (serialBlock + 3), func(s *sequence) ([]float64, string) { return serial(s.patterns(), serialBlock), "" }},
	{"LinearComplexity", 1_000_000, one(func(s *sequence) float64 { return linearComplexity(s.Bits, linearComplexityBlock) })},
}

func one(p func(*sequence) float64) func(*sequence) ([]float64, string) {
	return func(s *sequence) ([]float64, string) { return []float64{p(s)}, "" }
}

// Run makes all 15 tests on a sequence, of any length. The results are in the order of NIST's program.
func Run(b *Bits) []Result {
	results, _ := RunContext(context.Background(), b)
	return results
}

// RunContext is Run, but it begins no further test, and returns the context's error, once that has ended.
func RunContext(ctx context.Context, b *Bits) ([]Result, error) {
	s := &sequence{Bits: b}
	results := make([]Result, len(battery))
	for i, t := range battery {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		results[i] = t.on(s)
	}
	return results, nil
}

// Memory is about how many bytes the tests take on a sequence of this many bits.
func Memory(bits int) int64 {
	if largestPrime(bits) > largestRadix {
		return 64 * int64(bits)
	}
	return 8 * int64(bits)
}

func (t test) on(s *sequence) Result {
	if s.n < t.minimum {
		have := fmt.Sprintf("%d bits are", s.n)
		if s.n == 1 {
			have = "1 bit is"
		}
		return Result{t.name, []float64{}, fmt.Sprintf("%s too few: it takes at least %d", have, t.minimum)}
	}
	p, skipped := t.run(s)
	if skipped != "" {
		p = []float64{}
	}
	return Result{t.name, p, skipped}
}
