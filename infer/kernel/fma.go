package kernel

import "math"

// This file has a fused multiply-add of float32 in plain Go: x·y + z with one rounding, as the instruction of that name gives it. In
// float64 the product is exact: 24 and 24 bits make 48, of 53. The sum is then rounded twice, to 53 bits and to 24. That differs
// from one rounding only where the first rounding lands on a tie of the second. So the sum is taken in float64, and once more by
// fma where tie says that it might be such a tie.

// fma returns p + z, rounded once to float32. It first rounds the sum to 53 bits "to odd": a sum that is not exact gets an odd last
// bit, so that it cannot look like a tie.
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

// tie reports whether s, a rounded sum in float64, might be a tie in float32: an odd multiple of half its last place, so that the
// 29 bits that float32 lacks are 100…0. It is always true below the normal numbers, whose last place is elsewhere.
func tie(s float64) bool {
	const smallest = (1023 - 126) << 53 // the bits of the smallest normal float32 as a float64, without its sign
	b := math.Float64bits(s)
	return b<<35 == 1<<63 || b<<1 < smallest
}
