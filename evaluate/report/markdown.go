package report

import (
	_ "embed"
	"fmt"
	"io"
	"path"
	"strings"
	"text/template"
	"unicode/utf8"

	"keygan/evaluate/experiment"
)

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

// WriteSummary writes the short tables in Markdown, narrow enough for a terminal, with the reasons why systems were not measured.
func (r *Report) WriteSummary(w io.Writer) error {
	_, err := io.WriteString(w, r.Summary())
	return err
}

// Summary has, for each source, a line a metric and a column a system, measured above published.
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
