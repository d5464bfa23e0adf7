package attack

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"keygan/cipher"
)

// Check is one rule of Alvarez and Li, "Some basic cryptographic requirements for chaos-based cryptosystems" (International Journal of
// Bifurcation and Chaos, 2006), applied to one system.
type Check struct {
	Criterion string `json:"criterion"`
	System
	Verdict  cipher.Verdict `json:"verdict"`
	Evidence string         `json:"evidence"`          // a sentence or two
	Attacks  []int          `json:"attacks,omitempty"` // those that the verdict rests on; none where it follows from the construction
}

// A judgement is what a rule says of a cryptosystem by its results: the verdict, the evidence, and the attacks that it rests on.
type judgement func(i cipher.Info, results map[int]Result) (cipher.Verdict, string, []int)

var rules = []struct {
	criterion string
	apply     judgement
	reuse     []int // attacks that a kept key may fall to
}{
	{"the description is complete and reproducible", claimed(func(c cipher.Claims) cipher.Claim { return c.Described }), nil},
	{"finite precision does no harm", claimed(func(c cipher.Claims) cipher.Claim { return c.Precise }), nil},
	{"the key is defined exactly, and there are more than 2¹⁰⁰", claimed(func(c cipher.Claims) cipher.Claim { return c.KeysCounted }), nil},
	{"no weak keys", claimed(func(c cipher.Claims) cipher.Claim { return c.NoWeakKeys }), nil},
	{"avalanche in the key", avalancheRule, nil},
	{"withstands a ciphertext-only attack", withstands(1, 10, 16, 7, 17, 13, 2), nil},
	{"withstands a known-plaintext attack", withstands(18, 5, 15), []int{5}},
	{"withstands a chosen-plaintext attack", withstands(3, 4, 6, 8), []int{3, 4, 6}},
	{"withstands a chosen-ciphertext attack", withstands(11), nil},
}

// Checklist applies the rules to the systems that results are of: first by rule, then by system. What can be measured rests on the
// results; the rest follows from the construction. The verdicts are on the published use; the evidence says what a kept key falls to.
func Checklist(results []Result) []Check {
	var systems []System
	by, misused := map[System]map[int]Result{}, map[System]map[int]Result{}
	for _, r := range results {
		if by[r.System] == nil {
			by[r.System], misused[r.System] = map[int]Result{}, map[int]Result{}
			systems = append(systems, r.System)
		}
		switch {
		case r.NotRun != "":
		case r.Use == KeptKey:
			misused[r.System][r.Number] = r
		default:
			by[r.System][r.Number] = r
		}
	}
	var out []Check
	for _, rule := range rules {
		for _, s := range systems {
			info := cipher.Describe(s.Scheme)
			if info.OnlyAttacks != nil && (info.Keystream != cipher.NoKeystream || info.VariantOf != "") {
				continue // a keystream by itself, or a misuse
			}
			results := maps.Clone(by[s])
			if info.Keystream == cipher.RawKeystream {
				maps.Copy(results, by[System{cipher.RawKey, s.Generator}])
			}
			verdict, evidence, attacks := rule.apply(info, results)
			out = append(out, Check{rule.criterion, s, verdict, evidence + fallsTo(rule.reuse, misused[s]), attacks})
		}
	}
	return out
}

// fallsTo says which attacks a kept key falls to.
func fallsTo(attacks []int, misused map[int]Result) string {
	var succeeded []int
	for _, n := range attacks {
		if misused[n].Succeeded {
			succeeded = append(succeeded, n)
		}
	}
	if len(succeeded) == 0 {
		return ""
	}
	return " A kept key, which is misuse, falls to attack " + listed(succeeded) + "."
}

func listed(numbers []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(numbers), " ", ", "), "[]")
}

// withstands holds when none of the attacks succeeded; the first of them that did is the evidence. Attack 5 is among the known-plaintext
// ones because whoever has P1 ⊕ P2 and knows one of the two has the other.
func withstands(attacks ...int) judgement {
	return func(_ cipher.Info, results map[int]Result) (cipher.Verdict, string, []int) {
		var made, succeeded []int
		for _, n := range attacks {
			if r, ok := results[n]; ok {
				made = append(made, n)
				if r.Succeeded {
					succeeded = append(succeeded, n)
				}
			}
		}
		switch {
		case len(made) == 0:
			return cipher.NotMeasured, "None of these attacks was made.", nil
		case len(succeeded) > 0:
			evidence := results[succeeded[0]].Conclusion
			slices.Sort(succeeded)
			return cipher.Fails, evidence, succeeded
		}
		slices.Sort(made)
		return cipher.Holds, fmt.Sprintf("Attacks made and failed: %s.", listed(made)), made
	}
}

// claimed takes the claim that the cryptosystem's own file makes. An attack that succeeds refutes it.
func claimed(of func(cipher.Claims) cipher.Claim) judgement {
	return func(i cipher.Info, results map[int]Result) (cipher.Verdict, string, []int) {
		c := of(i.Claims)
		if c.Attack == 0 {
			return cmp.Or(c.Verdict, cipher.NotShown), cmp.Or(c.Evidence, "It says nothing of this."), nil
		}
		switch r, made := results[c.Attack]; {
		case !made:
			return cipher.NotMeasured, fmt.Sprintf("Attack %d was not made.", c.Attack), nil
		case r.Succeeded && c.Verdict != cipher.Fails:
			return cipher.Fails, r.Conclusion, []int{c.Attack}
		}
		return c.Verdict, c.Evidence, []int{c.Attack}
	}
}

// avalancheRule looks at what comes out under a key that is wrong in one bit: 0.4 % of the samples are right by chance.
func avalancheRule(_ cipher.Info, results map[int]Result) (cipher.Verdict, string, []int) {
	r, ok := results[12]
	if !ok {
		return cipher.NotMeasured, "Attack 12 was not made.", nil
	}
	right, decrypted := r.Value("samples found")
	if decrypted && right < 5 {
		return cipher.Holds, fmt.Sprintf("A key wrong in one bit gives %.2f %% of the samples, no more than chance does.", right), []int{12}
	}
	return map[bool]cipher.Verdict{true: cipher.Fails, false: cipher.Holds}[decrypted], r.Conclusion, []int{12}
}
