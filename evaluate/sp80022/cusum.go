package sp80022

import "math"

// step is what eight bits do to the walk S, which goes up by 1 for a one and down for a zero.
type step struct{ change, highest, lowest int8 } // from where it stood before the first of them

// steps are the steps for all bytes.
var steps = func() (table [256]step) {
	for v := range table {
		t := &table[v]
		for bit := 7; bit >= 0; bit-- {
			t.change += int8(v>>bit&1)*2 - 1
			t.highest, t.lowest = max(t.highest, t.change), min(t.lowest, t.change)
		}
	}
	return table
}()

// cumulativeSums asks how far the walk strays (section 2.13): z = max |Sₖ| forward, and max |Sₙ − Sₖ| in reverse.
func cumulativeSums(b *Bits) []float64 {
	s, highest, lowest := 0, 0, 0
	whole := b.n / 8
	for i := range whole {
		t := steps[byte(b.words[i>>3]>>(56-8*(i&7)))]
		highest, lowest = max(highest, s+int(t.highest)), min(lowest, s+int(t.lowest))
		s += int(t.change)
	}
	for i := 8 * whole; i < b.n; i++ {
		s += 2*int(b.bit(i)) - 1
		highest, lowest = max(highest, s), min(lowest, s)
	}
	return []float64{
		cusumPValue(b.n, max(highest, -lowest)),
		cusumPValue(b.n, max(highest-s, s-lowest)),
	}
}

// cusumPValue is the probability that a random walk of n steps strays z or more, by the two sums of section 2.13.4. As in
// NIST's program, division rounds towards 0.
func cusumPValue(n, z int) float64 {
	// Φ beyond 40 is 1, and the terms, differences of Φ, are 0.
	limit := int(40*math.Sqrt(float64(n)))/(4*z) + 2
	phi := func(k int) float64 { return normal(float64(k) * float64(z) / math.Sqrt(float64(n))) }
	sum := 0.0
	for k := max((-n/z+1)/4, -limit); k <= min((n/z-1)/4, limit); k++ {
		sum += phi(4*k+1) - phi(4*k-1)
	}
	for k := max((-n/z-3)/4, -limit); k <= min((n/z-1)/4, limit); k++ {
		sum -= phi(4*k+3) - phi(4*k+1)
	}
	return probability(1 - sum)
}
