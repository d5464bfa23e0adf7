package sp80022

import (
	"math"
	"math/bits"
)

// rankBits is the size of a matrix of section 2.5, 32 × 32.
const rankBits = 32 * 32

// rankProbabilities are the probabilities that a random binary matrix of 32 × 32 has rank 32, 31, or less: section 3.5's
// 2^(r(64−r)−1024) Π (1−2^(i−32))²/(1−2^(i−r)), i from 0 to r − 1.
var rankProbabilities = func() []float64 {
	of := func(r int) float64 {
		p := math.Ldexp(1, r*(64-r)-rankBits)
		for i := range r {
			d := 1 - math.Ldexp(1, i-32)
			p *= d * d / (1 - math.Ldexp(1, i-r))
		}
		return p
	}
	return []float64{of(32), of(31), 1 - of(32) - of(31)}
}()

// rank compares the ranks of the matrices that the bits fill, row by row, with those of random ones (section 2.5).
func rank(b *Bits) float64 {
	counts := make([]int, 3)
	for i := range b.n / rankBits {
		var rows [32]uint32
		for j := range 16 {
			w := b.words[i*16+j]
			rows[2*j], rows[2*j+1] = uint32(w>>32), uint32(w)
		}
		counts[min(2, 32-rankOf(rows[:]))]++
	}
	return chiSquare(counts, rankProbabilities)
}

// rankOf is the rank of a binary matrix over GF(2). It destroys the rows.
func rankOf(rows []uint32) int {
	rank := 0
	for i, pivot := range rows {
		if pivot == 0 {
			continue
		}
		rank++
		column := 31 - bits.LeadingZeros32(pivot)
		for j := i + 1; j < len(rows); j++ {
			rows[j] ^= pivot & -(rows[j] >> column & 1)
		}
	}
	return rank
}

// complexityProbabilities are those of the seven classes of section 2.10, as NIST's program has them.
var complexityProbabilities = []float64{0.01047, 0.03125, 0.125, 0.5, 0.25, 0.0625, 0.020833}

// linearComplexity compares the lengths of the shortest shift registers that make the blocks of m bits with random ones (section 2.10).
func linearComplexity(b *Bits, m int) float64 {
	sign := 1 - 2*float64(m&1) // (−1)^m
	// The term with 2^−m of the mean is below 10^−28 for the m used here.
	mean := float64(m)/2 + (9-sign)/36
	counts := make([]int, len(complexityProbabilities))
	registers := newRegisters(m)
	for i := range b.n / m {
		t := sign*(float64(registers.complexity(b, i*m))-mean) + 2.0/9
		class := 0
		for class < 6 && t > float64(class)-2.5 {
			class++
		}
		counts[class]++
	}
	return chiSquare(counts, complexityProbabilities)
}

// registers are the memory of the Berlekamp–Massey algorithm for m bits. Below the words of each series lie as many of zeros, for shifts.
type registers struct {
	m, words int
	a, b     []uint64
}

func newRegisters(m int) *registers {
	words := (m + 63) / 64
	return &registers{m, words, make([]uint64, 2*words+1), make([]uint64, 2*words+1)}
}

// complexity is the linear complexity L of the m bits from ε_at on.
//
// The algorithm keeps a connection polynomial C, for the bits up to N, and an older one B, from before L last grew, at
// M; at a discrepancy, a bit of S·C that should be 0, C becomes C + x^(N−M)·B. Here S is the power series of the bits.
// Only the discrepancies decide how L grows, so that neither C nor B is kept, but the products a = S·C and b = S·B,
// with the coefficient of x^i at bit i: a's next set bit is the next discrepancy.
func (r *registers) complexity(s *Bits, at int) int {
	a, b := r.a, r.b
	zeros := len(a) - r.words
	for i := range r.words {
		a[zeros+i] = bits.Reverse64(s.window(at+64*i, min(64, r.m-64*i)))
	}
	copy(b, a)
	length, grown := 0, -1 // L and M; C = B = 1
	for n := 0; n < r.m; n++ {
		word := n >> 6
		rest := a[zeros+word] >> (n & 63)
		for rest == 0 {
			if word++; word<<6 >= r.m {
				return length
			}
			n, rest = word<<6, a[zeros+word]
		}
		n += bits.TrailingZeros64(rest)
		if n >= r.m {
			return length
		}
		if 2*length <= n {
			length = n + 1 - length
			addShifted(b, a, b, zeros+word, n-grown)
			a, b = b, a
			grown = n
		} else {
			addShifted(a, a, b, zeros+word, n-grown)
		}
	}
	return length
}

// addShifted sets out to a + x^shift·b over GF(2), from the word first on. out may be a or b, which is why it goes down.
func addShifted(out, a, b []uint64, first, shift int) {
	words, by := shift>>6, uint(shift&63)
	out, a, b = out[first:], a[first:], b[first-words-1:len(b)-words]
	a, b = a[:len(out)], b[:len(out)+1]
	high := b[len(out)]
	for i := len(out) - 1; i >= 0; i-- {
		low := b[i]
		out[i] = a[i] ^ (high<<(by&63) | low>>1>>((63-by)&63))
		high = low
	}
}
