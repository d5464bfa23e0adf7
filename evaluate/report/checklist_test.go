package report

import (
	"strings"
	"testing"

	"keygan/evaluate/attack"
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
				switch m.ID { // as random data has it
				case experiment.IDKeyLevels:
					v = 256
				case experiment.IDSSIMWrongKey, experiment.IDCorrelation[0], experiment.IDCorrelation[1], experiment.IDCorrelation[2]:
					v = 0
				case experiment.IDNPCRPlainCipher:
					v = 99.6
				}
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
		want := experiment.Pass
		if c.OverSeeds {
			want = experiment.None
		}
		if c.Verdict != want || c.ClaimedVerdict != want {
			t.Errorf("%s: %q, as claimed %q, of rows that pass: %v", id, c.Verdict, c.ClaimedVerdict, c.Evidence)
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
			if want := map[bool]experiment.Verdict{true: experiment.Fail, false: experiment.Pass}[id == c.claim]; check.Verdict != want && !check.OverSeeds {
				t.Errorf("%s of %s fails: %s is %q", c.metric, c.scheme, id, check.Verdict)
			}
		}
	}
	for id, c := range build(func(row *experiment.Row) {
		row.Measured, row.N, row.Verdict, row.Note = nil, 0, experiment.None, "not measured"
	}) {
		if c.OverSeeds {
			continue
		}
		if c.Verdict != experiment.None || c.ClaimedVerdict != experiment.None || len(c.Evidence) == 0 || !strings.Contains(strings.ToLower(c.Evidence[0]), "not measured") {
			t.Errorf("%s of nothing: %+v", id, c)
		}
	}
}

// What is claimed and what the field tests are two verdicts, and each has values that only it fails.
func TestTwoVerdicts(t *testing.T) {
	of := experiment.System{Scheme: "xor", Generator: "net"}
	key := experiment.System{Scheme: experiment.RawKey, Generator: "net"}
	judge := func(of experiment.System, metric string, v, expected float64, verdict experiment.Verdict) map[string]Check {
		plain, expectedPlain := 0.9, 0.0
		r := &Report{Results: experiment.Results{
			Systems: []experiment.SystemInfo{{System: experiment.System{Scheme: "xor", Generator: "net"}}}, Sources: []experiment.SourceInfo{{Name: "a"}},
			Rows: []experiment.Row{
				{Source: "a", Scheme: experiment.PlainImage, Metric: metric, Measured: &plain, Expected: &expectedPlain},
				{Source: "a", Scheme: of.Scheme, Generator: of.Generator, Metric: metric, Measured: &v, Expected: &expected, Verdict: verdict, N: 1},
			},
		}}
		out := map[string]Check{}
		for _, c := range checklist(r) {
			out[c.ID] = c
		}
		return out
	}
	const pass, fail, none = experiment.Pass, experiment.Fail, experiment.None
	for _, c := range []struct {
		of             experiment.System
		metric         string
		v, expected    float64
		verdict        experiment.Verdict
		id             string
		claimed, field experiment.Verdict
	}{
		{key, experiment.IDKeyLevels, 256, 256, none, "TC1", pass, none},
		{key, experiment.IDKeyLevels, 250, 256, none, "TC1", pass, none},
		{key, experiment.IDKeyLevels, 200, 256, none, "TC1", fail, none},
		{key, experiment.IDMinEntropy, 2, 6.5, none, "TC1", none, fail}, // though its histogram may be flat
		{key, experiment.IDMinEntropy, 6.3, 6.5, none, "TC1", none, pass},
		{key, experiment.IDNPCRKeyKey, 97, 99.6, fail, "TC2", pass, fail}, // the keys differ, but not as random ones do
		{key, experiment.IDNPCRKeyKey, 0, 99.6, fail, "TC2", fail, fail},
		{of, experiment.IDSSIMDecrypted, 0.995, 1, fail, "TC3", pass, none}, // recovered, but not bit for bit
		{of, experiment.IDSSIMDecrypted, 0.92, 1, fail, "TC3", fail, none},
		{of, experiment.IDSSIMDecrypted, 0.92, 1, fail, "TC4", pass, fail}, // the publication's own figure
		{of, experiment.IDSSIMDecrypted, 0.61, 1, fail, "TC4", fail, fail},
		{of, experiment.IDSSIMWrongKey, 0.2, 0, none, "TC4", none, fail},
		{of, experiment.IDSSIMWrongKey, 0.01, 0, none, "TC4", none, pass},
		{of, experiment.IDCorrelation[1], 0.08, 0, fail, "TC5", pass, fail}, // a tenth of 0.9, and far from 0
		{of, experiment.IDCorrelation[1], -0.1, 0, fail, "TC5", fail, fail},
		{of, experiment.IDNPCRPlainCipher, 99.99, 99.6, fail, "TC5", pass, none},
		{of, experiment.IDUACIPlainCipher, 20, 33, none, "TC5", fail, none},
		{of, experiment.IDNPCR, 1.4, 99.6, fail, "TC5", none, fail},
	} {
		if got := judge(c.of, c.metric, c.v, c.expected, c.verdict)[c.id]; got.ClaimedVerdict != c.claimed || got.Verdict != c.field {
			t.Errorf("%s of %g: %s is %q as claimed and %q by the field's test, want %q and %q", c.metric, c.v, c.id, got.ClaimedVerdict, got.Verdict, c.claimed, c.field)
		}
	}
}

// Another training is one with the same objective and network: the keys of a GAN are no second training of a WGAN-GP.
func TestAnotherTraining(t *testing.T) {
	v := 97.0
	generator := func(name, objective string) experiment.GeneratorInfo {
		return experiment.GeneratorInfo{Name: name, Objective: objective, Network: "resnet", Channels: 3}
	}
	r := &Report{Results: experiment.Results{Generators: []experiment.GeneratorInfo{generator("first", "wgan-gp"), generator("gan", "gan"), generator("again", "wgan-gp")}}}
	for _, name := range []string{"gan", "again"} {
		r.Rows = append(r.Rows, experiment.Row{Scheme: experiment.RawKey, Generator: name, Metric: experiment.IDNPCRGenerators, Measured: &v})
	}
	if rows := r.sameRow(); len(rows) != 1 || rows[0].Generator != "again" {
		t.Errorf("%v", rows)
	}
}

// TC2 is about one key an image: an attack that takes a kept key is said, and does not fail it.
func TestMisuseIsNoVerdict(t *testing.T) {
	of := experiment.System{Scheme: "xor", Generator: "net"}
	made := func(use attack.Use, succeeded bool) attack.Result {
		return attack.Result{System: of, Number: 5, Name: "two-time pad", Use: use, Succeeded: succeeded}
	}
	for _, c := range []struct {
		published, kept bool
		want            string
	}{
		{false, true, "Attack 5 (two-time pad) fails on “xor”; with a kept key, which is misuse, succeeds on “xor”."},
		{true, true, "Attack 5 (two-time pad) succeeds on “xor”; with a kept key, which is misuse, succeeds on “xor”."},
		{false, false, "Attack 5 (two-time pad) fails on “xor”."},
	} {
		r := &Report{Results: experiment.Results{Attacks: []attack.Result{made(attack.Published, c.published), made(attack.KeptKey, c.kept)}}}
		if text, succeeded := r.attacked(5); text != c.want || succeeded != c.published {
			t.Errorf("%q, succeeded: %v; want %q, %v", text, succeeded, c.want, c.published)
		}
	}
}
