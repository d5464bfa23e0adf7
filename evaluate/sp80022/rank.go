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
