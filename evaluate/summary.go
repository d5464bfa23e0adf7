package evaluate

import (
	"fmt"
	"io"
	"keygan/evaluate/metrics"
	"slices"
	"strings"
)

// summarized are the metrics of the short tables, in their order. An empty identifier is a line of published figures, of the metric
// before it.
var summarized = []string{
	idEntropy, idChiSquare, idCorrelation[metrics.Horizontal], idCorrelation[metrics.Vertical], idCorrelation[metrics.Diagonal], idNPCR, idUACI,
	idNPCRPlainCipher, "", idSSIM, idSSIMDecrypted, "", idExact, idKeyBytes,
}

// WriteSummary writes the short tables in Markdown, narrow enough for a terminal: for each source a line a metric, a column a system,
// measured above published, and below why systems were not measured.
func (r *Report) WriteSummary(w io.Writer) error {
	for _, s := range r.Sources {
		head := []string{escape(s.Name), "random data"}
		for _, system := range r.Systems {
			head = append(head, escape(system.String()))
		}
		table := [][]string{head}
		for i, id := range summarized {
			if id == "" {
				if line := r.publishedLine(s.Name, summarized[i-1]); line != nil {
					table = append(table, line)
				}
				continue
			}
			table = append(table, r.summaryLine(s.Name, id))
		}
		if err := markdownTable(w, table); err != nil {
			return err
		}
	}
	return r.writeReasons(w)
}

func (r *Report) summaryLine(source, id string) []string {
	m := schemeMetrics[slices.IndexFunc(schemeMetrics, func(m metric) bool { return m.id == id })]
	var rows []*Row
	var cells []string
	for _, system := range r.Systems {
		row := r.Row(source, system.System, id)
		rows = append(rows, row)
		switch {
		case row == nil || system.NotMeasured != "":
			cells = append(cells, "not measured")
		case id == idExact:
			cells = append(cells, yes(row))
		default:
			cells = append(cells, row.short())
		}
	}
	random := random(m, rows)
	if id == idSSIM {
		random = "≈ 0"
	}
	title := titled(m)
	if id == idExact {
		title = m.name // yes and no have no unit
	}
	return append([]string{title, random}, cells...)
}

// publishedLine is what publications say of a metric, or nil where they say nothing of any system here.
func (r *Report) publishedLine(source, id string) []string {
	line, found := []string{"  published", ""}, false
	for _, system := range r.Systems {
		row := r.Row(source, system.System, id)
		if row == nil || row.Published == "" {
			line = append(line, "—")
			continue
		}
		line, found = append(line, row.Published), true
	}
	if !found {
		return nil
	}
	return line
}

// writeReasons says why systems were not measured.
func (r *Report) writeReasons(w io.Writer) error {
	var b strings.Builder
	for _, s := range r.Systems {
		if s.NotMeasured != "" {
			fmt.Fprintf(&b, "- %s: %s\n", escape(s.System.String()), escape(s.NotMeasured))
		}
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// short is value and verdict.
func (row *Row) short() string {
	return strings.TrimSpace(row.with(row.brief) + " " + string(row.Verdict))
}

func yes(row *Row) string {
	switch {
	case row.Measured == nil:
		return row.Note
	case row.Verdict == Pass:
		return "yes"
	}
	return fmt.Sprintf("no: %d of %d wrong", row.Missed, row.N)
}
