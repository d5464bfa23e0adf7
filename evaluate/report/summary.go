package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
)

// summarized are the metrics of the short tables, in their order. An empty identifier is a line of published figures, of the metric
// before it.
var summarized = []string{
	experiment.IDEntropy, experiment.IDChiSquare, experiment.IDCorrelation[metrics.Horizontal], experiment.IDCorrelation[metrics.Vertical], experiment.IDCorrelation[metrics.Diagonal], experiment.IDNPCR, experiment.IDUACI,
	experiment.IDNPCRPlainCipher, "", experiment.IDSSIM, experiment.IDSSIMDecrypted, "", experiment.IDExact, experiment.IDKeyBytes,
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
	m := experiment.SchemeMetrics[slices.IndexFunc(experiment.SchemeMetrics, func(m experiment.Metric) bool { return m.ID == id })]
	var rows []*experiment.Row
	var cells []string
	for _, system := range r.Systems {
		row := r.Row(source, system.System, id)
		rows = append(rows, row)
		switch {
		case row == nil || system.NotMeasured != "":
			cells = append(cells, "not measured")
		case id == experiment.IDExact:
			cells = append(cells, yes(row))
		default:
			cells = append(cells, shortText(row))
		}
	}
	random := random(m, rows)
	if id == experiment.IDSSIM {
		random = "≈ 0"
	}
	title := titled(m)
	if id == experiment.IDExact {
		title = m.Name // yes and no have no unit
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

// shortText is value and verdict.
func shortText(row *experiment.Row) string {
	return strings.TrimSpace(withDigits(row, row.Brief) + " " + string(row.Verdict))
}

func yes(row *experiment.Row) string {
	switch {
	case row.Measured == nil:
		return row.Note
	case row.Verdict == experiment.Pass:
		return "yes"
	}
	return fmt.Sprintf("no: %d of %d wrong", row.Missed, row.N)
}
