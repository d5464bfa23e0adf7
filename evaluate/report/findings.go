package report

import (
	"cmp"
	"embed"
	"fmt"
	"math"
	"slices"
	"strings"
	"text/template"

	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
)

//go:embed findings.gotmpl settings.gotmpl
var proseFiles embed.FS

var prose = template.Must(template.New("").Funcs(template.FuncMap{"reason": reason, "line": line}).ParseFS(proseFiles, "*.gotmpl"))

// line is a text on one line, without control characters.
func line(text string) string {
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, text)
}

// reason is why something was not measured.
func reason(note string) string { return line(strings.TrimPrefix(note, "not measured: ")) }

// findings puts the measured values into sentences.
func findings(r *Report) ([]Finding, error) { return paragraphs("findings.gotmpl", facts{r}) }

// Settings say what was measured.
func (r *Report) Settings() ([]string, error) {
	found, err := paragraphs("settings.gotmpl", r)
	out := make([]string, len(found))
	for i, f := range found {
		out[i] = f.Text
	}
	return out, err
}

// paragraphs are what a template of prose gives: a blank line ends a paragraph, and a line that begins with # is its head.
func paragraphs(name string, data any) (out []Finding, err error) {
	var b strings.Builder
	if err := prose.ExecuteTemplate(&b, name, data); err != nil {
		return nil, err
	}
	var f Finding
	for _, text := range append(strings.Split(b.String(), "\n"), "") {
		text = strings.TrimSpace(text)
		head, isHead := strings.CutPrefix(text, "# ")
		switch {
		case isHead:
			f.Head = head
		case text != "":
			f.Text = strings.TrimSpace(f.Text + " " + text)
		case f.Text != "":
			out, f = append(out, f), Finding{}
		}
	}
	return out, nil
}

// facts are what the sentences ask for.
type facts struct{ *Report }

// Rows are the measured rows of metrics of cipher images. Keys are those of raw keys, Plain those of plain images.
func (f facts) Rows(ids ...string) (rowSet, error)  { return f.measured(ofSchemes, ids) }
func (f facts) Keys(ids ...string) (rowSet, error)  { return f.measured(ofKeys, ids) }
func (f facts) Plain(ids ...string) (rowSet, error) { return f.measured(ofPlain, ids) }

func (f facts) measured(ofKind func(string) bool, ids []string) (out rowSet, err error) {
	for _, id := range ids {
		if !slices.ContainsFunc(experiment.Metrics, func(m experiment.Metric) bool { return m.ID == id }) {
			return nil, fmt.Errorf("there is no metric %q", id)
		}
		out = append(out, f.rows(id, ofKind)...)
	}
	return out, nil
}

// BadKeys are the rows of a metric of the raw keys that fail and that failing systems are encrypted with.
func (f facts) BadKeys(systems rowSet, metric string) (rowSet, error) {
	keys, err := f.Keys(metric)
	return keys.Failed().filter(func(key *experiment.Row) bool {
		return slices.ContainsFunc(systems.RawKeyed(), func(row *experiment.Row) bool { return row.Generator == key.Generator })
	}), err
}

// Refused are the rows of a metric in which the scheme gave nothing out.
func (f facts) Refused(metric string) rowSet {
	var out rowSet
	for i := range f.Report.Rows {
		if row := &f.Report.Rows[i]; row.Metric == metric && row.Note == experiment.Refusal {
			out = append(out, row)
		}
	}
	return out
}

// Missing are the systems that were not measured.
func (f facts) Missing() []experiment.SystemInfo {
	return slices.DeleteFunc(slices.Clone(f.Systems), func(s experiment.SystemInfo) bool { return s.NotMeasured == "" })
}

// ImageBytes is the size of the samples of an image of the first row's system.
func (f facts) ImageBytes(rows rowSet) int { return f.imageBytes(rows[0]) }

func (r *Report) imageBytes(row *experiment.Row) int {
	for _, s := range r.Systems {
		if s.System == row.System() {
			return r.Config.Size * r.Config.Size * s.Channels
		}
	}
	return 0
}

// OneByte is one byte of an image, in percent.
func (f facts) OneByte(rows rowSet) string {
	return fmt.Sprintf("%.2g", 100/float64(f.ImageBytes(rows)))
}

// OneByteSameKey are the systems under which one changed bit changes one byte when the key is kept.
func (f facts) OneByteSameKey() rowSet {
	return f.rows(experiment.IDNPCRSameKey, ofSchemes).filter(func(row *experiment.Row) bool {
		return *row.Measured <= 150/float64(f.imageBytes(row))
	})
}

// KeysOfImageSize are the systems whose keys are as large as the image, or smaller, without those with one key for all images.
func (f facts) KeysOfImageSize(large bool) rowSet {
	return f.rows(experiment.IDKeyBytes, ofSchemes).filter(func(row *experiment.Row) bool {
		return !isNetwork(row.System()) && (*row.Measured >= float64(f.imageBytes(row))) == large
	})
}

// ChiSquareBand is where random data lies.
func (f facts) ChiSquareBand() string {
	lower, upper := metrics.ChiSquareBand(f.Alpha / 2)
	return fmt.Sprintf("%g %% of random images lie between %.1f and %.1f", 100*(1-f.Alpha), lower, upper)
}

// Worst is the correlation that is farthest from 0, and where random samples lie.
func (f facts) Worst(rows rowSet) string {
	worst := slices.MaxFunc(rows, func(a, b *experiment.Row) int { return cmp.Compare(math.Abs(*a.Measured), math.Abs(*b.Measured)) })
	return fmt.Sprintf("%s (%s on %s, %s), where %g %% of random samples lie within ± %s", valueText(worst, worst.Digits),
		worst.System(), worst.Source, strings.TrimPrefix(worst.Name, "correlation, "), 100*(1-f.Alpha), decimal(*worst.High, 4))
}

// Random lists the bits that SP 800-22 rejects, or does not reject.
func (f facts) Random(rejected bool) string {
	var out []string
	for _, row := range f.Randomness {
		what := row.Subject + " of " + f.name(row.System)
		if row.Scheme == experiment.RawKey {
			what = "raw keys by " + row.Generator
		}
		switch failed, made := failedTests(row); {
		case made == 0 || (len(failed) > 0) != rejected:
		case rejected:
			out = append(out, fmt.Sprintf("%s (%d of %d tests)", what, len(failed), made))
		default:
			out = append(out, fmt.Sprintf("%s (%d tests)", what, made))
		}
	}
	return strings.Join(out, ", ")
}

// failedTests are the tests of SP 800-22 that some bits fail, and how many were made.
func failedTests(row experiment.RandomnessRow) (failed []string, made int) {
	for _, t := range row.Tests {
		if t.Made > 0 {
			made++
		}
		if t.Verdict == experiment.Fail {
			failed = append(failed, t.Name)
		}
	}
	return failed, made
}
