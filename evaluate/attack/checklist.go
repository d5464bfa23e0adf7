package attack

import (
	"fmt"
	"slices"
	"strings"
)

// CheckVerdict says what holds of a system.
type CheckVerdict string

// The verdicts of the checklist.
const (
	Holds       CheckVerdict = "holds"
	Fails       CheckVerdict = "fails"
	NotShown    CheckVerdict = "not shown"    // neither could be shown
	NotMeasured CheckVerdict = "not measured" // none of the attacks that it takes was made
)

// Check is one rule of Alvarez and Li, "Some basic cryptographic requirements for chaos-based cryptosystems" (International Journal of
// Bifurcation and Chaos, 2006), applied to one system.
type Check struct {
	Criterion string       `json:"criterion"`
	Scheme    string       `json:"scheme"`
	Generator string       `json:"generator,omitempty"`
	Verdict   CheckVerdict `json:"verdict"`
	Evidence  string       `json:"evidence"`          // a sentence or two
	Attacks   []int        `json:"attacks,omitempty"` // those that the verdict rests on; none where it follows from the construction
}

// System names what was checked, as Result.System does.
func (c Check) System() string { return systemName(c.Scheme, c.Generator) }

// A rule is applied to the results of one system, by the attack's number.
type rule struct {
	criterion string
	apply     func(s string, results map[int]Result) (CheckVerdict, string, []int)
}

var rules = []rule{
	{"the description is complete and reproducible", describedRule},
	{"finite precision does no harm", precisionRule},
	{"the key is defined exactly, and there are more than 2¹⁰⁰", keySpaceRule},
	{"no weak keys", weakKeysRule},
	{"avalanche in the key", avalancheRule},
	{"withstands a ciphertext-only attack", withstands(1, 10, 7, 13, 2)},
	{"withstands a known-plaintext attack", withstands(5, 15)},
	{"withstands a chosen-plaintext attack", withstands(3, 4, 6, 8)},
	{"withstands a chosen-ciphertext attack", withstands(11, 12)},
}

// Checklist applies the rules to the systems that results are of: first by rule, then by system. What can be measured rests on the
// results; the rest follows from the construction.
func Checklist(results []Result) []Check {
	type systemOf struct{ scheme, generator string }
	var systems []systemOf
	by := map[systemOf]map[int]Result{}
	for _, r := range results {
		at := systemOf{r.Scheme, r.Generator}
		if by[at] == nil {
			by[at] = map[int]Result{}
			systems = append(systems, at)
		}
		by[at][r.Number] = r
	}
	// What is known of a generator's keys and of the float32 map counts for the schemes made of them.
	for _, s := range systems {
		raw, ok := by[systemOf{rawKey, s.generator}][9]
		if ok && (s.scheme == schemeXOR || s.scheme == schemePaper) {
			by[s][9] = raw
		}
	}
	systems = slices.DeleteFunc(systems, func(s systemOf) bool { return s.scheme == rawKey || s.scheme == logisticSingle })
	var out []Check
	for _, rule := range rules {
		for _, s := range systems {
			verdict, evidence, attacks := rule.apply(s.scheme, by[s])
			out = append(out, Check{rule.criterion, s.scheme, s.generator, verdict, evidence, attacks})
		}
	}
	return out
}

// withstands holds when none of the attacks succeeded; the first of them that did is the evidence. Attack 5 is among the known-plaintext
// ones because whoever has P1 ⊕ P2 and knows one of the two has the other.
func withstands(attacks ...int) func(string, map[int]Result) (CheckVerdict, string, []int) {
	return func(_ string, results map[int]Result) (CheckVerdict, string, []int) {
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
			return NotMeasured, "None of these attacks was made.", nil
		case len(succeeded) > 0:
			evidence := results[succeeded[0]].Conclusion
			slices.Sort(succeeded)
			return Fails, evidence, succeeded
		}
		slices.Sort(made)
		return Holds, fmt.Sprintf("Attacks made and failed: %s.", numbers(made)), made
	}
}

func numbers(list []int) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(list), " ", ", "), "[]")
}

// failsWith is Fails when an attack succeeded, otherwise what is left when it did not.
func failsWith(results map[int]Result, n int, otherwise CheckVerdict, evidence string) (CheckVerdict, string, []int) {
	r, ok := results[n]
	switch {
	case !ok:
		return NotMeasured, fmt.Sprintf("Attack %d was not made.", n), nil
	case r.Succeeded:
		return Fails, r.Conclusion, []int{n}
	}
	return otherwise, evidence, []int{n}
}

func describedRule(scheme string, _ map[int]Result) (CheckVerdict, string, []int) {
	switch scheme {
	case schemeXOR, schemePaper:
		return Holds, "The formulas are written down and other programs give the same bytes; the key's bytes need the network's weights, with which they are the same on every machine.", nil
	case schemeSealed:
		return Holds, "Every step is written down, and an independent program gives the same bytes for the test vectors.", nil
	}
	return Holds, "The formulas, with the order of the roundings, are written down, and other programs give the same bytes.", nil
}

func precisionRule(scheme string, results map[int]Result) (CheckVerdict, string, []int) {
	switch scheme {
	case catMapAlone:
		return failsWith(results, 1, Holds, "The map is made of whole numbers, and its period was not enough to undo it.")
	case schemeXOR, schemePaper:
		return failsWith(results, 8, Holds, "One changed bit of the image reaches all of the key through the network's rounding.")
	case logistic:
		return NotShown, "Every orbit in float64 ends in a cycle. Those of up to 4096 values are refused; how long the others are is not known.", nil
	}
	return Holds, "There is no number but whole ones, modulo the image's sides and in AES; the network's rounding is not relied on.", nil
}

func keySpaceRule(scheme string, results map[int]Result) (CheckVerdict, string, []int) {
	switch scheme {
	case catMapAlone:
		tries, ok := results[1].Value("tries")
		if !ok {
			return NotMeasured, "Attack 1 was not made.", nil
		}
		return Fails, fmt.Sprintf("The key is an iteration count, and there are %.0f.", tries-1), []int{1}
	case schemeXOR, schemePaper:
		return failsWith(results, 13, NotShown, "The key is a function of the image; how many images it might be made of, nobody can say.")
	case logistic:
		return NotShown, "x0 and r have 53 bits each, 106 by name; the map forgets much of them in its first steps, and nothing says how much.", nil
	}
	return Holds, "A secret of 256 uniform bits for each image.", nil
}

func weakKeysRule(scheme string, results map[int]Result) (CheckVerdict, string, []int) {
	switch scheme {
	case catMapAlone:
		return Fails, "Multiples of the period leave the image as it is, half the period leaves a quarter of the pixels of an image whose side is a power of two, and pixel (0, 0) never moves.", nil
	case schemeXOR, schemePaper:
		return failsWith(results, 9, NotShown, "The raw keys were not told from random bytes; that some are weak is not excluded.")
	case logistic:
		all, _ := results[15].Value("degenerate x0 at r = 4")
		refused, ok := results[15].Value("degenerate x0 refused")
		if !ok {
			return NotMeasured, "Attack 15 was not made.", nil
		}
		if refused < all {
			return Fails, fmt.Sprintf("%.0f of %.0f degenerate parameters are accepted.", all-refused, all), []int{15}
		}
		return NotShown, "Fixed points and short cycles are refused; windows of r with cycles longer than 4096 are not known.", []int{15}
	}
	return Holds, "No key of AES-256 is known to be weak, and a cat map that is the identity is never taken.", nil
}

// avalancheRule looks at what comes out under a key that is wrong in one bit: 0.4 % of the samples are right by chance.
func avalancheRule(_ string, results map[int]Result) (CheckVerdict, string, []int) {
	r, ok := results[12]
	if !ok {
		return NotMeasured, "Attack 12 was not made.", nil
	}
	right, decrypted := r.Value("samples found")
	switch {
	case !decrypted:
		return Holds, r.Conclusion, []int{12}
	case right < 5:
		return Holds, fmt.Sprintf("A key wrong in one bit gives %.2f %% of the samples, no more than chance does.", right), []int{12}
	}
	return Fails, r.Conclusion, []int{12}
}
