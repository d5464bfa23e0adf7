package sp80022

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// sequences draws sequences of all sorts: random, nearly constant, constant, periodic.
func sequences(longest int) *rapid.Generator[[]byte] {
	return rapid.Custom(func(t *rapid.T) []byte {
		n := rapid.IntRange(1, longest).Draw(t, "n") // mostly short
		if rapid.Bool().Draw(t, "long") {
			n = longest + 1 - n
		}
		threshold := rapid.SampledFrom([]byte{0, 1, 8, 128, 250, 255}).Draw(t, "threshold")
		period := rapid.IntRange(1, 2*n).Draw(t, "period")
		seed := rapid.Uint64().Draw(t, "seed")
		b := noise(n, seed, threshold)
		e := make([]byte, n)
		for i := range e {
			e[i] = byte(b.bit(i % min(n, period)))
		}
		return e
	})
}

// packed makes a sequence of bits that are a byte each.
func packed(e []byte) *Bits {
	p := make([]byte, (len(e)+7)/8)
	for i, v := range e {
		p[i/8] |= v << (7 - i%8)
	}
	return FromBytes(p).Prefix(len(e))
}

// The plain forms of the statistics, bit by bit, against the fast ones.

func TestCountsAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := sequences(700).Draw(t, "bits")
		b := packed(e)
		from := rapid.IntRange(0, len(e)-1).Draw(t, "from")
		to := rapid.IntRange(from+1, len(e)).Draw(t, "to")
		ones, run, longest := 0, 0, 0
		for _, v := range e[from:to] {
			ones += int(v)
			run = (run + 1) * int(v)
			longest = max(longest, run)
		}
		if got := b.ones(from, to); got != ones {
			t.Fatalf("%d ones, want %d", got, ones)
		}
		if got := longestRunIn(b, from, to); got != longest {
			t.Fatalf("longest run %d, want %d", got, longest)
		}
	})
}

func TestPatternsAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := sequences(300).Draw(t, "bits")
		longest := rapid.IntRange(2, 16).Draw(t, "longest")
		p := countPatterns(packed(e), longest)
		for m := range longest + 1 {
			want := make([]uint32, 1<<m)
			for i := range e {
				v := 0
				for j := range m {
					v = v<<1 | int(e[(i+j)%len(e)])
				}
				want[v]++
			}
			if !slices.Equal(p.counts[m], want) {
				t.Fatalf("patterns of %d bits: %v, want %v", m, p.counts[m], want)
			}
		}
	})
}

// plainComplexity is the Berlekamp–Massey algorithm with the connection polynomials written out.
func plainComplexity(e []byte) int {
	c, b := make([]byte, len(e)+1), make([]byte, len(e)+1)
	c[0], b[0] = 1, 1
	length, m := 0, -1
	for n := range e {
		d := byte(0)
		for i := range length + 1 {
			d ^= c[i] & e[n-i]
		}
		if d == 0 {
			continue
		}
		old := slices.Clone(c)
		for i := 0; i+n-m < len(c); i++ {
			c[i+n-m] ^= b[i]
		}
		if 2*length <= n {
			length, m, b = n+1-length, n, old
		}
	}
	return length
}

func TestComplexityAgainstPlain(t *testing.T) {
	// The last bit of the last word is a discrepancy: nothing is read after it.
	last := make([]byte, 64)
	last[63] = 1
	if got, want := newRegisters(64).complexity(packed(last), 0), plainComplexity(last); got != want {
		t.Errorf("linear complexity %d, want %d", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		e := sequences(300).Draw(t, "bits")
		at := rapid.IntRange(0, len(e)-1).Draw(t, "at")
		m := rapid.IntRange(1, len(e)-at).Draw(t, "m")
		r := newRegisters(m)
		for range 2 { // the registers are used again
			if got, want := r.complexity(packed(e), at), plainComplexity(e[at:at+m]); got != want {
				t.Fatalf("linear complexity %d, want %d", got, want)
			}
		}
	})
}

func TestWalkAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := sequences(3000).Draw(t, "bits")
		n := len(e)
		// Both sums by their definitions in section 2.13.
		s, z, reverse := 0, 0, 0
		walked := []int{0}
		for _, v := range e {
			s += 2*int(v) - 1
			walked = append(walked, s)
			z = max(z, s, -s)
		}
		for _, v := range walked[:n] {
			reverse = max(reverse, s-v, v-s)
		}
		if got, want := cumulativeSums(packed(e)), []float64{cusumPValue(n, z), cusumPValue(n, reverse)}; !slices.Equal(got, want) {
			t.Fatalf("cumulative sums %v, want %v", got, want)
		}
		// The cycles of section 2.14: from one zero of the walk to the next, a zero put at the end.
		if walked[n] != 0 {
			walked = append(walked, 0)
		}
		var want excursions
		visits := map[int]int{}
		for _, x := range walked[1:] {
			if x != 0 {
				visits[x]++
				continue
			}
			want.cycles++
			for x := -farthest; x <= farthest; x++ {
				if x != 0 {
					want.visits[x+farthest] += visits[x]
				}
				if x >= -nearest && x <= nearest {
					want.often[x+nearest][min(visits[x], mostVisits)]++
				}
			}
			clear(visits)
		}
		if got := walk(packed(e)); got != want {
			t.Fatalf("%+v, want %+v", got, want)
		}
	})
}

func TestOverlappingAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := sequences(6000).Draw(t, "bits")
		if len(e) < overlapBlock {
			return
		}
		counts := make([]int, 6)
		for i := 0; i+overlapBlock <= len(e); i += overlapBlock {
			places := 0
			for j := i; j+templateLength <= i+overlapBlock; j++ {
				if !slices.Contains(e[j:j+templateLength], 0) {
					places++
				}
			}
			counts[min(places, 5)]++
		}
		if got, want := overlappingTemplate(packed(e), templateLength), chiSquare(counts, overlapProbabilities(templateLength)); got != want {
			t.Fatalf("p-value %g, want %g", got, want)
		}
	})
}

func TestRunsAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := sequences(500).Draw(t, "bits")
		n, ones, count := float64(len(e)), 0.0, 1.0
		for i, v := range e {
			ones += float64(v)
			if i > 0 && v != e[i-1] {
				count++
			}
		}
		pi := ones / n
		want := 0.0
		if math.Abs(pi-0.5) <= 2/math.Sqrt(n) {
			want = math.Erfc(math.Abs(count-2*n*pi*(1-pi)) / (2 * math.Sqrt(2*n) * pi * (1 - pi)))
		}
		if got := runs(packed(e)); !(math.Abs(got-want) <= 1e-12) && !math.IsNaN(want) {
			t.Fatalf("p-value %g, want %g", got, want)
		}
	})
}

// plainRank finds the rank by Gauss's elimination on single bits.
func plainRank(rows [][]byte) int {
	rank := 0
	for column := range rows[0] {
		pivot := slices.IndexFunc(rows[rank:], func(r []byte) bool { return r[column] == 1 })
		if pivot < 0 {
			continue
		}
		rows[rank], rows[rank+pivot] = rows[rank+pivot], rows[rank]
		for _, r := range rows[rank+1:] {
			if r[column] == 1 {
				for i := range r {
					r[i] ^= rows[rank][i]
				}
			}
		}
		if rank++; rank == len(rows) {
			break
		}
	}
	return rank
}

func TestRankAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := sequences(2*rankBits).Draw(t, "bits")
		e = append(e, make([]byte, rankBits)...)[:rankBits]
		rows, words := make([][]byte, 32), make([]uint32, 32)
		for i := range rows {
			rows[i] = slices.Clone(e[32*i:][:32])
			for _, v := range rows[i] {
				words[i] = words[i]<<1 | uint32(v)
			}
		}
		if got, want := rankOf(words), plainRank(rows); got != want {
			t.Fatalf("rank %d, want %d", got, want)
		}
	})
}

func TestMaurerAgainstPlain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		e := sequences(4000).Draw(t, "bits")
		length := rapid.IntRange(1, 3).Draw(t, "length")
		blocks := len(e) / length
		if blocks < 2 {
			return
		}
		skip := rapid.IntRange(0, blocks-1).Draw(t, "skip")
		sum := 0.0
		last := map[string]int{}
		for i := range blocks {
			v := string(e[i*length:][:length])
			if i >= skip {
				sum += math.Log2(float64(i + 1 - last[v]))
			}
			last[v] = i + 1
		}
		want := sum / float64(blocks-skip)
		if got := maurer(packed(e), length, skip); !(math.Abs(got-want) <= 1e-9) {
			t.Fatalf("mean of logarithms %g, want %g", got, want)
		}
	})
}

// TestAperiodic counts the templates: the numbers of NIST's template files.
func TestAperiodic(t *testing.T) {
	for m, want := range map[int]int{2: 2, 3: 4, 4: 6, 5: 12, 6: 20, 7: 40, 8: 74, 9: 148, 10: 284} {
		if got := len(aperiodic(m)); got != want {
			t.Errorf("%d bits: %d templates, want %d", m, got, want)
		}
	}
}
