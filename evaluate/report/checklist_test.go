package report

import (
	"strings"
	"testing"

	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
)

// The verdicts follow from the rows: with the values of random data all claims hold, and each row that fails fails its claim.
func TestChecklistFollowsTheRows(t *testing.T) {
	build := func(change func(*experiment.Row)) map[string]Check {
		r := &Report{Results: experiment.Results{Systems: []experiment.SystemInfo{{System: experiment.System{Scheme: "xor", Generator: "net"}}, {System: experiment.System{Scheme: "sealed", Generator: "net"}}}, Sources: []experiment.SourceInfo{{Name: "a"}}}}
		add := func(of experiment.System, metrics []experiment.Metric) {
			for _, m := range metrics {
				v := 1.0
				row := experiment.Row{Source: "a", Scheme: of.Scheme, Generator: of.Generator, Metric: m.ID, Name: m.Name, Measured: &v, Verdict: experiment.Pass, N: 1}
				if change != nil {
					change(&row)
				}
				r.Rows = append(r.Rows, row)
			}
		}
		add(experiment.System{Scheme: experiment.RawKey, Generator: "net"}, experiment.KeyMetrics())
		add(experiment.System{Scheme: "xor", Generator: "net"}, experiment.SchemeMetrics())
		add(experiment.System{Scheme: "sealed", Generator: "net"}, experiment.SchemeMetrics())
		out := map[string]Check{}
		for _, c := range checklist(r) {
			out[c.ID] = c
		}
		return out
	}
	for id, c := range build(nil) {
		if c.Verdict != experiment.Pass {
			t.Errorf("%s: %q of rows that pass: %v", id, c.Verdict, c.Evidence)
		}
	}
	for _, c := range []struct{ scheme, metric, claim string }{
		{experiment.RawKey, experiment.IDEntropy, "TC1"}, {experiment.RawKey, experiment.IDChiSquare, "TC1"}, {experiment.RawKey, experiment.IDNPCRKeyKey, "TC2"}, {experiment.RawKey, experiment.IDNPCRGenerators, "TC2"}, {experiment.RawKey, experiment.IDNPCRKeyOneBit, "TC2"},
		{"xor", experiment.IDExact, "TC3"}, {"xor", experiment.IDSSIMDecrypted, "TC4"}, {"xor", experiment.IDMSEDecrypted, "TC4"}, {"xor", experiment.IDNPCR, "TC5"}, {"xor", experiment.IDUACI, "TC5"}, {"xor", experiment.IDChiSquare, "TC5"},
		{"xor", experiment.IDCorrelation[metrics.Diagonal], "TC5"}, {"sealed", experiment.IDNPCR, ""},
	} {
		for id, check := range build(func(row *experiment.Row) {
			if row.Scheme == c.scheme && row.Metric == c.metric {
				row.Verdict = experiment.Fail
			}
		}) {
			if want := map[bool]experiment.Verdict{true: experiment.Fail, false: experiment.Pass}[id == c.claim]; check.Verdict != want {
				t.Errorf("%s of %s fails: %s is %q", c.metric, c.scheme, id, check.Verdict)
			}
		}
	}
	for id, c := range build(func(row *experiment.Row) {
		row.Measured, row.N, row.Verdict, row.Note = nil, 0, experiment.None, "not measured"
	}) {
		if c.Verdict != experiment.None || len(c.Evidence) == 0 || !strings.Contains(strings.ToLower(c.Evidence[0]), "not measured") {
			t.Errorf("%s of nothing: %+v", id, c)
		}
	}
}
