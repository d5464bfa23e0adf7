package sp80022

import (
	"math"
	"math/bits"

	"gonum.org/v1/gonum/stat/combin"
)

// countWindows adds to counts the windows of m ≤ 16 bits that begin at [from, to), first bit on top. All must end within the sequence.
func countWindows(b *Bits, from, to, m int, counts []uint32) {
	counts = counts[:1<<m]
	mask := uint64(len(counts) - 1)
	const group = 48 // windows that 64 bits hold whole, for any m
	for ; from+group <= to; from += group {
		w := b.from(from)
		for shift := 64 - m; shift > 64-m-group; shift -= 4 {
			counts[w>>(shift&63)&mask]++
			counts[w>>((shift-1)&63)&mask]++
			counts[w>>((shift-2)&63)&mask]++
			counts[w>>((shift-3)&63)&mask]++
		}
	}
	for ; from < to; from++ {
		counts[b.from(from)>>(64-m)]++
	}
}

// patterns counts how often each pattern occurs in a sequence that is closed to a ring: there are n patterns of any length.
type patterns struct {
	n      int
	counts [][]uint32 // [length][2^length]
}

// countPatterns counts the patterns of up to longest ≤ 16 bits, in one pass: each pattern of m bits is the beginning of two of m + 1.
func countPatterns(b *Bits, longest int) *patterns {
	p := &patterns{b.n, make([][]uint32, longest+1)}
	p.counts[longest] = make([]uint32, 1<<longest)
	inside := max(0, b.n-longest+1)
	countWindows(b, 0, inside, longest, p.counts[longest])
	for i := inside; i < b.n; i++ {
		v := uint64(0)
		for j := range longest {
			v = v<<1 | b.bit((i+j)%b.n)
		}
		p.counts[longest][v]++
	}
	for m := longest - 1; m >= 0; m-- {
		longer := p.counts[m+1]
		p.counts[m] = make([]uint32, 1<<m)
		for v := range p.counts[m] {
			p.counts[m][v] = longer[2*v] + longer[2*v+1]
		}
	}
	return p
}

// approximateEntropy compares the frequencies of patterns of m and of m + 1 bits (section 2.12): χ² = 2n (ln 2 − ApEn).
func approximateEntropy(p *patterns, m int) float64 {
	n := float64(p.n)
	phi := func(m int) float64 { // φ(m) = Σ π ln π
		sum := 0.0
		for _, c := range p.counts[m] {
			if c > 0 {
				sum += float64(c) * math.Log(float64(c)/n)
			}
		}
		return sum / n
	}
	return igamc(math.Ldexp(1, m-1), n*(math.Ln2-(phi(m)-phi(m+1))))
}

// serial asks whether all patterns of m bits are equally frequent, given those of m − 1 and of m − 2 (section 2.11).
func serial(p *patterns, m int) []float64 {
	psi := func(m int) float64 { // ψ²(m) + n = 2^m/n Σ c²
		sum := uint64(0)
		for _, c := range p.counts[m] {
			sum += uint64(c) * uint64(c)
		}
		return math.Ldexp(float64(sum), m) / float64(p.n)
	}
	first := psi(m) - psi(m-1)            // ∇ψ²
	second := first - psi(m-1) + psi(m-2) // ∇²ψ²
	return []float64{igamc(math.Ldexp(1, m-2), first/2), igamc(math.Ldexp(1, m-3), second/2)}
}

const (
	templateBlocks = 8    // into which NonOverlappingTemplate cuts the sequence
	overlapBlock   = 1032 // bits a block of OverlappingTemplate
)

// aperiodic lists the patterns of m bits that cannot overlap with themselves, in increasing order, as NIST's template files do.
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

// overlappingTemplate counts the places where m ones begin in blocks of 1032 bits, and compares with what is expected (section 2.8).
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
			sum += term * float64(combin.Binomial(u-1, l-1))
		}
		p = append(p, p[0]*math.Ldexp(sum, -u))
		rest -= p[u]
	}
	return append(p, rest)
}

// universalMinimum[i] is the number of bits from which on Universal takes blocks of i + 6 bits: section 2.9.7's 1010·2^L·L.
var universalMinimum = [...]int{
	387_840, 904_960, 2_068_480, 4_654_080, 10_342_400, 22_753_280, 49_643_520, 107_560_960, 231_669_760, 496_435_200, 1_059_061_760,
}

// universalMoments[i] holds the mean and the variance of log₂ of the distance between equal blocks of i + 6 bits (section 2.9.4).
var universalMoments = [len(universalMinimum)]struct{ mean, variance float64 }{
	{5.2177052, 2.954}, {6.1962507, 3.125}, {7.1836656, 3.238}, {8.1764248, 3.311}, {9.1723243, 3.356}, {10.170032, 3.384},
	{11.168765, 3.401}, {12.168070, 3.410}, {13.167693, 3.416}, {14.167488, 3.419}, {15.167379, 3.421},
}

// universal is Maurer's test (section 2.9): how far apart equal blocks lie tells whether the sequence can be compressed.
func universal(b *Bits) float64 {
	i := 0
	for i+1 < len(universalMinimum) && b.n >= universalMinimum[i+1] {
		i++
	}
	length := i + 6 // L
	skip := 10 << length
	k := float64(b.n/length - skip)
	l := float64(length)
	c := 0.7 - 0.8/l + (4+32/l)*math.Pow(k, -3/l)/15
	sigma := c * math.Sqrt(universalMoments[i].variance/k)
	return math.Erfc(math.Abs(maurer(b, length, skip)-universalMoments[i].mean) / (math.Sqrt2 * sigma))
}

// maurer is the mean of log₂ of the distance, in blocks, from each block of length bits to the one before that is equal; the
// first skip blocks only count as ones before. One that never stood before is as far away as the beginning.
func maurer(b *Bits, length, skip int) float64 {
	last := make([]int, 1<<length)
	blocks := b.n / length
	distances := make([]int, 64<<length) // how often each occurs; longer ones are so rare that they are summed at once
	far := 0.0
	for i := range blocks {
		v := b.from(i*length) >> (64 - length)
		d := i + 1 - last[v]
		last[v] = i + 1
		switch {
		case i < skip:
		case d < len(distances):
			distances[d]++
		default:
			far += math.Log2(float64(d))
		}
	}
	sum := far
	for d, count := range distances {
		if count > 0 {
			sum += float64(count) * math.Log2(float64(d))
		}
	}
	return sum / float64(blocks-skip)
}
