package report

import (
	"cmp"
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"
	"text/template"
	"unicode/utf8"

	"keygan/evaluate/experiment"
)

const (
	notMeasured  = "not measured"
	notPublished = "not published"
)

// A grid is a table as it is shown: the first column of each line is its heading. Its texts are plain.
type grid struct {
	Caption string
	Head    []string
	Lines   [][]cell
}

// A cell is a text with what was judged of it.
type cell struct {
	Text    string
	Verdict experiment.Verdict
	Empty   bool   // not measured, or nothing to say
	Note    string // what must be read with the value

	Said experiment.Verdict // that Text says by itself
}

// Long says that a text takes a wide column.
func (c cell) Long() bool { return len(c.Text)+len(c.Note) > 60 }

func plain(texts ...string) []cell {
	out := make([]cell, len(texts))
	for i, t := range texts {
		out[i].Text = t
	}
	return out
}

// WriteCSV writes the rows in long form, one line a metric, numbers in full precision.
func (r *Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	c.Write([]string{"source", "scheme", "generator", "metric", "definition", "unit", "measured", "sd", "n",
		"expected", "threshold_low", "threshold_high", "missed", "verdict", "published", "note", "mean_low", "mean_high", "detects"})
	for _, row := range r.Rows {
		verdict := cmp.Or(string(row.Verdict), "no threshold")
		if row.N == 0 {
			verdict, _, _ = strings.Cut(cmp.Or(row.Note, notMeasured), ":")
		}
		measured := number(row.Measured)
		if row.Infinite {
			measured = "inf"
		}
		c.Write([]string{row.Source, row.Scheme, row.Generator, row.Metric, row.Definition, row.Unit, measured, number(row.SD),
			strconv.Itoa(row.N), number(row.Expected), number(row.Low), number(row.High), strconv.Itoa(row.Missed), verdict,
			cmp.Or(row.Published, notPublished), row.Note, number(row.MeanLow), number(row.MeanHigh), number(row.Detects)})
	}
	c.Flush()
	return c.Error()
}

// number is a value in full precision, or nothing.
func number(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'g', -1, 64)
}

// decimal is a value with the given number of decimals. A smaller value has as many as two significant digits need.
func decimal(v float64, digits int) string {
	if a := math.Abs(v); a > 0 && a < 9.5*math.Pow10(-digits) {
		digits = 1 - int(math.Floor(math.Log10(a)))
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// valueText is the measured mean for people.
func valueText(row *experiment.Row, digits int) string {
	switch {
	case row.Infinite:
		return "∞"
	case row.Measured == nil:
		return row.Note
	}
	return decimal(*row.Measured, digits)
}

// spreadText is the mean with its standard deviation.
func spreadText(row *experiment.Row) string {
	v := valueText(row, row.Digits)
	if row.Measured != nil && row.SD != nil && *row.SD > 0 {
		v += " ± " + decimal(*row.SD, row.Digits)
	}
	return v
}

// expectedText is what random data or an exact decryption gives, for people.
func expectedText(row *experiment.Row, digits int) string {
	switch {
	case row.ExpectsInfinity:
		return "∞"
	case row.Expected == nil:
		return ""
	}
	return decimal(*row.Expected, digits)
}

// thresholdText is the band of the critical values, for people.
func thresholdText(row *experiment.Row) string {
	switch {
	case row.ExpectsInfinity:
		return "exactly ∞"
	case row.Exact():
		return "exactly " + strconv.FormatFloat(*row.Low, 'f', -1, 64)
	case row.Low != nil && row.High != nil:
		band := decimal(*row.Low, row.Digits) + " to " + decimal(*row.High, row.Digits)
		if row.N > 1 && row.MeanLow != nil && row.MeanHigh != nil {
			band += ", the mean of " + strconv.Itoa(row.N) + " " + decimal(*row.MeanLow, row.Digits) + " to " + decimal(*row.MeanHigh, row.Digits)
		}
		return band
	case row.Low != nil:
		return "≥ " + decimal(*row.Low, row.Digits)
	case row.High != nil:
		return "≤ " + decimal(*row.High, row.Digits)
	}
	return ""
}

// titleOf is a metric's name and unit.
func titleOf(name, unit string) string {
	if unit == "" || strings.Contains(name, unit) {
		return name
	}
	return name + ", " + unit
}

// valueCell is a cell of the side-by-side tables.
func valueCell(row *experiment.Row) cell {
	switch {
	case row == nil:
		return cell{Text: notMeasured, Empty: true}
	case row.Measured == nil && !row.Infinite:
		return cell{Text: row.Note, Empty: true}
	}
	c := cell{Text: valueText(row, row.Brief), Verdict: row.Verdict}
	if strings.Contains(row.Note, experiment.NeverKept) {
		c.Note = "as a broken implementation: a secret is never kept"
	}
	return c
}

//go:embed results.gomd
var markdownSource string

var markdownTemplate = template.Must(template.New("results").
	Funcs(template.FuncMap{"escape": escape, "table": grid.markdown, "base": path.Base}).Parse(markdownSource))

//go:embed notes.txt
var notes string

// Notes are how to read the report.
func (r *Report) Notes() []string { return strings.Split(strings.TrimSpace(notes), "\n") }

// WriteMarkdown writes the report for people: first pictures and verdicts, then what they show, every value and its definition.
func (r *Report) WriteMarkdown(w io.Writer) error {
	var b strings.Builder
	if err := markdownTemplate.Execute(&b, r); err != nil {
		return err
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// Summary is the short tables in Markdown, narrow enough for a terminal, with the reasons why systems were not measured: for each
// source a line a metric and a column a system, measured above published.
func (r *Report) Summary() string {
	var b strings.Builder
	for _, s := range r.Sources {
		g := r.sideBySide(s.Name, "", func(m experiment.Metric) bool { return m.Summary }, true)
		g.Head[0] = s.Name
		b.WriteString(g.markdown())
	}
	missing := facts{r}.Missing()
	for _, s := range missing {
		fmt.Fprintf(&b, "- %s: %s\n", escape(s.String()), escape(s.NotMeasured))
	}
	if len(missing) > 0 {
		b.WriteString("\n")
	}
	return b.String()
}

// markdown is a table with aligned columns, which can be read as they are.
func (g grid) markdown() string {
	table := [][]string{make([]string, len(g.Head))}
	for i, h := range g.Head {
		table[0][i] = escape(h)
	}
	for _, cells := range g.Lines {
		line := make([]string, len(cells))
		for i, c := range cells {
			line[i] = escape(strings.TrimSpace(c.Text + " " + string(c.Verdict)))
			if c.Note != "" {
				line[i] += " (" + escape(c.Note) + ")"
			}
		}
		table = append(table, line)
	}
	widths := make([]int, len(g.Head))
	for _, line := range table {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text), 3)
		}
	}
	var b strings.Builder
	for n, line := range table {
		for i, text := range line {
			fmt.Fprintf(&b, "| %s%s ", text, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(text)))
		}
		b.WriteString("|\n")
		if n == 0 {
			for _, width := range widths {
				b.WriteString("|" + strings.Repeat("-", width+2))
			}
			b.WriteString("|\n")
		}
	}
	return b.String() + "\n"
}

// escape keeps a text from a file or a configuration from ending a table cell or starting markup.
func escape(s string) string {
	return strings.NewReplacer("|", `\|`, "\n", " ", "\r", " ", "<", "&lt;", "*", `\*`, "_", `\_`, "`", "'", "[", `\[`).Replace(s)
}
