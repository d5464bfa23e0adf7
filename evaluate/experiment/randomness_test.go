package experiment

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// bankOf has sequences of bits that a function fills in.
func bankOf(t *testing.T, c Randomness, fill func([]byte)) RandomnessRow {
	t.Helper()
	b := newBitBank(c, 3)
	for range 3 {
		p := make([]byte, c.Sequences*c.Bits/8)
		fill(p)
		b.add(System{Scheme: "made"}, Ciphertexts, p[:len(p)/3+1])
	}
	rows, err := b.test(t.Context(), nil, nil)
	if err != nil || len(rows) != 1 {
		t.Fatalf("%v, %v", rows, err)
	}
	return rows[0]
}

// Random bits pass every test that is made, as single sequences and by the two-level assessment; bits of which 52 % are ones fail
// the first of them.
func TestRandomnessVerdicts(t *testing.T) {
	random := rand.NewChaCha8([32]byte{1})
	row := bankOf(t, Randomness{60, 20_000}, func(p []byte) { random.Read(p) })
	made := 0
	for _, test := range row.Tests {
		if test.Made == 0 && test.Skipped == "" {
			t.Errorf("%s was not made, and nobody says why", test.Name)
		}
		if test.Made > 0 {
			made++
			if test.Verdict != Pass || (test.LeastShare != nil) != (test.Made >= 55) {
				t.Errorf("random bits: %+v", test)
			}
			if test.Bits == longBits && test.Made != 1 || test.Bits == 20_000 && test.Made != 60 {
				t.Errorf("%s on %d sequences of %d bits", test.Name, test.Made, test.Bits)
			}
		}
	}
	if made < 13 || row.Sequences != 60 || row.Bits != 20_000 {
		t.Errorf("%d tests on %d sequences of %d bits", made, row.Sequences, row.Bits)
	}

	rng := rand.New(random)
	row = bankOf(t, Randomness{60, 20_000}, func(p []byte) {
		for i := range p {
			for range 8 {
				p[i] <<= 1
				if rng.Float64() < .52 {
					p[i] |= 1
				}
			}
		}
	})
	if first := row.Tests[0]; first.Name != "Frequency" || first.Verdict != Fail || first.Failed < 50 || first.Proportion != 1 || first.Uniformity != 1 {
		t.Errorf("biased bits: %+v", first)
	}
}

// A verdict rests on what there is: one sequence that random bits would never give is enough, one that misses by little is not.
func TestRandomnessOfFewSequences(t *testing.T) {
	row := bankOf(t, Randomness{1, 4000}, func(p []byte) { clear(p) })
	if first := row.Tests[0]; first.Made != 1 || first.Verdict != Fail || first.Assessed != 0 {
		t.Errorf("zeros: %+v", first)
	}
	test := RandomnessTest{Made: 1, Failed: 1, PValues: 1}
	if test.judge(.005); test.Verdict != Pass {
		t.Error("one sequence with a p-value of 0.005 is no evidence")
	}
	row = bankOf(t, Randomness{1, 4000}, func([]byte) {})
	for _, test := range row.Tests {
		if test.Name == "Universal" && (test.Made != 0 || test.Verdict != None || !strings.Contains(test.Skipped, "387840")) {
			t.Errorf("too short: %+v", test)
		}
	}
	b := newBitBank(Randomness{4, 1000}, 1)
	b.add(System{Scheme: "short"}, RawKeys, make([]byte, 100))
	rows, err := b.test(t.Context(), []*system{{SystemInfo: SystemInfo{System: System{Scheme: "gone"}, NotMeasured: "not measured: gone"}}}, nil)
	if err != nil || len(rows) != 2 || rows[0].NotMeasured != "not measured: there are 800 bits, too few for a sequence of 1000" || rows[1].NotMeasured != "not measured: gone" {
		t.Errorf("%+v, %v", rows, err)
	}
}
