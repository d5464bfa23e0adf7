package evaluate

import (
	"keygan/evaluate/metrics"
	"strings"
	"testing"
)

// The verdicts follow from the rows: with the values of random data all claims hold, and each row that fails fails its claim.
func TestChecklistFollowsTheRows(t *testing.T) {
	build := func(change func(*Row)) map[string]Check {
		r := &Report{Systems: []SystemInfo{{System: System{"xor", "net"}}, {System: System{SchemeSealed, "net"}}}, Sources: []SourceInfo{{Name: "a"}}}
		add := func(of System, metrics []metric) {
			for _, m := range metrics {
				v := 1.0
				row := Row{Source: "a", Scheme: of.Scheme, Generator: of.Generator, Metric: m.id, Name: m.name, Measured: &v, Verdict: Pass, N: 1}
				if change != nil {
					change(&row)
				}
				r.Rows = append(r.Rows, row)
			}
		}
		add(System{RawKey, "net"}, keyMetrics)
		add(System{"xor", "net"}, schemeMetrics)
		add(System{SchemeSealed, "net"}, schemeMetrics)
		out := map[string]Check{}
		for _, c := range checklist(r) {
			out[c.ID] = c
		}
		return out
	}
	for id, c := range build(nil) {
		if c.Verdict != Pass {
			t.Errorf("%s: %q of rows that pass: %v", id, c.Verdict, c.Evidence)
		}
	}
	for _, c := range []struct{ scheme, metric, claim string }{
		{RawKey, idEntropy, "TC1"}, {RawKey, idChiSquare, "TC1"}, {RawKey, idNPCRKeyKey, "TC2"}, {RawKey, idNPCRGenerators, "TC2"}, {RawKey, idNPCRKeyOneBit, "TC2"},
		{"xor", idExact, "TC3"}, {"xor", idSSIMDecrypted, "TC4"}, {"xor", idMSEDecrypted, "TC4"}, {"xor", idNPCR, "TC5"}, {"xor", idUACI, "TC5"}, {"xor", idChiSquare, "TC5"},
		{"xor", idCorrelation[metrics.Diagonal], "TC5"}, {SchemeSealed, idNPCR, ""},
	} {
		for id, check := range build(func(row *Row) {
			if row.Scheme == c.scheme && row.Metric == c.metric {
				row.Verdict = Fail
			}
		}) {
			if want := map[bool]Verdict{true: Fail, false: Pass}[id == c.claim]; check.Verdict != want {
				t.Errorf("%s of %s fails: %s is %q", c.metric, c.scheme, id, check.Verdict)
			}
		}
	}
	for id, c := range build(func(row *Row) { row.Measured, row.N, row.Verdict, row.Note = nil, 0, None, "not measured" }) {
		if c.Verdict != None || len(c.Evidence) == 0 || !strings.Contains(strings.ToLower(c.Evidence[0]), "not measured") {
			t.Errorf("%s of nothing: %+v", id, c)
		}
	}
}
