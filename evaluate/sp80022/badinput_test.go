package sp80022

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// checkResults is what must hold whatever the bits.
func checkResults(t *testing.T, b *Bits, results []Result) {
	t.Helper()
	if len(results) != 15 {
		t.Fatalf("%d results, want 15", len(results))
	}
	sizes := map[string]int{"CumulativeSums": 2, "NonOverlappingTemplate": 148, "RandomExcursions": 8, "RandomExcursionsVariant": 18, "Serial": 2}
	for _, r := range results {
		want := max(1, sizes[r.Name])
		if r.Skipped != "" {
			want = 0
		}
		if len(r.PValues) != want || r.PValues == nil {
			t.Errorf("%d bits, %s: %d p-values, skipped %q, want %d", b.Len(), r.Name, len(r.PValues), r.Skipped, want)
		}
		for _, p := range r.PValues {
			if !(p >= 0 && p <= 1) {
				t.Errorf("%d bits, %s: p-value %g", b.Len(), r.Name, p)
			}
		}
	}
	if _, err := json.Marshal(results); err != nil {
		t.Error(err)
	}
}

func TestNames(t *testing.T) {
	var names []string
	for _, r := range Run(FromBytes(nil)) {
		names = append(names, r.Name)
	}
	const want = "Frequency BlockFrequency CumulativeSums Runs LongestRun Rank FFT NonOverlappingTemplate OverlappingTemplate Universal " +
		"ApproximateEntropy RandomExcursions RandomExcursionsVariant Serial LinearComplexity"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestMinimumLengths tries each test with exactly as many bits as it takes, and with one bit fewer.
func TestMinimumLengths(t *testing.T) {
	bits := eBits(1_000_000)
	for i, c := range []struct {
		name    string
		minimum int
	}{
		{"Frequency", 100}, {"BlockFrequency", 128}, {"CumulativeSums", 100}, {"Runs", 100}, {"LongestRun", 128}, {"Rank", 38_912},
		{"FFT", 1000}, {"NonOverlappingTemplate", 20_544}, {"OverlappingTemplate", 1_000_000}, {"Universal", 387_840},
		{"ApproximateEntropy", 65_536}, {"RandomExcursions", 1_000_000}, {"RandomExcursionsVariant", 1_000_000}, {"Serial", 524_288},
		{"LinearComplexity", 1_000_000},
	} {
		if r := battery[i].on(&sequence{Bits: bits.Prefix(c.minimum)}); r.Name != c.name || r.Skipped != "" || len(r.PValues) == 0 {
			t.Errorf("%s, %d bits: %+v", c.name, c.minimum, r)
		}
		why := fmt.Sprintf("%d bits are too few: it takes at least %d", c.minimum-1, c.minimum)
		if r := battery[i].on(&sequence{Bits: bits.Prefix(c.minimum - 1)}); r.Skipped != why || len(r.PValues) != 0 {
			t.Errorf("%s, %d bits: %+v, want skipped: %s", c.name, c.minimum-1, r, why)
		}
	}
}

// TestDegenerate runs sequences that no generator should make. They fail all tests but those named, which look at what is
// perfect in them.
func TestDegenerate(t *testing.T) {
	const n = 1 << 20
	for _, c := range []struct {
		name    string
		pattern []byte
		passed  string
		skipped string
	}{
		{"zeros", []byte{0}, "", "RandomExcursions RandomExcursionsVariant"},
		{"ones", []byte{0xff}, "", "RandomExcursions RandomExcursionsVariant"},
		{"alternating", []byte{0xaa}, "Frequency BlockFrequency CumulativeSums", ""},
		{"bytes counted up", counted(), "Frequency CumulativeSums Runs LinearComplexity", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := FromBytes(bytes.Repeat(c.pattern, n/8/len(c.pattern)))
			results := Run(b)
			checkResults(t, b, results)
			var passed, skipped []string
			for _, r := range results {
				if r.Skipped != "" {
					skipped = append(skipped, r.Name)
				} else if r.Passed() {
					passed = append(passed, r.Name)
				}
			}
			if got := strings.Join(passed, " "); got != c.passed {
				t.Errorf("passed: %s, want %s", got, c.passed)
			}
			if got := strings.Join(skipped, " "); got != c.skipped {
				t.Errorf("skipped: %s, want %s", got, c.skipped)
			}
		})
	}
}

func counted() []byte {
	p := make([]byte, 256)
	for i := range p {
		p[i] = byte(i)
	}
	return p
}

// TestShort runs every length up to 300, of constants and of noise.
func TestShort(t *testing.T) {
	for n := range 300 {
		for _, threshold := range []byte{0, 128, 255} {
			b := noise(n, uint64(n), threshold)
			checkResults(t, b, Run(b))
		}
	}
}

func TestPrefix(t *testing.T) {
	b := FromBytes([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
	for n := range 73 {
		if got := text(b.Prefix(n)); got != strings.Repeat("1", n) {
			t.Errorf("the first %d bits: %s", n, got)
		}
		if got := b.Prefix(n).words; got[n/64]<<(n%64) != 0 {
			t.Errorf("the first %d bits: what follows is not 0: %x", n, got)
		}
	}
	for _, n := range []int{-1, 73} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("Prefix(%d) of 72 bits does not panic", n)
				}
			}()
			b.Prefix(n)
		}()
	}
}

func FuzzRun(f *testing.F) {
	f.Add([]byte{}, 0, 1)
	f.Add([]byte{0x80}, 7, 1)
	f.Add([]byte{0}, 0, 66_000)
	f.Add([]byte{0xff, 0x00, 0xa5}, 3, 5000)
	f.Fuzz(func(t *testing.T, p []byte, cut, repeat int) {
		const most = 66_000 // bytes; only the tests of 10⁶ bits need more
		if repeat < 1 || repeat > most || len(p)*repeat > most {
			return
		}
		b := FromBytes(bytes.Repeat(p, repeat))
		b = b.Prefix(max(0, b.Len()-max(0, min(7, cut))))
		checkResults(t, b, Run(b))
	})
}
