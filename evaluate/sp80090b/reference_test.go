package sp80090b

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The references below do what the text of the standard says, one step after the other.

// anyText draws a string that repeats itself more or less.
func anyText(t *rapid.T, shortest, longest int) *text {
	k := rapid.SampledFrom([]int{2, 2, 3, 5, 256}).Draw(t, "k")
	symbol := rapid.Custom(func(t *rapid.T) byte { return byte(rapid.IntRange(0, k-1).Draw(t, "symbol")) })
	s := rapid.SliceOfN(symbol, 1, longest).Draw(t, "s")
	for len(s) < shortest || rapid.IntRange(0, 3).Draw(t, "again") > 0 && len(s) < longest {
		from := rapid.IntRange(0, len(s)-1).Draw(t, "from")
		s = append(s, s[from:]...)
		s = append(s, symbol.Draw(t, "new"))
	}
	return &text{s, k}
}

func TestSuffixArray(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := anyText(t, 1, 200)
		sa := make([]int32, len(x.s))
		suffixArray(x.s, x.k, sa)
		want := make([]int32, len(x.s))
		for i := range want {
			want[i] = int32(i)
		}
		slices.SortFunc(want, func(a, b int32) int { return bytes.Compare(x.s[a:], x.s[b:]) })
		if !slices.Equal(sa, want) {
			t.Fatalf("%v, want %v", sa, want)
		}
	})
}

func TestRepeats(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := anyText(t, 2, 80)
		most, pairs := repeats(x)
		for w := 1; ; w++ {
			counts := map[string]int{}
			largest, equal := 0, 0
			for i := 0; i+w <= len(x.s); i++ {
				key := string(x.s[i : i+w])
				equal += counts[key]
				counts[key]++
				largest = max(largest, counts[key])
			}
			if largest < 2 {
				if len(most) != w {
					t.Fatalf("lengths up to %d, want %d", len(most)-1, w-1)
				}
				return
			}
			if w >= len(most) || int(most[w]) != largest || int(pairs[w]) != equal {
				t.Fatalf("length %d: want %d and %d pairs; %v, %v", w, largest, equal, most, pairs)
			}
		}
	})
}

// likeliest is the symbol with the largest count, the largest of several.
func likeliest(counts map[byte]int) (best byte, most int) {
	for c, n := range counts {
		if n > most || n == most && c > best {
			best, most = c, n
		}
	}
	return best, most
}

func referenceLag(s []byte) *board {
	b := &board{scores: make([]int, lags)}
	for i := 1; i < len(s); i++ {
		b.counted(s[i-1-b.leader] == s[i])
		for d := 1; d <= min(lags, i); d++ {
			if s[i-d] == s[i] {
				b.scored(d - 1)
			}
		}
	}
	return b
}

func referenceMultiMMC(s []byte) *board {
	b := &board{scores: make([]int, orders)}
	models := map[string]map[byte]int{}
	for i := 1; i < len(s); i++ {
		leader := b.leader
		for d := 1; d <= min(orders, i); d++ {
			counts := models[string(s[i-d:i])]
			if counts == nil {
				counts = map[byte]int{}
				models[string(s[i-d:i])] = counts
			} else {
				guess, _ := likeliest(counts)
				if leader == d-1 {
					b.counted(guess == s[i])
				}
				if guess == s[i] {
					b.scored(d - 1)
				}
			}
			counts[s[i]]++
		}
	}
	return b
}

func referenceLZ78Y(s []byte) *board {
	b := &board{}
	dictionary := map[string]map[byte]int{}
	for i := orders + 1; i < len(s); i++ {
		for j := orders; j >= 1; j-- {
			before := string(s[i-1-j : i-1])
			if dictionary[before] == nil && len(dictionary) < mostKeys {
				dictionary[before] = map[byte]int{}
			}
			if counts := dictionary[before]; counts != nil {
				counts[s[i-1]]++
			}
		}
		var guess byte
		most := 0
		for j := orders; j >= 1; j-- {
			if c, n := likeliest(dictionary[string(s[i-j:i])]); n > most {
				guess, most = c, n
			}
		}
		b.counted(most > 0 && guess == s[i])
	}
	return b
}

func referenceMultiMCW(t *text) float64 {
	b := &board{scores: make([]int, len(windows))}
	for i := windows[0]; i < len(t.s); i++ {
		leader := b.leader
		for j, w := range windows {
			if i < w {
				continue
			}
			counts, most := make([]int, t.k), 0
			for _, c := range t.s[i-w : i] {
				counts[c]++
				most = max(most, counts[c])
			}
			last := i - 1
			for counts[t.s[last]] < most {
				last--
			}
			if leader == j {
				b.counted(t.s[last] == t.s[i])
			}
			if t.s[last] == t.s[i] {
				b.scored(j)
			}
		}
	}
	return b.minEntropy(len(t.s)-windows[0], t.k)
}

func TestPredictors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := anyText(t, orders+2, 600)
		same := func(name string, got, want *board) {
			t.Helper()
			if !slices.Equal(got.scores, want.scores) || got.leader != want.leader || got.right != want.right || got.longest != want.longest {
				t.Fatalf("%s: %+v, want %+v", name, got, want)
			}
		}
		same("lag", lagSymbols(x.s), referenceLag(x.s))
		same("multi_mmc", multiMMCSymbols(x.s), referenceMultiMMC(x.s))
		same("lz78y", lz78ySymbols(x.s), referenceLZ78Y(x.s))
		if x.k == 2 {
			same("lag of bits", lagBits(x.s), referenceLag(x.s))
			same("multi_mmc of bits", multiMMCBits(x.s), referenceMultiMMC(x.s))
			same("lz78y of bits", lz78yBits(x.s), referenceLZ78Y(x.s))
		}
	})
}

// The forms for bits agree with those for symbols when dictionaries are full, too.
func TestPredictorsOfLongBitStrings(t *testing.T) {
	s := drawn(300_000, func(r uint64) byte { return byte(r >> 63) })
	for name, pair := range map[string][2]func([]byte) *board{
		"multi_mmc": {multiMMCBits, multiMMCSymbols}, "lz78y": {lz78yBits, lz78ySymbols}, "lag": {lagBits, lagSymbols},
	} {
		if bits, symbols := pair[0](s), pair[1](s); !slices.Equal(bits.scores, symbols.scores) || bits.right != symbols.right || bits.longest != symbols.longest {
			t.Errorf("%s: %+v, want %+v", name, bits, symbols)
		}
	}
}

func TestMultiMCW(t *testing.T) {
	for _, k := range []int{2, 5} {
		x := &text{drawn(6000, func(r uint64) byte { return byte(min(r%uint64(k), r>>32%uint64(k))) }), k}
		if got, want := multiMCW(x), referenceMultiMCW(x); got != want {
			t.Errorf("%d symbols: %g, want %g", k, got, want)
		}
	}
}

// Feller's approximation against the exact probability of no run of r in n trials, by its recurrence.
func TestLocal(t *testing.T) {
	for _, c := range []struct{ r, n int }{{1, 1000}, {3, 1000}, {10, 5000}, {40, 5000}} {
		p := local(c.r, c.n)
		none := make([]float64, c.n+1) // of the probabilities that there is no run in the first i
		for i := range none {
			switch {
			case i < c.r:
				none[i] = 1
			case i == c.r:
				none[i] = 1 - math.Pow(p, float64(c.r))
			default:
				none[i] = none[i-1] - none[i-c.r-1]*(1-p)*math.Pow(p, float64(c.r))
			}
		}
		if got := none[c.n]; math.Abs(got-0.99) > 1e-6 {
			t.Errorf("r = %d, n = %d: p = %g gives %.9f, want 0.99", c.r, c.n, p, got)
		}
	}
}

func TestRefused(t *testing.T) {
	random := drawn(10_000, func(r uint64) byte { return byte(r >> 56) })
	for _, c := range []struct {
		symbols []byte
		o       Options
		want    []string
	}{
		{nil, Options{}, []string{"0 symbols", "4096"}},
		{random[:FewestSymbols-1], Options{}, []string{"4095 symbols", "4096"}},
		{bitsOf(random[:700], 8), Options{}, []string{"5600 bits", "6012"}},
		{random, Options{SymbolBits: 7}, []string{"255", "7 bits"}},
		{random, Options{SymbolBits: 9}, []string{"9 bits"}},
		{make([]byte, MostBits+1), Options{}, []string{"more than"}},
	} {
		r, err := Assess(c.symbols, c.o)
		if err == nil {
			t.Errorf("%v: %+v, want an error", c.want, r)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%v lacks %q", err, want)
			}
		}
	}
}

func TestOneSymbol(t *testing.T) {
	r, err := Assess(bytes.Repeat([]byte{9}, FewestBits), Options{})
	if err != nil || r.MinEntropy != 0 || r.HOriginal != 0 || r.HBitstring != 0 || len(r.Estimates) != 10 || r.Estimates[0].Skipped == "" {
		t.Errorf("%+v, %v", r, err)
	}
}

// Whatever the string, the estimates are in their ranges and can be written as JSON.
func FuzzAssess(f *testing.F) {
	f.Add([]byte{1, 2, 3}, 0, uint16(5000))
	f.Add([]byte{0}, 1, uint16(9000))
	f.Add([]byte{0, 255}, 8, uint16(4096))
	f.Add(bytes.Repeat([]byte{7, 7, 7, 9}, 100), 4, uint16(6000))
	f.Fuzz(func(t *testing.T, seed []byte, bits int, length uint16) {
		var s []byte
		for len(s) < int(length) && len(seed) > 0 {
			s = append(s, seed...)
			seed = append(seed, byte(len(s)))
		}
		r, err := Assess(s, Options{SymbolBits: bits})
		if err != nil {
			return
		}
		for _, e := range r.Estimates {
			if e.Original < 0 || e.Original > 8 || e.Bitstring < 0 || e.Bitstring > 1 || math.IsNaN(e.Original) && math.IsNaN(e.Bitstring) && e.Skipped == "" {
				t.Errorf("%+v", e)
			}
		}
		if !(r.MinEntropy >= 0 && r.MinEntropy <= r.HOriginal && r.HOriginal <= float64(r.SymbolBits)) {
			t.Errorf("%+v", r)
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}
