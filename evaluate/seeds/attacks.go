package seeds

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// resists judges "resists various attacks", in the use that is published. What only measures is no attack. Each attack that succeeds is
// named with its seeds, by what it is after.
func (r *Report) resists(s System) Claim {
	c := Claim{Claim: "Resists attacks", Of: s.Row, Test: "no attack on the published use succeeds with any seed", Verdict: NotMeasured}
	evaluated := 0
	won := map[attack.Kind]map[int]int{} // by kind and number, with how many seeds
	names := map[int]string{}
	for _, e := range r.evaluations {
		found := attack.Sum(slices.DeleteFunc(slices.Clone(e.Attacks), func(a attack.Result) bool {
			return a.System != s.attacked() || a.Use == attack.KeptKey
		}))
		for _, a := range e.Attacks {
			names[a.Number] = a.Name
		}
		if len(found) > 0 {
			evaluated++
		}
		for _, f := range found {
			if won[f.Kind] == nil {
				won[f.Kind] = map[int]int{}
			}
			for _, n := range f.Succeeded {
				won[f.Kind][n]++
			}
		}
	}
	if evaluated == 0 {
		return c
	}
	c.Verdict = Holds
	for _, kind := range attack.Kinds {
		var text []string
		for _, n := range slices.Sorted(maps.Keys(won[kind])) {
			text = append(text, fmt.Sprintf("%d (%s) with %d of %d seeds", n, names[n], won[kind][n], evaluated))
		}
		if len(text) > 0 {
			c.Verdict = Fails
			c.Evidence = append(c.Evidence, fmt.Sprintf("%s: %s.", kindHeads[kind], strings.Join(text, ", ")))
		}
	}
	if c.Verdict == Holds {
		c.Evidence = []string{"No attack that was made succeeds."}
	}
	return c
}

// How the attacks of a kind are told of.
var kindHeads = map[attack.Kind]string{
	"": "Succeed", attack.Recovers: "Recover an image", attack.Distinguishes: "Show something of the image or the key", attack.Forges: "Forge",
}

// attacked is the system as the attacks call it.
func (s System) attacked() attack.System { return attack.System{Scheme: s.Scheme, Generator: s.Row} }

// controls are the systems of the evaluations whose verdicts are known beforehand, without the cat map alone, which everybody can undo.
func (r *Report) controls() (out []attack.System) {
	for _, e := range r.evaluations {
		for _, a := range e.Attacks {
			if info := cipher.Describe(a.Scheme); info.Control && info.Fresh && !slices.Contains(out, a.System) {
				out = append(out, a.System)
			}
		}
	}
	return out
}

// writeAttacks has a line an attack and use, and a column a system and control: with how many seeds the attack succeeds.
func (r *Report) writeAttacks(p printer) {
	type line struct {
		kind   attack.Kind
		number int
		use    attack.Use
	}
	type cell struct {
		line
		system attack.System
	}
	won, shows, made, names := map[cell]int{}, map[cell]int{}, map[cell]int{}, map[line]string{}
	var head []string
	var systems []attack.System
	for _, s := range r.Systems {
		if s.Scheme != "" {
			head, systems = append(head, s.Title()), append(systems, s.attacked())
		}
	}
	for _, s := range r.controls() {
		head, systems = append(head, s.String()+" (control)"), append(systems, s)
	}
	for _, e := range r.evaluations {
		for _, a := range e.Attacks {
			if of := cipher.Describe(a.Scheme).VariantOf; of != "" && a.Use == attack.KeptKey {
				a.Scheme = of // that keeps its key
			}
			if a.NotRun != "" || a.Kind == attack.Measures || !slices.Contains(systems, a.System) {
				continue
			}
			at := cell{line{a.Kind, a.Number, a.Use}, a.System}
			made[at]++
			names[at.line] = a.Name
			switch {
			case a.Succeeded:
				won[at]++
			case a.Harms():
				shows[at]++
			}
		}
	}
	if len(made) == 0 {
		return
	}
	p("## Attacks\n\nWith how many of the seeds an attack succeeds. – means that it was not made. A kept key serves several images, which is misuse. " +
		"Several attacks may use the same flaw, so that their number says little. Attacks that only measure are left out.\n\n| attack | aim | key |")
	for _, title := range head {
		p(" %s |", title)
	}
	p("\n|---|---|---|%s\n", strings.Repeat("---|", len(systems)))
	order := func(a, b line) int { // published before kept key
		return cmp.Or(cmp.Compare(slices.Index(attack.Kinds, a.kind), slices.Index(attack.Kinds, b.kind)), cmp.Compare(a.number, b.number), -cmp.Compare(a.use, b.use))
	}
	for _, l := range slices.SortedFunc(maps.Keys(names), order) {
		p("| %d %s | %s | %s |", l.number, names[l], l.kind, l.use)
		for _, s := range systems {
			switch at := (cell{l, s}); {
			case made[at] == 0:
				p(" – |")
			case shows[at] > 0:
				p(" %d of %d; shows something with %d |", won[at], made[at], shows[at])
			default:
				p(" %d of %d |", won[at], made[at])
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
