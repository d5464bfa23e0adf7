package seeds

import (
	"cmp"
	"fmt"
	"strings"

	"keygan/evaluate/experiment"
)

// writeSources says which images were measured, and how many of them the networks were trained on: once for all seeds of which the same
// is to be said.
func (r *Report) writeSources(p printer) {
	var texts []string
	seeds := map[string][]uint64{}
	for _, e := range r.evaluations {
		for _, s := range e.Sources {
			text := fmt.Sprintf("%s: %s. %s", escaped(s.Name), escaped(s.Measured()),
				escaped(cmp.Or(seenText(s.Seen), "Nothing is known of what the networks were trained on")))
			if seeds[text] == nil {
				texts = append(texts, text)
			}
			seeds[text] = append(seeds[text], e.seed)
		}
	}
	for _, text := range texts {
		of := ""
		if len(seeds[text]) < len(r.evaluations) {
			of = plural(len(seeds[text]), "Seed ", "Seeds ") + joinNumbers(seeds[text]) + ", "
		}
		p("- %s%s.\n", of, text)
	}
	p("\n")
}

// seenText is what is known of each network, once for all networks of which the same is known.
func seenText(all []experiment.SeenBy) string {
	const each = "\x00" // stands for the networks' names
	var texts []string
	names := map[string][]string{}
	for _, s := range all {
		name := s.Generator
		s.Generator = each
		text := s.String()
		if names[text] == nil {
			texts = append(texts, text)
		}
		names[text] = append(names[text], name)
	}
	for i, text := range texts {
		of := strings.Join(names[text], ", ")
		if len(names[text]) > 1 {
			of = "Each of " + of
		}
		texts[i] = strings.Replace(text, each, of, 1)
	}
	return strings.Join(texts, "; ")
}

// side is the size of the images that the networks were trained with.
func (s System) side() string {
	if s.Side == 0 {
		return "–"
	}
	return fmt.Sprintf("%d×%d", s.Side, s.Side)
}

func plural(n int, one, more string) string {
	if n == 1 {
		return one
	}
	return more
}

func count(n int) string {
	if n == 0 {
		return "–"
	}
	return fmt.Sprint(n)
}

// writeMeasures writes the measures of a claim as a table, a line a system and measure.
func (r *Report) writeMeasures(p printer, claim string) {
	first := true
	for _, c := range r.Claims {
		for _, m := range c.Measures {
			if c.Claim != claim {
				continue
			}
			if first {
				p("| system | measure |")
				for _, column := range m.Columns {
					p(" %s |", column.Head)
				}
				p(" verdict |\n|---|---|%s---|\n", strings.Repeat("---|", len(m.Columns)))
				first = false
			}
			p("| %s | %s |", c.Of, m.Name)
			for _, column := range m.Columns {
				p(" %s |", escaped(column.Text))
			}
			p(" %s |\n", m.Verdict)
		}
	}
	if !first {
		p("\n")
	}
}
