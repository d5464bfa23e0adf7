package sp80022

import (
	"math"
	"math/bits"
)

const (
	templateBlocks = 8    // into which NonOverlappingTemplate cuts the sequence
	overlapBlock   = 1032 // bits a block of OverlappingTemplate
)

// aperiodic lists the patterns of m bits that cannot overlap with themselves, those no prefix of which is also a suffix, in
// increasing order: the order of NIST's template files.
func aperiodic(m int) []int {
	var all []int
	for v := range 1 << m {
		overlaps := false
		for k := 1; k < m; k++ {
			overlaps = overlaps || v>>(m-k) == v&(1<<k-1)
		}
		if !overlaps {
			all = append(all, v)
		}
	}
	return all
}

// nonOverlappingTemplates compares, for each template of m bits, how often it occurs in the blocks with how often it should
// (section 2.7). As the templates cannot overlap with themselves, each place where one stands counts, and one count
// of all windows serves them all.
func nonOverlappingTemplates(b *Bits, blocks int, templates []int, m int) []float64 {
	length := b.n / blocks
	counts := make([][]uint32, blocks)
	for i := range counts {
		counts[i] = make([]uint32, 1<<m)
		countWindows(b, i*length, (i+1)*length-m+1, m, counts[i])
	}
	patterns := math.Ldexp(1, m)
	mean := float64(length-m+1) / patterns
	variance := float64(length) * (1/patterns - float64(2*m-1)/(patterns*patterns))
	p := make([]float64, len(templates))
	for j, template := range templates {
		sum := 0.0
		for i := range counts {
			d := float64(counts[i][template]) - mean
			sum += d * d
		}
		p[j] = igamc(float64(blocks)/2, sum/variance/2)
	}
	return p
}

// overlappingTemplate counts in each block of 1032 bits the places where m ones begin, and compares how many blocks have 0,
// 1, 2, 3, 4 or more with the expected numbers (section 2.8).
func overlappingTemplate(b *Bits, m int) float64 {
	counts := make([]int, 6)
	for i := range b.n / overlapBlock {
		places := 0
		from, to := i*overlapBlock, (i+1)*overlapBlock-m+1
		for at := from; at < to; at += 64 - m + 1 {
			w := shrink(b.from(at), m-1) // bits where m ones begin, right for the first 64 − m + 1
			places += bits.OnesCount64(w &^ (^uint64(0) >> min(64-m+1, to-at)))
		}
		counts[min(places, 5)]++
	}
	return chiSquare(counts, overlapProbabilities(m))
}

// overlapProbabilities are the probabilities of 0 to 4 matches and of more, of section 3.8: compound Poisson with η = λ/2,
// π(u) = e^−η 2^−u Σ C(u−1, l−1) ηˡ/l!, l from 1 to u.
func overlapProbabilities(m int) []float64 {
	eta := float64(overlapBlock-m+1) / math.Ldexp(1, m) / 2
	p := []float64{math.Exp(-eta)}
	rest := 1 - p[0]
	for u := 1; u <= 4; u++ {
		sum, term := 0.0, 1.0
		for l := 1; l <= u; l++ {
			term *= eta / float64(l) // ηˡ/l!
			sum += term * binomial(u-1, l-1)
		}
		p = append(p, p[0]*math.Ldexp(sum, -u))
		rest -= p[u]
	}
	return append(p, rest)
}

// binomial is C(n, k) for small n.
func binomial(n, k int) float64 {
	c := 1.0
	for i := range k {
		c = c * float64(n-i) / float64(i+1)
	}
	return c
}
