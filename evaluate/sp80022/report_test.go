package sp80022

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// reportSequences of 10⁶ bits are in the report of NIST's program in testdata. It is no multiple of ten, so that rounding shows.
const reportSequences = 33

// reportBytes are their bits.
func reportBytes() []byte {
	var p []byte
	for _, w := range noise(reportSequences*1_000_000, 22, 128).words {
		p = append(p, byte(w>>56), byte(w>>48), byte(w>>40), byte(w>>32), byte(w>>24), byte(w>>16), byte(w>>8), byte(w))
	}
	return p[:reportSequences*1_000_000/8]
}

// The report is that of NIST's program (STS 2.1.2) on the same bits, to the byte. Change nothing there: the program wrote it.
func TestReport(t *testing.T) {
	want, err := os.ReadFile("testdata/finalAnalysisReport.txt")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := WriteReport(&got, "noise", RunMany(reportBytes(), reportSequences, 1_000_000, nil)); err != nil {
		t.Fatal(err)
	}
	have, wanted := strings.Split(got.String(), "\n"), strings.Split(string(want), "\n")
	if len(have) != len(wanted) {
		t.Fatalf("%d lines, want %d", len(have), len(wanted))
	}
	for i := range have {
		if have[i] != wanted[i] {
			t.Errorf("line %d:\n%s\nwant\n%s", i+1, have[i], wanted[i])
		}
	}
}
