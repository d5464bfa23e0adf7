package attack

import (
	"fmt"
	"slices"
	"strings"
)

// Outcome is what came of the attack, in words that say no more than its kind.
func (r Result) Outcome() string {
	switch {
	case r.NotRun != "":
		return "not run"
	case r.Kind == Measures:
		return "measured"
	case r.Kind == Recovers && !r.Succeeded && r.Shows != "":
		return "recovers no image, but shows something"
	}
	words := map[Kind][2]string{
		Recovers: {"recovers no image", "recovers an image"}, Distinguishes: {"shows nothing", "shows something"}, Forges: {"forges nothing", "forges"},
	}[r.Kind]
	if r.Succeeded {
		return words[1]
	}
	return words[0]
}

// Harms says whether the attack has a result that a good cryptosystem would not have.
func (r Result) Harms() bool {
	return r.NotRun == "" && r.Kind != Measures && (r.Succeeded || r.Shows != "")
}

// Found are the attacks of one kind that were made on a system in one use, by their numbers, and those of them that succeeded. Attacks
// may rest on the same flaw, so that their number says little.
type Found struct {
	Kind Kind
	Use  Use
	System
	Succeeded []int
	Made      []int
}

// String is "10, 13 and 18", or "none of 7".
func (f Found) String() string {
	if len(f.Succeeded) == 0 {
		return fmt.Sprintf("none of %d", len(f.Made))
	}
	return Numbers(f.Succeeded)
}

// Numbers lists numbers of attacks: "10, 13 and 18".
func Numbers(numbers []int) string {
	var words []string
	for _, n := range numbers {
		words = append(words, fmt.Sprint(n))
	}
	if last := len(words) - 1; last > 0 {
		return strings.Join(words[:last], ", ") + " and " + words[last]
	}
	return strings.Join(words, "")
}

// Sum sorts results by kind, then by use, then by system in the order in which they come. What only measures is no attack on secrecy and
// is left out. An attack that recovers no image and still shows something is one of both kinds.
func Sum(results []Result) []Found {
	var systems []System
	var all []*Found
	add := func(r Result, kind Kind, succeeded bool) {
		i := slices.IndexFunc(all, func(f *Found) bool { return f.Kind == kind && f.Use == r.Use && f.System == r.System })
		if i < 0 {
			i, all = len(all), append(all, &Found{Kind: kind, Use: r.Use, System: r.System})
		}
		all[i].Made = append(all[i].Made, r.Number)
		if succeeded {
			all[i].Succeeded = append(all[i].Succeeded, r.Number)
		}
	}
	for _, r := range results {
		if !slices.Contains(systems, r.System) {
			systems = append(systems, r.System)
		}
		if r.NotRun != "" || r.Kind == Measures {
			continue
		}
		add(r, r.Kind, r.Succeeded)
		if r.Shows != "" && !r.Succeeded {
			add(r, Distinguishes, true)
		}
	}
	var out []Found
	for _, kind := range Kinds {
		for _, use := range bothUses {
			for _, s := range systems {
				for _, f := range all {
					if f.Kind == kind && f.Use == use && f.System == s {
						slices.Sort(f.Made)
						slices.Sort(f.Succeeded)
						out = append(out, *f)
					}
				}
			}
		}
	}
	return out
}
