package sp80022

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"testing"
)

// sha256Hex is the hash of a sequence's bytes.
func sha256Hex(b *Bits) string {
	var p []byte
	for _, w := range b.words {
		p = binary.BigEndian.AppendUint64(p, w)
	}
	sum := sha256.Sum256(p[:b.n/8])
	return hex.EncodeToString(sum[:])
}

func readJSON(t *testing.T, path string, v any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		t.Fatal(err)
	}
}

// tolerance of an agreement with NIST's program, which prints six decimals.
const tolerance = 1e-5

// TestKnownAnswers compares all 188 p-values of π and of e with those of NIST's program.
func TestKnownAnswers(t *testing.T) {
	var known struct {
		Sequences map[string]struct {
			SHA256  string
			Ones    int
			PValues map[string][]float64 `json:"p_values"`
		}
	}
	readJSON(t, "testdata/known.json", &known)
	for name, bits := range map[string]*Bits{"pi": piBits(1_000_000), "e": eBits(1_000_000)} {
		want := known.Sequences[name]
		if got := sha256Hex(bits); got != want.SHA256 {
			t.Fatalf("%s: SHA-256 %s, want %s", name, got, want.SHA256)
		}
		if got := bits.ones(0, bits.n); got != want.Ones {
			t.Errorf("%s: %d ones, want %d", name, got, want.Ones)
		}
		compared, worst := 0, 0.0
		for _, r := range Run(bits) {
			if r.Skipped != "" || len(r.PValues) != len(want.PValues[r.Name]) {
				t.Errorf("%s, %s: %d p-values, skipped %q, want %d", name, r.Name, len(r.PValues), r.Skipped, len(want.PValues[r.Name]))
				continue
			}
			for i, p := range r.PValues {
				d := math.Abs(p - want.PValues[r.Name][i])
				if !(d <= tolerance) {
					t.Errorf("%s, %s[%d]: %.6f, want %.6f", name, r.Name, i, p, want.PValues[r.Name][i])
				}
				worst = max(worst, d)
				compared++
			}
		}
		if compared != 188 {
			t.Errorf("%s: %d p-values compared, want 188", name, compared)
		}
		t.Logf("%s: %d p-values, the largest difference is %.2g", name, compared, worst)
	}
}

// noise repeats the recurrence of vectors.py.
func noise(n int, seed uint64, threshold byte) *Bits {
	p := make([]byte, (n+7)/8)
	for i := range n {
		seed = seed*6364136223846793005 + 1442695040888963407
		if byte(seed>>56) < threshold {
			p[i/8] |= 128 >> (i % 8)
		}
	}
	return FromBytes(p).Prefix(n)
}

// TestAgainstNIST compares sequences of many lengths with NIST's program. It also runs tests on sequences that are shorter than
// the standard allows, where it still gets p-values; those are compared, too.
func TestAgainstNIST(t *testing.T) {
	var vectors []struct {
		Bits      int
		Seed      uint64
		Threshold byte
		PValues   map[string][]float64 `json:"p_values"`
	}
	readJSON(t, "testdata/vectors.json", &vectors)
	if len(vectors) < 20 {
		t.Fatalf("%d vectors, want at least 20", len(vectors))
	}
	compared, worst := map[string]int{}, 0.0
	for _, v := range vectors {
		t.Run(fmt.Sprintf("%d_bits", v.Bits), func(t *testing.T) {
			s := &sequence{Bits: noise(v.Bits, v.Seed, v.Threshold)}
			for _, test := range battery {
				want := v.PValues[test.name]
				if r := test.on(s); r.Skipped == "" && len(r.PValues) != len(want) {
					t.Errorf("%s: %d p-values, want %d", test.name, len(r.PValues), len(want))
				}
				if len(want) == 0 {
					continue
				}
				got, why := test.run(s)
				if why != "" { // NIST's program writes zeros
					got = make([]float64, len(want))
				}
				for i := range want {
					d := math.Abs(got[i] - want[i])
					if !(d <= tolerance) {
						t.Errorf("%s[%d]: %.6f, want %.6f", test.name, i, got[i], want[i])
					}
					worst = max(worst, d)
					compared[test.name]++
				}
			}
		})
	}
	for _, test := range battery {
		if compared[test.name] < 5 {
			t.Errorf("%s: only %d p-values compared", test.name, compared[test.name])
		}
	}
	t.Logf("the largest difference is %.2g", worst)
}
