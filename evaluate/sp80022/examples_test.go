package sp80022

import (
	"math"
	"testing"
)

// parse reads a sequence written as zeros and ones.
func parse(s string) *Bits {
	p := make([]byte, (len(s)+7)/8)
	for i, c := range s {
		if c == '1' {
			p[i/8] |= 128 >> (i % 8)
		}
	}
	return FromBytes(p).Prefix(len(s))
}

// text writes a sequence as zeros and ones.
func text(b *Bits) string {
	s := make([]byte, b.n)
	for i := range s {
		s[i] = '0' + byte(b.bit(i))
	}
	return string(s)
}

// The worked examples of the standard are far shorter than its own recommendations, so that the tests are called without
// their minimum lengths. Those of section 2.6 are printed wrong there; these are the right ones.
func TestWorkedExamples(t *testing.T) {
	b100 := piBits(100)
	e100k, e1m := eBits(100_000), eBits(1_000_000)
	fourDigits := []float64{0.5, 0.25, 0.125, 0.0625, 0.0312, 0.0312}
	excursion := walk(parse("0110110101"))
	cusum := func(b *Bits, reverse int) float64 { return cumulativeSums(b)[reverse] }
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"2.1.4 frequency", frequency(parse("1011010101")), 0.527089},
		{"2.1.8 frequency", frequency(b100), 0.109599},
		{"2.2.4 block frequency", blockFrequency(parse("0110011010"), 3), 0.801252},
		{"2.2.8 block frequency", blockFrequency(b100, 10), 0.706438},
		{"2.3.4 runs", runs(parse("1001101011")), 0.147232},
		{"2.3.8 runs", runs(b100), 0.500798},
		{"2.4.8 longest run", longestRun(parse("11001100000101010110110001001100111000000000001001001101010100010001001111010110" +
			"100000001101011111001100111001101101100010110010")), 0.180609},
		{"2.5.8 rank", rank(e100k), 0.532069},
		{"2.6.4 Fourier", fourierTest(parse("1001010011")), 0.468160},
		{"2.6.8 Fourier", fourierTest(b100), 0.646355},
		{"2.7.4 non-overlapping", nonOverlappingTemplates(parse("10100100101110010110"), 2, []int{0b001}, 3)[0], 0.344154},
		{"2.8.8 overlapping", overlappingTemplate(e1m, 9), 0.110434},
		{"2.9.4 universal", math.Erfc(math.Abs(maurer(parse("01011010011101010111"), 2, 4)-1.5374383) / math.Sqrt(2*1.338)), 0.767189},
		{"2.10.8 linear complexity", linearComplexity(e1m, 1000), 0.845406},
		{"2.11.4 serial 1", serial(countPatterns(parse("0011011101"), 3), 3)[0], 0.808792},
		{"2.11.4 serial 2", serial(countPatterns(parse("0011011101"), 3), 3)[1], 0.670320},
		{"2.11.8 serial 1", serial(countPatterns(e1m, 2), 2)[0], 0.843764},
		{"2.11.8 serial 2", serial(countPatterns(e1m, 2), 2)[1], 0.561915},
		{"2.12.4 approximate entropy", approximateEntropy(countPatterns(parse("0100110101"), 4), 3), 0.261961},
		{"2.12.8 approximate entropy", approximateEntropy(countPatterns(b100, 3), 2), 0.235301},
		{"2.13.4 cumulative sums", cusum(parse("1011010111"), 0), 0.4116588},
		{"2.13.8 cumulative sums, forward", cusum(b100, 0), 0.219194},
		{"2.13.8 cumulative sums, reverse", cusum(b100, 1), 0.114866},
		// Section 2.14.4 reckons with probabilities of four digits; with exact ones it would be 0.502488.
		{"2.14.4 excursions", chiSquare(excursion.often[1+nearest][:], fourDigits), 0.502529},
		{"2.15.4 excursions variant", excursion.variantPValue(1), 0.683091},
	} {
		if !(math.Abs(c.got-c.want) <= 1e-6) {
			t.Errorf("%s: %.7f, want %.6f", c.name, c.got, c.want)
		}
	}
}
