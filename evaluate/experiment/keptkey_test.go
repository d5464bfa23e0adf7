package experiment

import (
	"strings"
	"testing"
)

// What a kept key gives is noted as such where no key is ever kept, and nowhere else.
func TestNoteOnKeptKeys(t *testing.T) {
	v := 0.00051
	for _, c := range []struct {
		scheme, metric string
		want           bool
	}{
		{"sealed", IDNPCRSameKey, true}, {"aes-256-gcm", IDUACISameKey, true}, {"paper", IDNPCRSameKey, false}, {"sealed", IDNPCR, false},
	} {
		row := Row{Scheme: c.scheme, Metric: c.metric, Measured: &v, Note: "1 of 2 values left out"}
		row.noteKeptKey()
		if got := strings.Contains(row.Note, "fresh secret"); got != c.want || !strings.HasPrefix(row.Note, "1 of 2 values left out") {
			t.Errorf("%s, %s: note %q", c.scheme, c.metric, row.Note)
		}
	}
	missing := Row{Scheme: "sealed", Metric: IDNPCRSameKey, Note: "not measured"}
	if missing.noteKeptKey(); missing.Note != "not measured" {
		t.Errorf("a cell without a value: %q", missing.Note)
	}
}
