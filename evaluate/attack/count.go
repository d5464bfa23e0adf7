package attack

import "slices"

// A Count says how many attacks of one kind were made on a scheme in one use, and how many of them succeeded. Attacks on several
// generators or variants of the name count one by one.
type Count struct {
	Kind      Kind
	Use       Use
	Scheme    string
	Succeeded int
	Made      int
}

// Counts sums results up: by kind, then by use, then in the order of the schemes. What only measures is no attack on secrecy and is
// left out.
func Counts(results []Result) []Count {
	var schemes []string
	by := map[Count]*Count{}
	for _, r := range results {
		if !slices.Contains(schemes, r.Scheme) {
			schemes = append(schemes, r.Scheme)
		}
		if r.NotRun != "" || r.Kind == Measures {
			continue
		}
		at := Count{Kind: r.Kind, Use: r.Use, Scheme: r.Scheme}
		if by[at] == nil {
			by[at] = &Count{Kind: r.Kind, Use: r.Use, Scheme: r.Scheme}
		}
		if by[at].Made++; r.Succeeded {
			by[at].Succeeded++
		}
	}
	var out []Count
	for _, kind := range Kinds {
		for _, use := range bothUses {
			for _, s := range schemes {
				if c := by[Count{Kind: kind, Use: use, Scheme: s}]; c != nil {
					out = append(out, *c)
				}
			}
		}
	}
	return out
}
