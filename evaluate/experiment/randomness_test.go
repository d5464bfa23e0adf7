package experiment

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"regexp"
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

// No image lies in two sequences unless it holds both, and no byte of a sequence is skipped: images whose bytes are their numbers tell.
func TestSequencesComeFromWholeImages(t *testing.T) {
	for _, c := range []struct {
		images, size int // bytes of each
		want         Randomness
		sequences    [][]byte // the images that each is made of, first to last
		collected    string
	}{
		{6, 100, Randomness{Sequences: 6, Bits: 8 * 100}, [][]byte{{0}, {1}, {2}, {3}, {4}, {5}}, "1 from each of 6 images"},
		{3, 250, Randomness{Sequences: 6, Bits: 8 * 100}, [][]byte{{0}, {0}, {1}, {1}, {2}, {2}}, "2 from each of 3 images"},
		{6, 250, Randomness{Sequences: 6, Bits: 8 * 100}, [][]byte{{0}, {1}, {2}, {3}, {4}, {5}}, "1 from each of 6 images"},
		{2, 120, Randomness{Sequences: 6, Bits: 8 * 100}, [][]byte{{0}, {1}}, "1 from each of 2 images"},
		{7, 40, Randomness{Sequences: 2, Bits: 8 * 100}, [][]byte{{0, 1, 2}, {3, 4, 5}}, "whole images joined, 3 to a sequence"},
	} {
		b := newBitBank(c.want, c.images)
		of := System{Scheme: "made"}
		for i := range c.images {
			b.add(of, Ciphertexts, bytes.Repeat([]byte{byte(i)}, c.size))
		}
		pieces := b.pieces[bitSource{of, Ciphertexts}]
		got := sequencesOf(pieces, b.length())
		if len(got) != len(c.sequences) || !strings.Contains(b.collected(pieces), c.collected) {
			t.Errorf("%+v: %d sequences, want %d, %q", c, len(got), len(c.sequences), b.collected(pieces))
			continue
		}
		for i, want := range c.sequences {
			if images := bytes.Join(slicesOf(got[i]), nil); len(got[i]) != 100 || !bytes.Equal(images, want) {
				t.Errorf("%+v: sequence %d of %d bytes is of the images %v, want %v", c, i, len(got[i]), images, want)
			}
		}
	}
}

// slicesOf are the values of p, each once, in their order.
func slicesOf(p []byte) (out [][]byte) {
	for i := range p {
		if i == 0 || p[i] != p[i-1] {
			out = append(out, p[i:i+1])
		}
	}
	return out
}

// The report on the sequences has NIST's 188 lines, and says how many sequences each test was made on; the tables say the same.
func TestRandomnessReport(t *testing.T) {
	random := rand.NewChaCha8([32]byte{2})
	row := bankOf(t, Randomness{3, longBits}, func(p []byte) { random.Read(p) })
	lines := regexp.MustCompile(`(?m)^ *\d+ +\d+ .* +(\d+)/(\d+) .*\b(\w+)$`).FindAllStringSubmatch(string(row.Report), -1)
	excursions := 0
	for _, test := range row.Tests {
		if test.Name == "RandomExcursions" {
			excursions = test.Made
		}
	}
	undefined := strings.Count(string(row.Report), "------ ")
	if n := len(lines) + undefined; n != 188 || excursions == 0 && undefined != 26 {
		t.Errorf("%d lines, %d of tests that were not made:\n%s", n, undefined, row.Report)
	}
	for _, line := range lines {
		if want := map[bool]int{true: excursions, false: 3}[strings.HasPrefix(line[3], "RandomExcursions")]; line[2] != fmt.Sprint(want) {
			t.Errorf("%s was made on %s sequences, want %d", line[3], line[2], want)
		}
	}
	if row.File != "sp80022/finalAnalysisReport-made-ciphertexts.txt" || row.Sequences != 3 {
		t.Errorf("%q, %d sequences", row.File, row.Sequences)
	}
}
