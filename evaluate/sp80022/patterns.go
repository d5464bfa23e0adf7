package sp80022

import "math"

// countWindows adds to counts the windows of m ≤ 16 bits that begin at [from, to), each as a number with its first bit on
// top. The last must end within the sequence.
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

// patterns counts how often each pattern occurs in a sequence that goes on with its beginning after its end, so that there
// are n patterns of any length.
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
