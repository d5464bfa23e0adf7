package seeds

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat/distuv"

	"keygan/cipher"
	"keygan/evaluate/experiment"
	"keygan/evaluate/figure"
	"keygan/evaluate/metrics"
)

// Verdict is what the trainings say about a claim.
type Verdict string

// The verdicts. A claim is not decidable if the trainings are too few or lie too far apart to say.
const (
	Holds        Verdict = "holds"
	Fails        Verdict = "does not hold"
	NotDecidable Verdict = "not decidable"
	NotMeasured  Verdict = "not measured"
)

// A Claim is one that can only be judged over several trainings.
type Claim struct {
	Claim    string   `json:"claim"`
	Of       string   `json:"of"`   // the system
	Test     string   `json:"test"` // when it holds
	Verdict  Verdict  `json:"verdict"`
	Evidence []string `json:"evidence"` // sentences

	Measures []Measure `json:"measures,omitempty"` // where there are several of a kind, instead of sentences
}

// A Measure is one of several by which a claim is judged: a line of a table.
type Measure struct {
	Name    string   `json:"measure"`
	Columns []Column `json:"columns"`
	Verdict Verdict  `json:"verdict"`
}

// A Column is what is said of a measure, and under which head.
type Column struct {
	Head string `json:"head"`
	Text string `json:"text"`
}

// alpha is the level of the tests between systems.
const alpha = 0.05

// join is the verdict of several tests that must all hold.
func join(verdicts ...Verdict) Verdict {
	for _, v := range []Verdict{Fails, NotDecidable, NotMeasured} {
		if slices.Contains(verdicts, v) {
			return v
		}
	}
	if len(verdicts) == 0 {
		return NotMeasured
	}
	return Holds
}

// within asks whether the mean lies from low to high, by its 95 % interval over seeds: all of it inside, or all of it outside. Of several
// tests that must all hold, one that fails by chance would be enough: the interval that must lie outside is wider for each of so many
// (Bonferroni). The one that must lie inside is not, since all of them must.
func within(s Summary, low, high float64, tests int) Verdict {
	if s.N == 0 {
		return NotMeasured
	}
	if s.SD == nil {
		return NotDecidable
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(s.N - 1)}
	wide := t.Quantile(1-(1-confidence)/2/float64(tests)) * *s.SD / math.Sqrt(float64(s.N))
	switch {
	case *s.Low >= low && *s.High <= high:
		return Holds
	case *s.Mean+wide < low || *s.Mean-wide > high:
		return Fails
	}
	return NotDecidable
}

// span is a mean with the least and the greatest value. Pairs of trainings share trainings, so they have no interval by Student's t.
func (s Summary) span(digits int) string {
	return fmt.Sprintf("%.*f [%.*f to %.*f]", digits, *s.Mean, digits, slices.Min(s.Values), digits, slices.Max(s.Values))
}

// short is a value with four significant digits, without an exponent.
func short(v float64) string {
	digits := 3
	if a := math.Abs(v); a > 0 {
		digits = 3 - int(math.Floor(math.Log10(a)))
	}
	if math.Abs(v) < 1 {
		digits = 4
	}
	return fmt.Sprintf("%.*f", max(0, digits), v)
}

// short is text with as many digits as the values need.
func (s Summary) short() string {
	if s.Low == nil {
		return s.text(4)
	}
	return fmt.Sprintf("%s [%s, %s]", short(*s.Mean), short(*s.Low), short(*s.High))
}

// text is a mean with its 95 % interval over seeds.
func (s Summary) text(digits int) string {
	switch {
	case s.N == 0:
		return "not measured"
	case s.Low == nil:
		return fmt.Sprintf("%.*f (one training)", digits, *s.Mean)
	}
	return fmt.Sprintf("%.*f [%.*f, %.*f]", digits, *s.Mean, digits, *s.Low, digits, *s.High)
}

// claims judges what can be judged.
func (r *Report) claims() (out []Claim) {
	for _, k := range r.Keys {
		out = append(out, anotherKey(k)...)
	}
	out = append(out, r.betterThanGAN()...)
	for _, k := range r.Keys {
		out = append(out, noCollapse(k))
	}
	for _, s := range r.Systems {
		if c, measured := r.noOverfitting(s); measured {
			out = append(out, c)
		}
	}
	for _, s := range r.Systems {
		if c, measured := r.longerIsBetter(s); measured {
			out = append(out, c)
		}
	}
	for _, s := range r.Systems {
		if s.Scheme != "" && cipher.Describe(s.Scheme).Takes == cipher.EncryptingNetwork {
			out = append(out, r.highFidelity(s), r.hides(s), r.resists(s))
		}
	}
	for _, s := range r.Systems {
		if c, measured := r.resistsLearning(s); measured {
			out = append(out, c)
		}
	}
	var order []string // claims as they first occur, each with its systems
	for _, c := range out {
		if !slices.Contains(order, c.Claim) {
			order = append(order, c.Claim)
		}
	}
	slices.SortStableFunc(out, func(a, b Claim) int { return cmp.Compare(slices.Index(order, a.Claim), slices.Index(order, b.Claim)) })
	return out
}

// keyLevel is the probability with which random keys of several trainings would fail the field's test.
const keyLevel = 0.01

// anotherKey judges "training again gives another key", as it is claimed and by the field's test.
func anotherKey(k Keys) []Claim {
	if k.NPCR.N == 0 {
		return nil
	}
	n := k.Bytes * k.Images
	npcr, npcrSD := metrics.NPCRExpected(n, 255)
	uaci, uaciSD := metrics.UACIExpected(n, 255)
	rSD := 1 / math.Sqrt(float64(n))
	// All values of random keys lie within so many standard deviations with probability 0.99 (Bonferroni).
	sides := distuv.UnitNormal.Quantile(1 - keyLevel/2/float64(3*k.NPCR.N))
	inside := func(s Summary, mean, sd float64) Verdict {
		for _, v := range s.Values {
			if math.Abs(v-mean) > sides*sd {
				return Fails
			}
		}
		return Holds
	}
	shared := *k.Correlation.Mean * *k.Correlation.Mean
	keys := fmt.Sprintf("Keys of %d images by each two of %d trainings", k.Images, k.Different.N)
	line := func(name string, s Summary, digits int, unit string, mean, sd float64) Measure {
		return Measure{name, []Column{
			{"two trainings [least to greatest pair]", s.span(digits) + unit}, {"random keys", fmt.Sprintf("%.*f ± %.4f%s", digits, mean, sides*sd, unit)},
		}, inside(s, mean, sd)}
	}
	measures := []Measure{
		line("NPCR", k.NPCR, 3, " %", npcr, npcrSD), line("UACI", k.UACI, 3, " %", uaci, uaciSD), line("correlation", k.Correlation, 3, "", 0, rSD),
	}
	claimed := Holds
	if slices.Min(k.NPCR.Values) == 0 {
		claimed = Fails
	}
	const claim = "Training again gives another key for the same image, "
	return []Claim{
		{claim + "as claimed (any two random keys do)", k.Row, "the keys of every pair of trainings differ. That is no evidence of security", claimed,
			[]string{fmt.Sprintf("%s: NPCR %s %%.", keys, k.NPCR.span(3))}, nil},
		{claim + "by the field's test", k.Row, "NPCR, UACI and correlation of every pair lie where, with a probability of 99 %, all of random keys would",
			join(measures[0].Verdict, measures[1].Verdict, measures[2].Verdict),
			[]string{fmt.Sprintf("%s. By their correlation, two trainings share %.1f %% of the variance of a key.", keys, 100*shared)}, measures},
	}
}

// noCollapse judges "no mode collapse".
func noCollapse(k Keys) Claim {
	return Claim{"No mode collapse", k.Row, "the keys are at least as different from each other as the images that they are made of",
		within(k.Different, k.Plain, math.Inf(1), 1), []string{fmt.Sprintf(
			"The keys of %d images are worth %s different ones, the images themselves %.2f, random keys %d "+
				"(exponential of the entropy of the eigenvalues of their correlations).", k.Images, k.Different.text(2), k.Plain, k.Images)}, nil}
}

// keyMeasures are the metrics by which keys are better or worse, and towards which value.
var keyMeasures = []struct {
	id      string
	towards float64
}{
	{experiment.IDEntropy, 8}, {experiment.IDChiSquare, metrics.ChiSquareFreedom}, {experiment.IDMinEntropy, 8},
	{experiment.IDCorrelation[metrics.Horizontal], 0}, {experiment.IDCorrelation[metrics.Vertical], 0},
	{experiment.IDNPCRKeyKey, 99.609375},
}

// betterThanGAN judges "better keys than a GAN's": each key metric of each Wasserstein system against each GAN with the same generator.
func (r *Report) betterThanGAN() (out []Claim) {
	for _, gan := range r.Systems {
		for _, s := range r.Systems {
			if gan.Objective == "gan" && s.Objective == "wgan-gp" && s.Generator == gan.Generator {
				out = append(out, r.compareKeys(s, gan))
			}
		}
	}
	return out
}

// distances are how far the raw keys of each training are from what is best by a metric, the mean over the sources.
func (r *Report) distances(row, metric string, towards float64) (values []float64) {
	var n int
	for _, c := range r.Cells {
		if c.Row != row || c.Scheme != experiment.RawKey || c.Metric != metric || c.OverSeeds.N == 0 {
			continue
		}
		if values == nil {
			values = make([]float64, c.OverSeeds.N)
		}
		if len(values) != c.OverSeeds.N {
			return nil
		}
		n++
		for i, v := range c.OverSeeds.Values {
			values[i] += math.Abs(v - towards)
		}
	}
	for i := range values {
		values[i] /= float64(n)
	}
	return values
}

func (r *Report) compareKeys(s, gan System) Claim {
	c := Claim{Claim: "Better keys than a GAN's", Of: s.Row + " against " + gan.Row}
	level := alpha / float64(len(keyMeasures)) // Bonferroni
	c.Test = fmt.Sprintf("no key metric is worse and at least one is better, by an exact Mann-Whitney test over seeds at %.3g each (0.05 over %d metrics). "+
		"Whatever else differs between the two experiments counts as well, so each line names it", level, len(keyMeasures))
	c.Evidence = []string{otherDifferences(s, gan)}
	better, worse, least := 0, 0, 0.0
	for _, m := range keyMeasures {
		ours, theirs := r.distances(s.Row, m.id, m.towards), r.distances(gan.Row, m.id, m.towards)
		if len(ours) == 0 || len(theirs) == 0 {
			continue
		}
		test := Compare(theirs, ours) // the greater distance is the worse one
		least = max(least, test.LeastP)
		if test.P <= level && test.Above > 0.5 {
			better++
		}
		if test.P <= level && test.Above < 0.5 {
			worse++
		}
		verdict := map[bool]Verdict{true: Holds, false: Fails}[test.Above > 0.5]
		if test.P > level {
			verdict = NotDecidable
		}
		c.Measures = append(c.Measures, Measure{m.id, []Column{
			{"random keys", short(m.towards)}, {"nearer to that than the GAN's, of the pairs of trainings", fmt.Sprintf("%.0f %%", 100*test.Above)},
			{"p", fmt.Sprintf("%.2g", test.P)}}, verdict})
	}
	switch {
	case len(c.Measures) == 0:
		c.Verdict = NotMeasured
	case least > level:
		c.Verdict = NotDecidable
		c.Evidence = append(c.Evidence, fmt.Sprintf("So few seeds cannot decide it: the smallest p that is possible is %.2g.", least))
	case better > 0 && worse == 0:
		c.Verdict = Holds
	case worse > 0:
		c.Verdict = Fails
	default:
		c.Verdict = NotDecidable
		c.Evidence = append(c.Evidence, "No difference was found.")
	}
	return c
}

// courseOf finds a course of a system, or returns nil.
func (r *Report) courseOf(row, measure, images string) *Course {
	i := slices.IndexFunc(r.Courses, func(c Course) bool {
		return c.Row == row && c.Measure == measure && c.Images == images && len(c.Steps) > 0
	})
	if i < 0 {
		return nil
	}
	return &r.Courses[i]
}

var (
	heldOut = strings.ToLower(strings.TrimSpace(figure.HeldOut))
	trained = strings.ToLower(strings.TrimSpace(figure.Trained))
)

// longer are the measures of the question whether more steps make better keys, and the value that random keys come near: of entropies,
// from below.
var longer = []struct {
	measure string
	towards float64
}{{"Entropy", 8}, {"Chi2", metrics.ChiSquareFreedom}, {MinEntropy, 8}, {"Correlation", 0}, {"Distance", 33.46}, {"Plain Correlation", 0}}

// longerIsBetter judges "training longer makes keys more random": at the last step against a quarter of the way, seed by seed.
func (r *Report) longerIsBetter(s System) (c Claim, measured bool) {
	c = Claim{Claim: "Training longer makes keys more random", Of: s.Row,
		Test: "by every measure, the keys are nearer to random at the last step than at a quarter of the steps, with the whole 95 % interval over seeds"}
	var verdicts []Verdict
	for _, m := range longer {
		found := shown(slices.DeleteFunc(slices.Clone(r.Courses), func(c Course) bool { return c.Row != s.Row }), m.measure)
		if len(found) == 0 || len(found[0].Steps) < 4 {
			continue
		}
		o := found[0]
		last := len(o.Steps) - 1
		quarter, _ := slices.BinarySearch(o.Steps, o.Steps[last]/4)
		if quarter == last {
			continue
		}
		var gains []float64
		for i := range min(o.Over[quarter].N, o.Over[last].N) {
			gains = append(gains, math.Abs(o.Over[quarter].Values[i]-m.towards)-math.Abs(o.Over[last].Values[i]-m.towards))
		}
		g := Summarize(gains)
		v := within(g, math.SmallestNonzeroFloat64, math.Inf(1), len(longer))
		verdicts = append(verdicts, v)
		at := func(i int) string { return fmt.Sprintf("%s at step %d", short(*o.Over[i].Mean), o.Steps[i]) }
		c.Measures = append(c.Measures, Measure{m.measure,
			[]Column{{"at a quarter", at(quarter)}, {"at the end", at(last)}, {"random keys", short(m.towards)}, {"nearer to random by", g.short()}}, v})
	}
	c.Verdict = join(verdicts...)
	return c, len(verdicts) > 0
}

// The thresholds of system B's claims, which come without figures.
const (
	fidelity = 0.8  // SSIM of the decrypted image, at least
	hidden   = 0.05 // SSIM of the cipher image with the plain one, at most
)

// highFidelity and hides judge what system B is said to do, on images that were held out of training, at the size of training; without
// such, on the sources of the evaluations.
func (r *Report) highFidelity(s System) Claim {
	return r.onImages(Claim{Claim: "The reconstruction is of high fidelity", Of: s.Row,
		Test: fmt.Sprintf("its SSIM with the plain image is %g or more on held-out images, and more than that of the mean training image and of what is made of "+
			"another cipher image, with the whole 95 %% interval over seeds", fidelity)},
		s, "reconstructed", experiment.IDSSIMDecrypted, fidelity, 1)
}

func (r *Report) hides(s System) Claim {
	return r.onImages(Claim{Claim: "The cipher image hides the image", Of: s.Row,
		Test: fmt.Sprintf("its SSIM with the plain image is less than %g on held-out images, with the whole 95 %% interval over seeds. "+
			"That is the least it takes: the cat map alone, which everybody can undo, passes too", hidden)},
		s, "encrypted", "ssim_plain_cipher", -hidden, hidden)
}

func (r *Report) onImages(c Claim, s System, made, metric string, low, high float64) Claim {
	var verdicts []Verdict
	h := r.heldOutOf(s.Row, made)
	if h != nil {
		verdicts = append(verdicts, within(h.SSIM, low, high, 1))
		c.Evidence = append(c.Evidence, fmt.Sprintf("%d images held out of training: SSIM %s.", h.Images, h.SSIM.text(3)))
		if g := h.Guess; g != nil {
			verdicts = append(verdicts, g.Better)
			c.Evidence = append(c.Evidence, fmt.Sprintf("The mean training image has %s, what is made of another cipher image %s.", g.MeanSSIM.text(3), g.AnotherSSIM.text(3)))
		}
	}
	for _, cell := range r.Cells {
		if cell.Row != s.Row || cell.Scheme != s.Scheme || cell.Metric != metric {
			continue
		}
		if h == nil {
			verdicts = append(verdicts, within(cell.OverSeeds, low, high, max(1, len(r.config.Sources))))
		}
		c.Evidence = append(c.Evidence, fmt.Sprintf("%s, %d×%d: SSIM %s.", cell.Source, r.config.Size, r.config.Size, cell.OverSeeds.text(3)))
	}
	c.Verdict = join(verdicts...)
	return c
}
