package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
	"keygan/evaluate/metrics"
)

// SideBySide has a table for each source: a line a metric, a column a system.
func (p *page) SideBySide() []grid {
	var out []grid
	for _, s := range p.Sources {
		g := grid{Caption: "All systems on " + s.Name + ": means", Head: []string{"metric", "random data"}}
		for _, system := range p.Systems {
			g.Head = append(g.Head, system.String())
		}
		for _, m := range experiment.SchemeMetrics {
			var rows []*experiment.Row
			var cells []cell
			for _, system := range p.Systems {
				row := p.Row(s.Name, system.System, m.ID)
				rows, cells = append(rows, row), append(cells, cellOf(row))
			}
			g.Lines = append(g.Lines, append(plain(titled(m), random(m, rows)), cells...))
		}
		out = append(out, g)
	}
	return out
}

// random is what random data gives of a metric: a value for all systems and sources given, or those that they differ by, as grey and
// RGB images do.
func random(m experiment.Metric, rows []*experiment.Row) string {
	var found []string
	if m.ID == experiment.IDMSEDecrypted || m.ID == experiment.IDSSIMDecrypted || m.ID == experiment.IDExact {
		return "" // what an exact decryption gives
	}
	for _, row := range rows {
		if row != nil && row.Expected != nil {
			if v := decimal(*row.Expected, row.Brief); !slices.Contains(found, v) {
				found = append(found, v)
			}
		}
	}
	return strings.Join(found, " / ")
}

// besidePublished are the metrics of the published tables, papers' definitions and the field's.
var besidePublished = []string{
	experiment.IDNPCRPlainCipher, experiment.IDNPCR, experiment.IDUACIPlainCipher, experiment.IDUACI, experiment.IDMSE, experiment.IDMSEDecrypted, experiment.IDSSIM, experiment.IDSSIMDecrypted,
	experiment.IDCorrelation[metrics.Horizontal], experiment.IDCorrelation[metrics.Vertical], experiment.IDCorrelation[metrics.Diagonal],
}

// PublishedTables have, for each system that is published, a line a metric, and measured beside published.
func (p *page) PublishedTables() []grid {
	var out []grid
	for _, system := range p.Systems {
		if !usesRawKey(system.System) && !isNetwork(system.System) {
			continue
		}
		g := grid{Caption: p.publishedAs(system.System), Head: []string{"metric", "compared", "published"}}
		for _, s := range p.Sources {
			g.Head = append(g.Head, "measured, "+s.Name)
		}
		g.Head = append(g.Head, "random data")
		for _, id := range besidePublished {
			m := experiment.SchemeMetrics[slices.IndexFunc(experiment.SchemeMetrics, func(m experiment.Metric) bool { return m.ID == id })]
			figure := "not published"
			for _, f := range publishedFigures(system.System, p.Generators) {
				if f.Metric == m.ID {
					figure = f.Value
				}
			}
			line := plain(titled(m), m.Definition, figure)
			var rows []*experiment.Row
			for _, s := range p.Sources {
				row := p.Row(s.Name, system.System, m.ID)
				rows, line = append(rows, row), append(line, cellOf(row))
			}
			g.Lines = append(g.Lines, append(line, cell{Text: random(m, rows)}))
		}
		out = append(out, g)
	}
	return out
}

// publishedAs is the caption of a published table.
func (p *page) publishedAs(of experiment.System) string {
	if f := publishedFigures(of, p.Generators); len(f) > 0 {
		return fmt.Sprintf("%s, measured as %s", f[0].System, of)
	}
	if isNetwork(of) {
		return fmt.Sprintf("Chaos GAN, measured as %s: what its second network reconstructs stands under “plain–decrypted”", of)
	}
	return of.String()
}

// RandomnessTable has a line for each of the 15 tests, and a column for each kind of bits.
func (p *page) RandomnessTable() grid {
	g := grid{Caption: "SP 800-22: sequences that fail, and the verdict over all of them", Head: []string{"test"}}
	var names []string
	for _, row := range p.Randomness {
		g.Head = append(g.Head, fmt.Sprintf("%s: %s, %d × %d bits", row.System, row.Subject, row.Sequences, row.Bits))
		for i, t := range row.Tests {
			if i >= len(names) {
				names = append(names, t.Name)
			}
		}
	}
	if len(names) == 0 {
		names = []string{"all 15 tests"}
	}
	for i, name := range names {
		var reasons []string // why the test was not made
		for _, row := range p.Randomness {
			if i >= len(row.Tests) || row.Tests[i].Made > 0 {
				continue
			}
			// The counts of each sequence follow behind the colon; here the first ones do for all.
			reason, _, _ := strings.Cut(row.Tests[i].Skipped, ":")
			if !slices.ContainsFunc(reasons, func(s string) bool { return strings.HasPrefix(s, reason) }) {
				reasons = append(reasons, row.Tests[i].Skipped)
			}
		}
		line := plain(name)
		if len(reasons) > 0 {
			line[0].Text += " (not made: " + strings.Join(reasons, "; ") + ")"
		}
		for _, row := range p.Randomness {
			line = append(line, randomnessCell(row, i))
		}
		g.Lines = append(g.Lines, line)
	}
	return g
}

func randomnessCell(row experiment.RandomnessRow, i int) cell {
	if row.NotMeasured != "" || i >= len(row.Tests) {
		return cell{Text: cmp.Or(row.NotMeasured, "not measured"), Empty: true}
	}
	t := row.Tests[i]
	if t.Made == 0 {
		return cell{Text: "not made", Empty: true}
	}
	text := fmt.Sprintf("%d of %d fail", t.Failed, t.Made)
	if t.LeastP != nil {
		text += fmt.Sprintf(", P_T ≥ %.2g", *t.LeastP)
	}
	return cell{Text: text, Verdict: t.Verdict}
}

// An attackGroup is one attack on all systems.
type attackGroup struct {
	Number              int
	Name                string
	Expected, Criterion string
	Results             []attack.Result
	Pictures            []pictured
}

// AttackGroups are the attacks in their order.
func (p *page) AttackGroups() []attackGroup {
	var out []attackGroup
	for _, a := range p.Attacks {
		if len(out) == 0 || out[len(out)-1].Number != a.Number {
			out = append(out, attackGroup{Number: a.Number, Name: a.Name})
		}
		g := &out[len(out)-1]
		g.Expected, g.Criterion = cmp.Or(g.Expected, a.Expected), cmp.Or(g.Criterion, a.Criterion)
		g.Results = append(g.Results, a)
		for _, one := range a.Pictures {
			file := one.Name + ".png"
			g.Pictures = append(g.Pictures, pictured{Picture{File: file, Caption: a.System() + ": " + one.Caption}, p.inline(file)})
		}
	}
	return out
}

// Numbers are what an attack measured, for people.
func (p *page) Numbers(a attack.Result) string {
	var out []string
	for _, v := range a.Measured {
		s := fmt.Sprintf("%s %.5g", v.Name, v.Value)
		if v.Unit != "" {
			s += " " + v.Unit
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// Rules are Alvarez and Li's, applied to the attacked systems.
func (p *page) Rules() grid {
	g := grid{Caption: "The rules of Alvarez and Li (2006) for chaos ciphers, by what the attacks showed", Head: []string{"rule", "system", "verdict", "evidence"}}
	for _, c := range attack.Checklist(p.Attacks) {
		verdict := map[cipher.Verdict]experiment.Verdict{cipher.Holds: experiment.Pass, cipher.Fails: experiment.Fail}[c.Verdict]
		g.Lines = append(g.Lines, []cell{{Text: c.Criterion}, {Text: experiment.System{Scheme: c.Scheme, Generator: c.Generator}.String()}, {Text: string(c.Verdict), Verdict: verdict}, {Text: c.Evidence}})
	}
	return g
}

// Details have every row: a table for each source.
func (p *page) Details() []grid {
	var out []grid
	for _, s := range p.Sources {
		g := grid{Caption: "Every value on " + s.Name, Head: []string{"of", "metric", "measured, mean ± sd", "n", "expected", "threshold", "outside", "published"}}
		for i := range p.Rows {
			row := &p.Rows[i]
			if row.Source != s.Name {
				continue
			}
			value := cell{Text: spreadText(row), Verdict: row.Verdict, Empty: row.Measured == nil && !row.Infinite}
			if row.Note != "" && value.Text != row.Note {
				value.Text += " (" + row.Note + ")"
			}
			outside := ""
			if row.Verdict != experiment.None {
				outside = fmt.Sprintf("%d of %d", row.Missed, row.N)
			}
			g.Lines = append(g.Lines, []cell{{Text: row.System().String()}, {Text: titleOf(row)}, value, {Text: fmt.Sprint(row.N)}, {Text: expectedText(row)}, {Text: thresholdText(row)}, {Text: outside}, {Text: dash(row.Published)}})
		}
		out = append(out, g)
	}
	return out
}

// Definitions are those of the metrics in the report.
func (p *page) Definitions() []definition { return p.definitions() }

// Origins are where the numbers come from.
func (p *page) Origins() grid {
	o := p.Provenance
	g := grid{Caption: "What is needed to make the numbers again", Head: []string{"what", "value"}}
	add := func(what, value string) {
		if value != "" {
			g.Lines = append(g.Lines, plain(what, value))
		}
	}
	add("command", o.Command)
	if o.Quick {
		add("quick", "yes: fewer images and changes than the configuration asks for")
	}
	add("keygan", o.Keygan)
	add("Go", o.Go)
	add("platform", o.Platform)
	add("processor", fmt.Sprintf("%s, %d cores used", o.CPU, o.Cores))
	add("libraries", strings.Join(o.Libraries, ", "))
	add("seed", fmt.Sprint(o.Seed))
	add("SHA-256 of the configuration", o.ConfigHash)
	for _, of := range p.Generators {
		add("SHA-256 of the weights of "+of.Name, of.Hash)
		add("weights of "+of.Name, of.File)
		add("training run of "+of.Name, of.Run)
		add("SHA-256 of the reconstructor of "+of.Name, of.Reconstructor)
		add("SHA-256 of the training configuration of "+of.Name, of.ConfigHash)
	}
	for _, s := range p.Sources {
		add("SHA-256 of the images of "+s.Name, s.Digest)
		add("images of "+s.Name, strings.Join(s.Images, ", "))
	}
	add("began", o.Began)
	add("took", fmt.Sprintf("%.0f s", o.Took))
	return g
}
