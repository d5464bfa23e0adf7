// The binary expansions of π, e and square roots: data that anybody can make again.

package sp80022

import (
	"math"
	"math/big"
)

// guard is how many bits more than wanted are computed, as the last few are wrong.
const guard = 64

// piBytes is the first n bits of π = 11.001…, integer bits included, in bytes: the first bit is the highest of the first byte, and the
// bits of the last byte that are beyond n are 0.
func piBytes(n int) []byte { return leading(piScaled(n+guard), n) }

// eBytes is that of e = 10.101….
func eBytes(n int) []byte { return leading(eScaled(n+guard), n) }

// rootBytes is that of the square root of v.
func rootBytes(v int64, n int) []byte {
	scaled := new(big.Int).Lsh(big.NewInt(v), uint(2*(n+guard)))
	return leading(scaled.Sqrt(scaled), n)
}

// leading is the first n bits of a number from its highest one on.
func leading(v *big.Int, n int) []byte {
	v.Rsh(v, uint(v.BitLen()-n))
	v.Lsh(v, uint(7-(n+7)%8))
	return v.Bytes()
}

// piScaled is π·2^bits by Chudnovsky's series, Σ (−1)^k (6k)! (13591409 + 545140134k) / ((3k)! k!³ 640320^(3k + 3/2)) = 1/(12π),
// summed by halves.
func piScaled(bits int) *big.Int {
	var split func(from, to int64) (p, q, t *big.Int)
	split = func(from, to int64) (p, q, t *big.Int) {
		if to == from+1 {
			p, q = big.NewInt(1), big.NewInt(1)
			if from > 0 {
				p = product(6*from-5, 2*from-1, 6*from-1)
				q = product(from, from, from, 640320*640320/24, 640320)
			}
			t = new(big.Int).Mul(p, big.NewInt(13591409+545140134*from))
			if from%2 == 1 {
				t.Neg(t)
			}
			return p, q, t
		}
		middle := (from + to) / 2
		p1, q1, t1 := split(from, middle)
		p2, q2, t2 := split(middle, to)
		t1.Mul(t1, q2)
		t2.Mul(t2, p1)
		return p1.Mul(p1, p2), q1.Mul(q1, q2), t1.Add(t1, t2)
	}
	_, q, t := split(0, int64(bits)/47+2) // a term gives 47.1 bits
	root := new(big.Int).Lsh(big.NewInt(10005), uint(2*bits))
	root.Sqrt(root)
	q.Mul(q, root).Mul(q, big.NewInt(426880))
	return q.Quo(q, t)
}

// eScaled is e·2^bits by Σ 1/k!, summed by halves.
func eScaled(bits int) *big.Int {
	var split func(from, to int64) (p, q *big.Int) // p/q = Σ from!/k!, from < k ≤ to
	split = func(from, to int64) (p, q *big.Int) {
		if to == from+1 {
			return big.NewInt(1), big.NewInt(to)
		}
		middle := (from + to) / 2
		p1, q1 := split(from, middle)
		p2, q2 := split(middle, to)
		p1.Mul(p1, q2)
		return p1.Add(p1, p2), q1.Mul(q1, q2)
	}
	terms, have := int64(1), 0.0
	for have < float64(bits) { // log₂ of terms!
		terms++
		have += math.Log2(float64(terms))
	}
	p, q := split(0, terms)
	p.Add(p, q)
	p.Lsh(p, uint(bits))
	return p.Quo(p, q)
}

func product(factors ...int64) *big.Int {
	v := big.NewInt(1)
	for _, f := range factors {
		v.Mul(v, big.NewInt(f))
	}
	return v
}
