package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// Verdicts has a line for each metric with a threshold, and SP 800-22. A system fails where it fails on any source.
func (r *Report) Verdicts() grid {
	g := grid{
		Caption: fmt.Sprintf("Does the ciphertext look random, and does the image come back? Statistics of all systems, over all sources. XOR with any random-looking "+
			"bytes passes all lines but those of one bit, which also take a fresh key for each image: a pass is no evidence of security. Random data fails a line by chance in about %.3g %% of "+
			"cases, 1 %% for each source", 100*(1-math.Pow(1-experiment.Alpha, float64(len(r.Sources))))),
		Head: []string{"criterion"},
	}
	for _, system := range r.Systems {
		g.Head = append(g.Head, system.Title())
	}
	line := func(title string, judge func(experiment.System) cell) {
		cells := plain(title)
		for _, system := range r.Systems {
			cells = append(cells, judge(system.System).orNotMeasured())
		}
		g.Lines = append(g.Lines, cells)
	}
	for _, m := range experiment.SchemeMetrics() {
		if m.Summary && m.Criterion != nil {
			line(m.Name, func(of experiment.System) cell {
				return cell{Verdict: r.rows(m.ID, ofSystems).filter(func(row *experiment.Row) bool { return row.System() == of }).verdict()}
			})
		}
	}
	line("SP 800-22 on the ciphertexts", func(of experiment.System) cell {
		for _, row := range r.Randomness {
			if row.System == of && row.Subject == experiment.Ciphertexts {
				failed, made := failedTests(row)
				return passedOf(made-len(failed), made)
			}
		}
		return cell{}
	})
	return g
}

func (c cell) orNotMeasured() cell {
	if c.Verdict == experiment.None {
		return cell{Text: notMeasured, Empty: true}
	}
	return c
}

func passedOf(passed, made int) cell {
	if made == 0 {
		return cell{}
	}
	return cell{Text: fmt.Sprintf("%d of %d:", passed, made), Verdict: passIf(passed == made)}
}

// Claims are those of the publication with both verdicts.
func (r *Report) Claims() grid {
	g := grid{
		Caption: "Claims made for XOR with the key image of a network. What passes for any random-looking key is no evidence of security",
		Head:    []string{"", "as claimed, in substance", "verdict on that", "the field's test", "verdict by that"},
	}
	for _, c := range r.Checklist {
		g.Lines = append(g.Lines, append(plain(c.ID, c.Claimed), c.claimedCell(), cell{Text: c.Claim}, c.cell(c.Verdict)))
	}
	return g
}

// cell is a verdict in a table.
func (c Check) cell(v experiment.Verdict) cell {
	if v == experiment.None && c.OverSeeds {
		return cell{Text: overSeeds, Empty: true}
	}
	return cell{Verdict: v}.orNotMeasured()
}

func (c Check) claimedCell() cell {
	out := c.cell(c.ClaimedVerdict)
	out.Note = c.Note()
	return out
}

// SideBySide has a table for each source: a line a metric, a column a system.
func (r *Report) SideBySide() []grid {
	var out []grid
	for _, s := range r.Sources {
		out = append(out, r.sideBySide(s.Name, "All systems on "+s.Name+": means", func(experiment.Metric) bool { return true }, false))
	}
	return out
}

// sideBySide is the table of one source. Below a metric of which figures were published stand these, where they are wanted.
func (r *Report) sideBySide(source, caption string, wanted func(experiment.Metric) bool, withPublished bool) grid {
	g := grid{Caption: caption, Head: []string{"metric", "random data"}}
	for _, system := range r.Systems {
		g.Head = append(g.Head, system.Title())
	}
	for _, m := range experiment.SchemeMetrics() {
		if !wanted(m) {
			continue
		}
		var rows []*experiment.Row
		line, published, found := make([]cell, 2), plain("  published", ""), false
		for _, system := range r.Systems {
			row := r.Row(source, system.System, m.ID)
			value := valueCell(row)
			if withPublished && value.Empty {
				value.Text, _, _ = strings.Cut(value.Text, ":") // the reason stands below the table
			}
			rows, line = append(rows, row), append(line, value)
			figure := ""
			if row != nil {
				figure = row.Published
			}
			published, found = append(published, cell{Text: dash(figure)}), found || figure != ""
		}
		line[0].Text, line[1].Text = titleOf(m.Name, m.Unit), random(rows)
		g.Lines = append(g.Lines, line)
		if withPublished && found {
			g.Lines = append(g.Lines, published)
		}
	}
	return g
}

func dash(s string) string { return cmp.Or(s, "—") }

// random is what random data gives of a metric: one value, or those that systems and sources differ by, as grey and RGB images do.
func random(rows []*experiment.Row) string {
	var found []string
	for _, row := range rows {
		if row != nil && row.Expected != nil && !row.Exact() {
			if v := decimal(*row.Expected, row.Brief); !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
	}
	return strings.Join(found, " / ")
}

// PublishedTables have, for each system that is published, a line a metric, and measured beside published.
func (r *Report) PublishedTables() []grid {
	var out []grid
	for _, system := range r.Systems {
		if !usesRawKey(system.System) && !isNetwork(system.System) {
			continue
		}
		g := grid{Caption: r.publishedAs(system.System), Head: []string{"metric", "compared", "published"}}
		for _, s := range r.Sources {
			g.Head = append(g.Head, "measured, "+s.Name)
		}
		g.Head = append(g.Head, "random data")
		for _, m := range experiment.SchemeMetrics() {
			if !m.Compared {
				continue
			}
			line := plain(titleOf(m.Name, m.Unit), m.Definition, notPublished)
			for _, f := range publishedFigures(system.System, r.Generators) {
				if f.Metric == m.ID {
					line[2].Text = f.Value
				}
			}
			var rows []*experiment.Row
			for _, s := range r.Sources {
				row := r.Row(s.Name, system.System, m.ID)
				rows, line = append(rows, row), append(line, valueCell(row))
			}
			g.Lines = append(g.Lines, append(line, cell{Text: random(rows)}))
		}
		out = append(out, g)
	}
	return out
}

// publishedAs is the caption of a published table.
func (r *Report) publishedAs(of experiment.System) string {
	if f := publishedFigures(of, r.Generators); len(f) > 0 {
		return fmt.Sprintf("%s, measured as %s", f[0].System, of)
	}
	if isNetwork(of) {
		return fmt.Sprintf("Chaos GAN, measured as %s: what its second network reconstructs stands under “plain–decrypted”", of)
	}
	return of.String()
}

// RandomnessTable has a line for each of the 15 tests, and a column for each kind of bits.
func (r *Report) RandomnessTable() grid {
	g := grid{Caption: "SP 800-22: sequences that fail, and the verdict over all of them", Head: []string{"test"}}
	names := []string{"all 15 tests"}
	for _, row := range r.Randomness {
		g.Head = append(g.Head, fmt.Sprintf("%s: %s, %d × %d bits", row.System, row.Subject, row.Sequences, row.Bits))
		if len(row.Tests) > 0 {
			names = names[:0]
			for _, t := range row.Tests {
				names = append(names, t.Name)
			}
		}
	}
	for i, name := range names {
		var reasons []string // why the test was not made
		line := plain(name)
		for _, row := range r.Randomness {
			line = append(line, randomnessCell(row, i))
			if i >= len(row.Tests) || row.Tests[i].Made > 0 {
				continue
			}
			// The counts of each sequence follow the colon; here the first ones do for all.
			reason, _, _ := strings.Cut(row.Tests[i].Skipped, ":")
			if !slices.ContainsFunc(reasons, func(s string) bool { return strings.HasPrefix(s, reason) }) {
				reasons = append(reasons, row.Tests[i].Skipped)
			}
		}
		if len(reasons) > 0 {
			line[0].Text += " (not made: " + strings.Join(reasons, "; ") + ")"
		}
		g.Lines = append(g.Lines, line)
	}
	how := plain("how the sequences were taken")
	for _, row := range r.Randomness {
		how = append(how, cell{Text: row.Collected, Empty: row.Collected == ""})
	}
	g.Lines = append(g.Lines, how)
	return g
}

func randomnessCell(row experiment.RandomnessRow, i int) cell {
	if row.NotMeasured != "" || i >= len(row.Tests) {
		return cell{Text: cmp.Or(row.NotMeasured, notMeasured), Empty: true}
	}
	t := row.Tests[i]
	if t.Made == 0 {
		return cell{Text: "not made", Empty: true}
	}
	text := fmt.Sprintf("%d of %d fail", t.Failed, t.Made)
	if t.Bits == row.Bits && t.Made < row.Sequences {
		text += fmt.Sprintf(" (%d of the %d sequences can be used)", t.Made, row.Sequences)
	}
	if t.LeastP != nil {
		text += fmt.Sprintf(", P_T ≥ %.2g", *t.LeastP)
	}
	return cell{Text: text, Verdict: t.Verdict}
}

// Rules are those of Alvarez and Li, applied to the attacked systems.
func (r *Report) Rules() grid {
	g := grid{
		Caption: "The rules of Alvarez and Li (2006) for chaos ciphers, by what the attacks showed",
		Head:    []string{"rule", "system", "verdict", "evidence"},
	}
	for _, c := range attack.Checklist(r.Attacks) {
		verdict := map[cipher.Verdict]experiment.Verdict{cipher.Holds: experiment.Pass, cipher.Fails: experiment.Fail}[c.Verdict]
		judged := cell{Text: string(c.Verdict), Verdict: verdict}
		g.Lines = append(g.Lines, append(plain(c.Criterion, c.System.String()), judged, cell{Text: c.Evidence}))
	}
	return g
}

// Details have every row: a table for each source.
func (r *Report) Details() []grid {
	var out []grid
	for _, s := range r.Sources {
		g := grid{
			Caption: "Every value on " + s.Name,
			Head:    []string{"of", "metric", "measured, mean ± sd", "n", "expected", "threshold", "finds", "outside", "published"},
		}
		for i := range r.Rows {
			row := &r.Rows[i]
			if row.Source != s.Name {
				continue
			}
			value := cell{Text: spreadText(row), Verdict: row.Verdict, Empty: row.Measured == nil && !row.Infinite}
			if row.Note != "" && value.Text != row.Note {
				value.Text += " (" + row.Note + ")"
			}
			outside, finds := "", ""
			if row.Detects != nil {
				finds = "± " + decimal(*row.Detects, row.Digits)
			}
			if row.Verdict != experiment.None {
				outside = fmt.Sprintf("%d of %d", row.Missed, row.N)
			}
			g.Lines = append(g.Lines, append(plain(row.System().String(), titleOf(row.Name, row.Unit)), value, cell{Text: fmt.Sprint(row.N)},
				cell{Text: expectedText(row, row.Digits)}, cell{Text: thresholdText(row)}, cell{Text: finds}, cell{Text: outside}, cell{Text: dash(row.Published)}))
		}
		out = append(out, g)
	}
	return out
}

// Definitions are the metrics of the report.
func (r *Report) Definitions() []experiment.Metric {
	return slices.DeleteFunc(slices.Clone(experiment.Metrics), func(m experiment.Metric) bool {
		return !slices.ContainsFunc(r.Rows, func(row experiment.Row) bool { return row.Metric == m.ID })
	})
}

// Warnings say why schemes are not for real images, each once.
func (r *Report) Warnings() []string {
	var out []string
	for _, s := range r.Systems {
		if s.Research != "" {
			if text := strings.ToUpper(s.Research[:1]) + s.Research[1:]; !slices.Contains(out, text) {
				out = append(out, text)
			}
		}
	}
	return out
}
