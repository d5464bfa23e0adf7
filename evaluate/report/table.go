package report

import (
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"keygan/evaluate/experiment"
)

// notPublished stands in the published column where no publication gives a figure.
const notPublished = "not published"

// The names of the tables.
const (
	tableMarkdown = "results.md"
	tableCSV      = "results.csv"
	tableJSON     = "results.json"
	tableTeX      = "results.tex"
	tableHTML     = "report.html"
)

// An outputFile is a table, and what writes it.
type outputFile struct {
	name  string
	write func(io.Writer) error
}

// tables are the report in all its forms.
func (r *Report) tables() []outputFile {
	return []outputFile{{tableMarkdown, r.WriteMarkdown}, {tableCSV, r.WriteCSV}, {tableJSON, r.WriteJSON}, {tableTeX, r.WriteTeX}, {tableHTML, r.WriteHTML}}
}

// WriteJSON writes the report as one JSON object.
func (r *Report) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(r)
}

// WriteCSV writes the rows in long form, one line a metric, numbers in full precision.
func (r *Report) WriteCSV(w io.Writer) error {
	c := csv.NewWriter(w)
	header := []string{"source", "scheme", "generator", "metric", "definition", "unit", "measured", "sd", "n", "expected", "threshold_low", "threshold_high",
		"missed", "verdict", "published", "note"}
	if err := c.Write(header); err != nil {
		return err
	}
	for _, row := range r.Rows {
		verdict, published := string(row.Verdict), row.Published
		if verdict == "" {
			verdict = "no threshold"
		}
		if row.N == 0 {
			verdict, _, _ = strings.Cut(cmp.Or(row.Note, "not measured"), ":")
		}
		if published == "" {
			published = notPublished
		}
		measured := number(row.Measured)
		if row.Infinite {
			measured = "inf"
		}
		if err := c.Write([]string{row.Source, row.Scheme, row.Generator, row.Metric, row.Definition, row.Unit, measured, number(row.SD), strconv.Itoa(row.N),
			number(row.Expected), number(row.Low), number(row.High), strconv.Itoa(row.Missed), verdict, published, row.Note}); err != nil {
			return err
		}
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

// decimal is a value with so many decimals, or with as many as two significant digits need where it is smaller than that
// shows.
func decimal(v float64, digits int) string {
	if a := math.Abs(v); a > 0 && a < 9.5*math.Pow10(-digits) {
		digits = 1 - int(math.Floor(math.Log10(a)))
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

// valueText is the measured mean for people.
func valueText(row *experiment.Row) string { return withDigits(row, row.Digits) }

// withDigits is valueText with another number of decimals.
func withDigits(row *experiment.Row, digits int) string {
	switch {
	case row.Infinite:
		return "∞"
	case row.Measured == nil:
		return row.Note
	}
	return decimal(*row.Measured, digits)
}

// spreadText is the mean with standard deviation and count.
func spreadText(row *experiment.Row) string {
	v := valueText(row)
	if row.Measured != nil && row.SD != nil && *row.SD > 0 {
		v += " ± " + decimal(*row.SD, row.Digits)
	}
	return v
}

// expectedText is what random data would give, for people.
func expectedText(row *experiment.Row) string {
	switch {
	case row.Metric == experiment.IDPSNRDecrypted:
		return "∞"
	case row.Expected == nil:
		return ""
	}
	return decimal(*row.Expected, row.Digits)
}

// expectedBriefly is expectedText in a sentence.
func expectedBriefly(row *experiment.Row) string {
	if row.Expected == nil {
		return ""
	}
	return decimal(*row.Expected, row.Brief)
}

// thresholdText is the band of the critical values, for people.
func thresholdText(row *experiment.Row) string {
	digits := row.Digits
	switch {
	case row.Metric == experiment.IDPSNRDecrypted:
		return "exactly ∞"
	case row.Low != nil && row.High != nil && *row.Low == *row.High:
		return "exactly " + strconv.FormatFloat(*row.Low, 'f', -1, 64)
	case row.Low != nil && row.High != nil:
		return decimal(*row.Low, digits) + " to " + decimal(*row.High, digits)
	case row.Low != nil:
		return "≥ " + decimal(*row.Low, digits)
	case row.High != nil:
		return "≤ " + decimal(*row.High, digits)
	}
	return ""
}

// judgedText is the verdict with the count that missed, for people.
func judgedText(row *experiment.Row) string {
	if row.Verdict == experiment.None {
		return ""
	}
	if row.N > 1 {
		return fmt.Sprintf("%s (%d of %d outside)", row.Verdict, row.Missed, row.N)
	}
	return string(row.Verdict)
}

// markdownTable writes aligned columns, so that the table can be read as it is, too.
func markdownTable(w io.Writer, table [][]string) error {
	widths := make([]int, len(table[0]))
	for _, line := range table {
		for i, cell := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell), 3)
		}
	}
	var b strings.Builder
	write := func(line []string) {
		for i, cell := range line {
			fmt.Fprintf(&b, "| %s%s ", cell, strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell)))
		}
		b.WriteString("|\n")
	}
	write(table[0])
	for _, n := range widths {
		b.WriteString("|" + strings.Repeat("-", n+2))
	}
	b.WriteString("|\n")
	for _, line := range table[1:] {
		write(line)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}
