package seeds

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// resists judges "resists various attacks", in the use that is published. What only measures is no attack.
func (r *Report) resists(s System) Claim {
	c := Claim{Claim: "Resists attacks", Of: s.Row, Test: "no attack on the published use succeeds with any seed", Verdict: NotMeasured}
	for _, e := range r.evaluations {
		var won []string
		made := 0
		for _, a := range e.Attacks {
			if a.NotRun != "" || a.System != s.attacked() || a.Kind == attack.Measures || a.Use == attack.KeptKey {
				continue
			}
			if made++; a.Succeeded {
				won = append(won, fmt.Sprintf("%d (%s)", a.Number, a.Name))
			}
		}
		if made == 0 {
			continue
		}
		if c.Verdict == NotMeasured {
			c.Verdict = Holds
		}
		if len(won) > 0 {
			c.Verdict = Fails
		}
		c.Evidence = append(c.Evidence, fmt.Sprintf("Seed %d: %d of %d attacks succeed: %s.", e.seed, len(won), made, cmp.Or(strings.Join(won, ", "), "none")))
	}
	return c
}

// attacked is the system as the attacks call it.
func (s System) attacked() attack.System { return attack.System{Scheme: s.Scheme, Generator: s.Row} }

// writeAttacks has a line an attack and use, and a column a system: with how many seeds the attack succeeds.
func (r *Report) writeAttacks(p printer) {
	type line struct {
		number int
		use    attack.Use
	}
	type cell struct {
		line
		system attack.System
	}
	won, made, names := map[cell]int{}, map[cell]int{}, map[line]attack.Result{}
	for _, e := range r.evaluations {
		for _, a := range e.Attacks {
			if a.NotRun != "" {
				continue
			}
			at := cell{line{a.Number, a.Use}, a.System}
			made[at]++
			names[at.line] = a
			if a.Succeeded {
				won[at]++
			}
		}
	}
	if len(made) == 0 {
		return
	}
	p("## Attacks\n\nWith how many of the seeds an attack succeeds. – means that it was not made.\n\n| attack | kind | use |")
	systems := slices.DeleteFunc(slices.Clone(r.Systems), func(s System) bool { return s.Scheme == "" })
	for _, s := range systems {
		p(" %s |", s.Title())
	}
	p("\n|---|---|---|%s\n", strings.Repeat("---|", len(systems)))
	order := func(a, b line) int { return cmp.Or(cmp.Compare(a.number, b.number), -cmp.Compare(a.use, b.use)) } // published before kept key
	for _, l := range slices.SortedFunc(maps.Keys(names), order) {
		p("| %d %s | %s | %s |", l.number, names[l].Name, names[l].Kind, l.use)
		for _, s := range systems {
			if at := (cell{l, s.attacked()}); made[at] > 0 {
				p(" %d of %d |", won[at], made[at])
			} else {
				p(" – |")
			}
		}
		p("\n")
	}
	p("\n")
	r.writeLearned(p)
}

// learnedAttack is the number of the attack by networks that have learnt to restore images.
const learnedAttack = 16

// writeLearned has what the networks that restore images achieve, against guessing.
func (r *Report) writeLearned(p printer) {
	values := map[attack.System]map[string][]float64{}
	var systems []attack.System
	var names []string
	for _, e := range r.evaluations {
		for _, a := range e.Attacks {
			if a.Number != learnedAttack || a.NotRun != "" || a.Use == attack.KeptKey {
				continue
			}
			if values[a.System] == nil {
				values[a.System], systems = map[string][]float64{}, append(systems, a.System)
			}
			for _, v := range a.Measured {
				if strings.HasPrefix(v.Name, "SSIM") && !slices.Contains(names, v.Name) {
					names = append(names, v.Name)
				}
				values[a.System][v.Name] = append(values[a.System][v.Name], v.Value)
			}
		}
	}
	if len(systems) == 0 {
		return
	}
	p("### Attack %d: images restored by a network that was trained on pairs of the attacker's own\n\n| system |", learnedAttack)
	for _, name := range names {
		p(" %s |", name)
	}
	p("\n|---|%s\n", strings.Repeat("---|", len(names)))
	for _, s := range systems {
		p("| %s |", experiment.System(s))
		for _, name := range names {
			p(" %s |", plusMinus(Summarize(values[s][name]), 3))
		}
		p("\n")
	}
	p("\n")
}
