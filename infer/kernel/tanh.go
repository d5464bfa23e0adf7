package kernel

import "math"

// Ln2High and Ln2Low are ln 2 in two parts: the first has so few digits that its multiples here are exact.
const (
	Ln2High = 6.93147180369123816490e-01
	Ln2Low  = 1.90821492927058770002e-10
)

// expSeries are the coefficients 1/(n+1)! of (eˣ − 1)/x, highest first: to 2e-16 for |x| ≤ ln 2 / 2.
var expSeries = [...]float64{
	1. / 6227020800, 1. / 479001600, 1. / 39916800, 1. / 3628800, 1. / 362880, 1. / 40320, 1. / 5040,
	1. / 720, 1. / 120, 1. / 24, 1. / 6, 1. / 2, 1,
}

// tanhEnd is where 1 − tanh falls below 1e-17.
const tanhEnd = 20

// Tanh is the hyperbolic tangent, correct to the last digit of float32 or its neighbour, by + − × ÷ in float64, none of them fused:
//
//	tanh|x| = t / (t + 2), t = exp(2|x|) − 1 = 2ⁿ·(eʳ − 1) + (2ⁿ − 1), 2|x| = n·ln 2 + r
//
// NaN stays NaN; −0 becomes +0.
func Tanh(x float32) float32 {
	y := float64(x)
	if y < 0 {
		y = -y
	}
	if y != y {
		return x
	}
	r := float64(1)
	if y < tanhEnd {
		y *= 2
		n := int(float64(y*(1/math.Ln2)) + 0.5)
		y = y - float64(float64(n)*Ln2High) - float64(float64(n)*Ln2Low)
		p := expSeries[0]
		for _, c := range expSeries[1:] {
			p = float64(p*y) + c
		}
		power := math.Float64frombits(uint64(1023+n) << 52) // 2ⁿ, n in 0 … 58
		t := float64(power*float64(p*y)) + (power - 1)
		r = t / (t + 2)
	}
	if x < 0 {
		r = -r
	}
	return float32(r)
}
