package kernel

import "math"

// A fused multiply-add of float32 in plain Go: x·y + z with one rounding, as the instruction of that name gives it. In float64
// the product is exact: 24 and 24 bits make 48, of 53. Their sum is then rounded twice, to 53 bits and to 24, and that differs
// from one rounding only where the first has landed on a tie of the second. So the sum is taken in float64, and where tie says
// that it might be one, once more by fma.

// fma returns p + z, rounded once to float32. The sum is first rounded to 53 bits "to odd": one that is not exact gets an odd
// last bit, so that it cannot look like a tie.
func fma(p, z float64) float64 {
	s := p + z
	t := s - p
	e := float64(p-float64(s-t)) + float64(z-t) // p + z is s + e exactly: Knuth's two-sum
	if b := math.Float64bits(s); b&1 == 0 && e != 0 && e == e {
		if (e > 0) == (s > 0) {
			b++
		} else {
			b--
		}
		s = math.Float64frombits(b)
	}
	return float64(float32(s))
}

// tie says whether s, a rounded sum in float64, might be a tie in float32: an odd multiple of half its last place, so that the
// 29 bits which float32 lacks are 100…0. Of numbers below the normal ones, whose last place is elsewhere, it says so always.
func tie(s float64) bool {
	const smallest = (1023 - 126) << 53 // the bits of the smallest normal float32 as a float64, without its sign
	b := math.Float64bits(s)
	return b<<35 == 1<<63 || b<<1 < smallest
}
