package attack

// CheckVerdict says what holds of a scheme.
type CheckVerdict string

// The verdicts of the checklist.
const (
	Holds      CheckVerdict = "holds"
	Fails      CheckVerdict = "fails"
	NotClaimed CheckVerdict = "not claimed" // the scheme has no such property to be tested
)

// Check is one rule of Alvarez and Li, "Some basic cryptographic requirements for chaos-based cryptosystems" (International Journal of
// Bifurcation and Chaos, 2006), applied to one system.
type Check struct {
	Criterion string       `json:"criterion"`
	Scheme    string       `json:"scheme"`
	Generator string       `json:"generator,omitempty"`
	Verdict   CheckVerdict `json:"verdict"`
	Evidence  string       `json:"evidence"` // a sentence
	Attacks   []int        `json:"attacks"`  // the attacks that the verdict rests on; none where it follows from the construction
}

// Checklist applies the rules to the systems that results are of: first by rule, then by system.
func Checklist(results []Result) []Check { return nil }
