package metrics

import (
	"fmt"
	"math/big"
	"testing"

	"keygan/data"
)

// The first million bits of a few constants, integer bits included, are data that anybody can make: their entropy and χ² are known.
const constantBits = 1_000_000

// constantBytes is an image of the leading bits of a number.
func constantBytes(v *big.Int) *data.Image {
	v = new(big.Int).Rsh(v, uint(v.BitLen()-constantBits))
	m := data.NewImage(constantBits/8, 1, 1, 8)
	v.FillBytes(m.Pix)
	return m
}

// scaledRoot is √n·2^k, with some bits to spare.
func scaledRoot(n int64) *big.Int {
	v := new(big.Int).Lsh(big.NewInt(n), 2*(constantBits+64))
	return v.Sqrt(v)
}

// scaledPi is π·2^k by the arithmetic-geometric mean (Gauss and Legendre): each round doubles the digits.
func scaledPi() *big.Int {
	number := func(v float64) *big.Float { return new(big.Float).SetPrec(constantBits + 128).SetFloat64(v) }
	half := number(0.5)
	a, b, t := number(1), number(0).Sqrt(half), number(0.25)
	for power := 1.0; power < constantBits; power *= 2 {
		mean := number(0).Add(a, b)
		mean.Mul(mean, half)
		d := number(0).Sub(a, mean)
		t.Sub(t, d.Mul(d, d).Mul(d, number(power)))
		b.Mul(a, b).Sqrt(b)
		a = mean
	}
	sum := number(0).Add(a, b)
	pi := sum.Mul(sum, sum).Quo(sum, t.Mul(t, number(4)))
	v, _ := pi.SetMantExp(pi, constantBits+64).Int(nil)
	return v
}

// scaledE is e·2^k by Σ 1/n!, the sums of halves put together.
func scaledE() *big.Int {
	var sum func(from, to int64) (p, q *big.Int) // p/q = Σ from!/n!, from < n ≤ to
	sum = func(from, to int64) (p, q *big.Int) {
		if to-from == 1 {
			return big.NewInt(1), big.NewInt(to)
		}
		p1, q1 := sum(from, (from+to)/2)
		p2, q2 := sum((from+to)/2, to)
		return p1.Add(p1.Mul(p1, q2), p2), q1.Mul(q1, q2)
	}
	p, q := sum(0, 80_000) // 80,000! has 1,187,000 bits
	p.Add(p, q)
	return p.Quo(p.Lsh(p, constantBits+64), q)
}

func TestConstants(t *testing.T) {
	for _, c := range []struct {
		name          string
		scaled        *big.Int
		chi2, entropy string
	}{
		{"π", scaledPi(), "249.470464", "7.998562"},
		{"e", scaledE(), "301.587968", "7.998260"},
		{"√2", scaledRoot(2), "245.222912", "7.998587"},
		{"√3", scaledRoot(3), "233.594368", "7.998648"},
	} {
		m := constantBytes(c.scaled)
		if got := fmt.Sprintf("%.6f", ChiSquare(m)); got != c.chi2 {
			t.Errorf("χ² of %s: %s, want %s", c.name, got, c.chi2)
		}
		if got := fmt.Sprintf("%.6f", Entropy(m)); got != c.entropy {
			t.Errorf("entropy of %s: %s, want %s", c.name, got, c.entropy)
		}
	}
}
