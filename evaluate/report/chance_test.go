package report

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"keygan/evaluate/experiment"
)

// correlationRow is a series of nine correlations, each with standard deviation 0.004 of random data, judged as the experiment judges it.
func correlationRow(of experiment.System, source string, values []float64) experiment.Row {
	const sd, n = 0.004, 9
	mean := stat.Mean(values, nil)
	limit := distuv.UnitNormal.Quantile(1-experiment.Alpha/4) * sd / math.Sqrt(n)
	one := distuv.UnitNormal.Quantile(1-experiment.Alpha/2) * sd
	low, high, valueLow, valueHigh, zero := -limit, limit, -one, one, 0.0
	row := experiment.Row{Source: source, Scheme: of.Scheme, Generator: of.Generator, Metric: experiment.IDCorrelation[0], Name: "correlation, horizontal",
		Measured: &mean, N: n, Expected: &zero, Low: &valueLow, High: &valueHigh, MeanLow: &low, MeanHigh: &high, Verdict: experiment.Pass, Digits: 4, Brief: 4}
	for _, v := range values {
		if math.Abs(v) > one {
			row.Missed++
		}
	}
	if math.Abs(mean) > limit || row.Missed > 1 { // two of nine beyond 1 %: 0.0034 of random series
		row.Verdict = experiment.Fail
	}
	return row
}

func chanceReport(rows ...experiment.Row) *Report {
	plain := 0.95
	r := &Report{Results: experiment.Results{Config: experiment.Config{Size: 256}, Alpha: experiment.Alpha, Rows: append(rows, experiment.Row{
		Source: "mri", Scheme: experiment.PlainImage, Metric: experiment.IDCorrelation[0], Measured: &plain, N: 1, Brief: 2})}}
	for _, row := range rows {
		r.Systems = append(r.Systems, experiment.SystemInfo{System: row.System(), Channels: 3})
	}
	r.Sources = []experiment.SourceInfo{{Name: "mri"}}
	return r
}

// A series that fails by a little among many is no finding; one that fails clearly is, in its mean or, where its values cancel out, in
// its values.
func TestFailuresByChance(t *testing.T) {
	around := func(mean float64) []float64 {
		out := make([]float64, 9)
		for i := range out {
			out[i] = mean + 0.001*float64(i-4)
		}
		return out
	}
	cancel := []float64{0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0.1, -0.1, 0}
	of := func(scheme string, values []float64) experiment.Row {
		return correlationRow(experiment.System{Scheme: scheme}, "mri", values)
	}
	for _, c := range []struct {
		rows         []experiment.Row
		says, silent string
	}{
		{[]experiment.Row{of("sealed", around(0.0039)), of("xor", around(0)), of("paper", around(0))},
			"no more than chance gives in the ciphertexts (0.0000 to 0.0039). 1 more verdict fails by so little that chance explains it, with so many series: “sealed”", "still correlated"},
		{[]experiment.Row{of("sealed", around(0.0039)), of("xor", around(0.4)), of("paper", cancel)},
			"still correlated in 2 of 3 series: up to 0.4000 (xor on mri", "no more than chance gives in"},
		{[]experiment.Row{of("xor", around(0)), of("paper", around(0.001))}, "no more than chance gives in the ciphertexts", "more verdict"},
	} {
		text := fmt.Sprint(findings(chanceReport(c.rows...)))
		if !strings.Contains(text, c.says) || strings.Contains(text, c.silent) {
			t.Errorf("wanted %q and not %q:\n%s", c.says, c.silent, text)
		}
	}
}

// Of reports on random data, at most one in a hundred names a series that is beyond chance, though many have failures.
func TestBeyondChanceKeepsItsLevel(t *testing.T) {
	const reports, series = 4000, 30
	rng := rand.New(rand.NewPCG(3, 4))
	failing, beyond := 0, 0
	for range reports {
		var rows rowSet
		for range series {
			values := make([]float64, 9)
			for i := range values {
				values[i] = 0.004 * rng.NormFloat64()
			}
			row := correlationRow(experiment.System{Scheme: "xor"}, "mri", values)
			rows = append(rows, &row)
		}
		f := facts{&Report{Results: experiment.Results{Alpha: experiment.Alpha}}}
		if len(rows.Failed()) > 0 {
			failing++
		}
		if len(f.BeyondChance(rows)) > 0 {
			beyond++
		}
	}
	// A series fails with 0.5 % by its mean and 0.34 % by its values: 1 − 0.9916³⁰ = 22 % of the reports have one.
	if failing < 780 || failing > 1000 || beyond > 60 { // 40 ± 6
		t.Errorf("of %d reports %d have a failure, %d one beyond chance", reports, failing, beyond)
	}
}

// The verdicts on controls with a fresh key are counted, with those that chance failed; a kept key of theirs is no test of random data,
// and neither are other systems.
func TestVerdictsOnRandomData(t *testing.T) {
	row := func(scheme, metric string, verdict experiment.Verdict) experiment.Row {
		v := 1.0
		return experiment.Row{Source: "mri", Scheme: scheme, Metric: metric, Name: "name of " + metric, Measured: &v, N: 3, Expected: &v, MeanLow: &v, MeanHigh: &v, Verdict: verdict}
	}
	r := chanceReport(
		row("one-time key", experiment.IDEntropy, experiment.Pass), row("one-time key", experiment.IDChiSquare, experiment.Fail),
		row("one-time key", experiment.IDNPCRSameKey, experiment.Fail), row("one-time key", "key_sensitivity_decrypted", experiment.Fail),
		row("aes-256-gcm", experiment.IDNPCR, experiment.Pass), row("constant key", experiment.IDNPCR, experiment.Fail), row("xor", experiment.IDNPCR, experiment.Fail))
	text := fmt.Sprint(findings(r))
	want := "“one-time key”, “aes-256-gcm” are random by construction, and of the 3 verdicts on their ciphertexts 1 failed; at a level of 1 %, 0.03 are expected. Failed: name of chi2 (one-time key on mri)."
	if !strings.Contains(text, want) {
		t.Errorf("the findings lack %q:\n%s", want, text)
	}
	if text := fmt.Sprint(findings(chanceReport(row("xor", experiment.IDNPCR, experiment.Fail)))); strings.Contains(text, "random by construction") {
		t.Errorf("without controls there is nothing to count:\n%s", text)
	}
}

// How many bits of the key were tried stands beside what one wrong bit changes: few bits miss those that do not count.
func TestKeyBitsThatWereTried(t *testing.T) {
	v, few, expected := 91.3, 99.6, 99.6094
	row := func(source string, measured *float64, verdict experiment.Verdict) experiment.Row {
		return experiment.Row{Source: source, Scheme: "logistic", Metric: "key_sensitivity_decrypted", Measured: measured, N: 12, Expected: &expected, Verdict: verdict, Brief: 2}
	}
	r := chanceReport(row("mri", &v, experiment.Fail), row("xray", &few, experiment.Pass))
	text := fmt.Sprint(findings(r))
	for _, want := range []string{"of 12 bits drawn at random, one wrong bit changes 91.30 %", "12 bits were tried"} {
		if !strings.Contains(text, want) {
			t.Errorf("the findings lack %q:\n%s", want, text)
		}
	}
}
