package report

import (
	"fmt"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/evaluate/attack"
	"keygan/evaluate/experiment"
)

// Attacked has a line for each attack and use, with all systems side by side, the controls among them: what succeeds against a one-time
// key as well says nothing against a scheme.
func (r *Report) Attacked() grid {
	g := grid{
		Caption: "What can be recovered, shown or forged? ✗: the attack succeeds, with several images on at least half of them; ✓: it does not; —: it was " +
			"not made. A kept key serves several images, which is misuse. Several attacks may use the same flaw. That none succeeds is no proof of security" + r.leaves(),
		Head: []string{"attack", "aim", "the attacker has"},
	}
	systems := slices.DeleteFunc(slices.Clone(r.Systems), func(s experiment.SystemInfo) bool {
		return !slices.ContainsFunc(r.Attacks, func(a attack.Result) bool { return a.System == s.System && a.NotRun == "" })
	})
	for _, s := range systems {
		g.Head = append(g.Head, s.Title())
	}
	for _, kind := range attack.Kinds {
		for i, a := range r.Attacks {
			sameLine := func(b attack.Result) bool { return b.Number == a.Number && b.Use == a.Use }
			if a.Kind != kind || kind == attack.Measures || slices.ContainsFunc(r.Attacks[:i], sameLine) {
				continue
			}
			name := fmt.Sprintf("%d %s", a.Number, a.Name)
			if a.Use == attack.KeptKey {
				name = fmt.Sprintf("%d with a kept key", a.Number)
			}
			cells := plain(name, kindAims[kind], a.Has)
			made := false
			for _, s := range systems {
				c := r.attackCell(s.System, a)
				made = made || !c.Empty
				cells = append(cells, c)
			}
			if made {
				g.Lines = append(g.Lines, cells)
			}
		}
	}
	return g
}

// leaves says what share of images an attack may still open that opened none of those at hand.
func (r *Report) leaves() string {
	var most *attack.Rate
	for _, a := range r.Attacks {
		if a.Rate != nil && a.Rate.Successes == 0 && (most == nil || a.Rate.Trials > most.Trials) {
			most = a.Rate
		}
	}
	if most == nil {
		return ""
	}
	return fmt.Sprintf(": 0 of %d images leaves up to %.0f %% of all images (95 %%, Wilson)", most.Trials, most.High)
}

// attackCell is what an attack did to a system, or to the variant of it that keeps its key.
func (r *Report) attackCell(of experiment.System, like attack.Result) cell {
	for _, a := range r.Attacks {
		variant := like.Use == attack.KeptKey && cipher.Describe(a.Scheme).VariantOf == of.Scheme
		if a.Number != like.Number || a.Use != like.Use || a.NotRun != "" || a.System != of && !variant {
			continue
		}
		text := map[bool]string{true: "✗", false: "✓"}[a.Harms()]
		if a.Rate != nil {
			text += fmt.Sprintf(" %d of %d", a.Rate.Successes, a.Rate.Trials)
		}
		c := cell{Text: text, Said: passIf(!a.Harms())}
		if a.Shows != "" && !a.Succeeded {
			c.Note = "but shows something"
		}
		return c
	}
	return cell{Text: dash(""), Empty: true}
}

// How the table names what the attacks of a kind are after.
var kindAims = map[attack.Kind]string{attack.Recovers: "recover", attack.Distinguishes: "show", attack.Forges: "forge"}

// How the findings name what the attacks of a kind do.
var kindHeads = map[attack.Kind]string{
	attack.Recovers:      "Attacks recover an image",
	attack.Distinguishes: "Attacks show something",
	attack.Forges:        "Forgeries are accepted",
}

// AttackFindings say which attacks succeed, by kind and use. The controls stand with the systems that they are compared with.
func (f facts) AttackFindings() (out []Finding) {
	all := attack.Sum(f.Attacks)
	for _, use := range []attack.Use{attack.Published, attack.KeptKey} {
		for _, kind := range attack.Kinds {
			var won, safe []string
			for _, a := range all {
				switch {
				case a.Kind != kind || a.Use != use:
				case len(a.Succeeded) > 0:
					won = append(won, fmt.Sprintf("%s by %s", f.attackedName(a.System), a))
				default:
					safe = append(safe, fmt.Sprintf("%s (%s)", f.attackedName(a.System), a))
				}
			}
			if len(won) == 0 && len(safe) == 0 {
				continue
			}
			find := Finding{Head: kindHeads[kind]}
			if use == attack.KeptKey {
				find.Head += " if one key serves several images, which is misuse"
			}
			find.Head += ":"
			find.Text = strings.Join(won, "; ") + "."
			if len(won) == 0 {
				find.Text = "of no system."
			}
			if len(safe) > 0 {
				find.Text += " No attack that was made does so with " + strings.Join(safe, ", ") + "."
			}
			out = append(out, find)
		}
	}
	return out
}

func (f facts) attackedName(of experiment.System) string {
	if cipher.Describe(of.Scheme).Control {
		return "the control " + f.name(of)
	}
	return f.name(of)
}

// found is what came of the attacks on the published use of a system, and of the same attacks on the controls with a random key.
func (r *Report) found(of experiment.System) string {
	var parts []string
	var numbers []int
	made := 0
	for _, a := range attack.Sum(r.Attacks) {
		if a.System != of || a.Use == attack.KeptKey {
			continue
		}
		made += len(a.Made)
		if len(a.Succeeded) > 0 {
			does := map[attack.Kind]string{attack.Recovers: "recovers an image", attack.Distinguishes: "shows something", attack.Forges: "forges"}[a.Kind]
			if len(a.Succeeded) > 1 {
				does = map[attack.Kind]string{attack.Recovers: "recover an image", attack.Distinguishes: "show something", attack.Forges: "forge"}[a.Kind]
			}
			parts = append(parts, attack.Numbers(a.Succeeded)+" "+does)
			numbers = append(numbers, a.Succeeded...)
		}
	}
	switch {
	case made == 0:
		return "It was not attacked"
	case len(parts) == 0:
		return "No attack that was made succeeds, which is no proof of security"
	}
	text := "Of the attacks, " + strings.Join(parts, ", ")
	for _, s := range r.Systems {
		if s.System != of && randomByConstruction(s.Scheme) {
			if control := r.control(s.System, numbers); control != "" {
				text += "; " + control
			}
		}
	}
	return text
}

// control says which of some attacks succeed on a control as well.
func (r *Report) control(of experiment.System, numbers []int) string {
	var made, won []int
	for _, a := range r.Attacks {
		if a.System == of && a.NotRun == "" && a.Use != attack.KeptKey && slices.Contains(numbers, a.Number) {
			if made = append(made, a.Number); a.Harms() {
				won = append(won, a.Number)
			}
		}
	}
	withstood := slices.DeleteFunc(made, func(n int) bool { return slices.Contains(won, n) })
	switch name := "the control " + r.name(of); {
	case len(withstood) == 0 && len(won) == 0:
		return ""
	case len(won) == 0:
		return fmt.Sprintf("%s withstands %s", name, attack.Numbers(withstood))
	case len(withstood) == 0:
		return fmt.Sprintf("%s falls to %s, too", name, attack.Numbers(won))
	default:
		return fmt.Sprintf("%s withstands %s and falls to %s", name, attack.Numbers(withstood), attack.Numbers(won))
	}
}

// weakness is first the share of attacks that recover an image from a system, then of those that show something, then of forgeries; ok is
// false if it was not attacked.
func (r *Report) weakness(of experiment.System) (w [3]float64, ok bool) {
	for _, a := range attack.Sum(r.Attacks) {
		if a.System == of && a.Use != attack.KeptKey {
			w[slices.Index(attack.Kinds, a.Kind)] = float64(len(a.Succeeded)) / float64(len(a.Made))
			ok = true
		}
	}
	return w, ok
}
