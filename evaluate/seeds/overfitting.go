package seeds

import (
	"fmt"
	"math"
	"strings"

	"keygan/evaluate/metrics"
)

// overfitShare is by how much keys of held-out images may differ from keys of training images: a fiftieth of the way from random keys to the
// worst ones that are possible. A share of the value itself would be no margin where the value is nearly 0.
const overfitShare = 0.02

// overfitScale says how a measure of keys is compared.
type overfitScale struct {
	measure string
	name    string  // of what is compared, with its unit
	span    float64 // from random keys to the worst possible ones
	of      func(value float64, keyBytes int) float64
}

func itself(value float64, _ int) float64 { return value }

// cramersV brings χ² to a scale from 0 to 1 that does not depend on the length of the key: the square root of its share of the greatest
// value that n bytes can have, 255·n, where all of them are equal (Cramér, Mathematical Methods of Statistics, 1946, section 21.9).
func cramersV(chi2 float64, n int) float64 {
	return math.Sqrt(chi2 / (metrics.ChiSquareFreedom * float64(n)))
}

var overfitScales = []overfitScale{
	{"Entropy", "entropy (bits; 8 at best, 0 at worst)", 8, itself},
	{"Chi2", "χ² as Cramér's V (0 at best, 1 at worst)", 1, cramersV},
	{"Correlation", "correlation of neighbours (0 at best, 1 at worst)", 1, itself},
	{"Distance", "distance between keys (UACI in %; 33.46 at best, 0 at worst)", 33.46, itself},
}

func (s overfitScale) margin() float64 { return overfitShare * s.span }

// noOverfitting judges "no overfitting": the keys of held-out images are as good as those of training images.
func (r *Report) noOverfitting(s System) (c Claim, measured bool) {
	var margins []string
	for _, scale := range overfitScales {
		margins = append(margins, fmt.Sprintf("%.3g for %s", scale.margin(), scale.name))
	}
	c = Claim{Claim: "No overfitting", Of: s.Row, Test: fmt.Sprintf("the keys of held-out images differ from those of training images by less than a margin, "+
		"with the whole 95 %% interval over seeds. The margin is %g %% of the way from random keys to the worst possible ones: %s",
		100*overfitShare, strings.Join(margins, ", "))}
	var verdicts []Verdict
	for _, scale := range overfitScales {
		held, train := r.courseOf(s.Row, scale.measure, heldOut), r.courseOf(s.Row, scale.measure, trained)
		if held == nil || train == nil {
			continue
		}
		a, b := held.Over[len(held.Over)-1], train.Over[len(train.Over)-1]
		var differences, before []float64
		for i := range min(a.N, b.N) {
			of := scale.of(b.Values[i], s.KeyBytes)
			before, differences = append(before, of), append(differences, scale.of(a.Values[i], s.KeyBytes)-of)
		}
		d := Summarize(differences)
		if d.N == 0 {
			continue
		}
		v := within(d, -scale.margin(), scale.margin(), len(overfitScales))
		verdicts = append(verdicts, v)
		name, _, _ := strings.Cut(scale.name, " (")
		c.Measures = append(c.Measures, Measure{name,
			[]Column{{"training images", short(mean(before))}, {"held-out minus training", d.text(4)}, {"margin", short(scale.margin())}}, v})
	}
	c.Verdict = join(verdicts...)
	return c, len(verdicts) > 0
}
