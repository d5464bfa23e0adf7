package sp80022

import (
	"math"
	"math/bits"
)

// frequency compares the number of ones with that of zeros (section 2.1).
func frequency(b *Bits) float64 {
	sum := 2*b.ones(0, b.n) - b.n // of the bits as ±1
	return math.Erfc(math.Abs(float64(sum)) / math.Sqrt(2*float64(b.n)))
}

// blockFrequency compares the number of ones in each whole block of m bits with m/2 (section 2.2): χ² = 4m Σ (πᵢ − ½)².
func blockFrequency(b *Bits, m int) float64 {
	blocks := b.n / m
	sum := 0 // Σ (2·ones − m)² = 4m² Σ (πᵢ − ½)²
	for i := range blocks {
		d := 2*b.ones(i*m, (i+1)*m) - m
		sum += d * d
	}
	return igamc(float64(blocks)/2, float64(sum)/float64(2*m))
}

// runs compares the number of runs of equal bits with the expected one (section 2.3). It is 0 where Frequency fails badly.
func runs(b *Bits) float64 {
	n := float64(b.n)
	pi := float64(b.ones(0, b.n)) / n
	if math.Abs(pi-0.5) > 2/math.Sqrt(n) {
		return 0
	}
	count := 1 // V
	for i := 0; i < b.n-1; i += 64 {
		changes := (b.from(i) ^ b.from(i+1)) &^ (^uint64(0) >> 1 >> (min(64, b.n-1-i) - 1))
		count += bits.OnesCount64(changes)
	}
	spread := 2 * pi * (1 - pi)
	return math.Erfc(math.Abs(float64(count)-n*spread) / (spread * math.Sqrt(2*n)))
}

// runClasses is how section 2.4 sorts blocks of m bits by their longest run of ones: into classes of at most shortest,
// shortest + 1, and so on; the last class takes all that is longer. The probabilities are those of NIST's program.
type runClasses struct {
	minimum, m, shortest int // minimum and m in bits
	probabilities        []float64
}

var longestRunClasses = []runClasses{
	{750_000, 10_000, 10, []float64{0.0882, 0.2092, 0.2483, 0.1933, 0.1208, 0.0675, 0.0727}},
	{6272, 128, 4, []float64{0.1174035788, 0.242955959, 0.249363483, 0.17517706, 0.102701071, 0.112398847}},
	{0, 8, 1, []float64{0.21484375, 0.3671875, 0.23046875, 0.1875}},
}

// longestRun compares the longest runs of ones in blocks with the expected distribution (section 2.4).
func longestRun(b *Bits) float64 {
	for _, c := range longestRunClasses {
		if b.n < c.minimum {
			continue
		}
		counts := make([]int, len(c.probabilities))
		for i := range b.n / c.m {
			class := longestRunIn(b, i*c.m, (i+1)*c.m) - c.shortest
			counts[max(0, min(len(counts)-1, class))]++
		}
		return chiSquare(counts, c.probabilities)
	}
	panic("unreachable: the last classes take any length")
}

// longestRunIn is the length of the longest run of ones among the bits [from, to).
func longestRunIn(b *Bits, from, to int) int {
	longest, open := 0, 0 // open is the run that reaches the end of the last word
	for i := from; i < to; i += 64 {
		w := b.window(i, min(64, to-i))
		if w == ^uint64(0) {
			open += 64
			continue
		}
		longest = max(longest, open+bits.LeadingZeros64(^w))
		open = bits.TrailingZeros64(^w)
		// Each round takes one bit off every run: what is left after longest rounds are the longer runs.
		for x := shrink(w, longest); x != 0; x &= x << 1 {
			longest++
		}
	}
	return max(longest, open)
}

// shrink takes k bits off every run of ones in w.
func shrink(w uint64, k int) uint64 {
	for done := 1; k > 0 && w != 0; {
		by := min(done, k)
		w &= w << by
		k -= by
		done += by
	}
	return w
}
