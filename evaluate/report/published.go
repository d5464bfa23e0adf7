package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"keygan/evaluate/experiment"
)

// A PublishedFigure is what a publication reports, as it reports it.
type PublishedFigure struct {
	Scheme    string `json:"scheme"`
	Generator string `json:"generator"` // the publication's name for it
	System    string `json:"system"`    // the publication's name for the whole
	Metric    string `json:"metric"`    // beside which of ours it stands
	Value     string `json:"value"`
	Quantity  string `json:"quantity"`  // as the publication calls it
	Objective string `json:"objective"` // that the publication's generator was trained with
	Network   string `json:"network"`

	allowed `json:"-"`
}

// allowed is the range of means that a published figure allows. Words that have no scale allow none: Why says so.
type allowed struct {
	Low, High float64
	Why       string
	Absolute  bool // the mean's absolute value counts
}

// within allows a number and one unit of its last digit on either side.
func within(number, unit float64) allowed { return allowed{Low: number - unit, High: number + unit} }

// Words for the size of a correlation, by Cohen (1988): from 0.5 on it is large, below 0.1 it is not even small.
const largeCorrelation, smallCorrelation = 0.5, 0.1

var noScale = allowed{Why: "a word without a scale: no measurement can confirm or refute it"}

// Published lists the ten cells of the one table of results that the publications have, that of the WGAN-GP system. They come without the
// definition behind them. An NPCR of 99.5 % for a scheme that is a permutation and an XOR can only compare a plain image with its ciphertext
// or two keys; an SSIM that is meant to be high can only be that of the decrypted image. They stand beside those.
var Published = slices.Concat(
	cells("xor", "GAN", "gan", "GAN + XOR", reported{"~78 %", within(78, 1)}, "moderate", "higher deviation", reported{"~0.61", within(0.61, 0.01)},
		reported{"strong", allowed{Low: largeCorrelation, High: 1, Absolute: true}}),
	cells("paper", "WGAN-GP", "wgan-gp", "WGAN-GP + ACM + XOR", reported{"99.5 %", within(99.5, 0.1)}, "high", "lower", reported{"~0.92", within(0.92, 0.01)},
		reported{"minimal or none", allowed{Low: 0, High: smallCorrelation, Absolute: true}}),
)

type reported struct {
	value string
	allowed
}

// cells are the five cells of one published system.
func cells(scheme, generator, objective, system string, npcr reported, uaci, mse string, ssim, correlation reported) (out []PublishedFigure) {
	for _, c := range []struct {
		quantity, metric string
		reported
	}{
		{"NPCR", experiment.IDNPCRPlainCipher, npcr}, {"UACI", experiment.IDUACIPlainCipher, reported{uaci, noScale}},
		{"MSE", experiment.IDMSEDecrypted, reported{mse, noScale}}, {"SSIM", experiment.IDSSIMDecrypted, ssim},
		{"correlation", experiment.IDCorrelation[0], correlation},
	} {
		out = append(out, PublishedFigure{
			Scheme: scheme, Generator: generator, System: system, Metric: c.metric, Value: c.value, Quantity: c.quantity,
			Objective: objective, Network: "resnet", allowed: c.allowed,
		})
	}
	return out
}

// metrics are those beside which the figure stands: a correlation without a direction is one of every direction.
func (p PublishedFigure) metrics() []string {
	if slices.Contains(experiment.IDCorrelation[:], p.Metric) {
		return experiment.IDCorrelation[:]
	}
	return []string{p.Metric}
}

// incomparable says why a published figure cannot stand beside a system, or "". Scheme, network and objective must be the publication's.
func (p PublishedFigure) incomparable(of experiment.System, generators []experiment.GeneratorInfo) string {
	if of.Scheme != p.Scheme {
		return fmt.Sprintf("the publication's scheme is %s", p.Scheme)
	}
	i := slices.IndexFunc(generators, func(g experiment.GeneratorInfo) bool { return g.Name == of.Generator })
	if i < 0 {
		return "no generator takes part"
	}
	switch g := generators[i]; {
	case g.Objective == "":
		return fmt.Sprintf("nothing says how %s was trained: the publication's objective is %s", g.Name, p.Objective)
	case g.Objective != p.Objective:
		return fmt.Sprintf("%s was trained with the objective %s, the publication's with %s", g.Name, g.Objective, p.Objective)
	case g.Network != p.Network:
		return fmt.Sprintf("%s is a network of the kind %s, the publication's is %s", g.Name, g.Network, p.Network)
	}
	return ""
}

// publishedFigures are those that may stand beside a system.
func publishedFigures(of experiment.System, generators []experiment.GeneratorInfo) []PublishedFigure {
	return slices.DeleteFunc(slices.Clone(Published), func(p PublishedFigure) bool { return p.incomparable(of, generators) != "" })
}

// cite puts the published figure of the row's metric beside it.
func cite(row *experiment.Row, figures []PublishedFigure) {
	for _, p := range figures {
		if slices.Contains(p.metrics(), row.Metric) {
			row.Published = p.Value
		}
	}
}

// A Comparison is what a published figure and the values measured beside it have to say to each other.
type Comparison struct {
	PublishedFigure
	Of      string  `json:"of,omitempty"`     // the system that it stands beside
	Source  string  `json:"source,omitempty"` // and the images
	Outcome Outcome `json:"outcome"`
	Why     string  `json:"why,omitempty"`

	row *experiment.Row
}

// Outcome is the result of a comparison.
type Outcome string

// The outcomes. A figure agrees when the 95 % interval of the measured mean lies wholly in the range that the figure allows, one unit of its
// last digit on either side, and differs when it lies wholly outside. So spread never makes a figure agree: it makes the outcome open.
const (
	Agrees        Outcome = "agrees"
	AgreesAsNoise Outcome = "agrees, and so do random bytes"
	Differs       Outcome = "differs"
	Open          Outcome = "open: too few images"
	InWords       Outcome = "cannot be tested"
	NotComparable Outcome = "not comparable"
	NotMeasured   Outcome = notMeasured
)

// interval is the 95 % interval of the mean of a row, by Student's t; ok is false for fewer than two values.
func interval(row *experiment.Row) (low, high float64, ok bool) {
	if row.Measured == nil || row.SD == nil || row.N < 2 {
		return 0, 0, false
	}
	t := distuv.StudentsT{Sigma: 1, Nu: float64(row.N - 1)}.Quantile(0.975)
	half := t * *row.SD / math.Sqrt(float64(row.N))
	return *row.Measured - half, *row.Measured + half, true
}

// ofImages is a row of channels as one of images: the channels of an image have its picture and its key in common, and are no values of
// their own.
func ofImages(row *experiment.Row, channels int) *experiment.Row {
	m := metricOf(row)
	if m == nil || !m.EachChannel || channels < 2 || len(row.Values) != row.N || row.N%channels != 0 {
		return row
	}
	var means []float64
	for values := range slices.Chunk(row.Values, channels) {
		means = append(means, stat.Mean(values, nil))
	}
	out := *row
	out.N, out.Values, out.SD = len(means), means, nil
	if len(means) > 1 {
		sd := stat.StdDev(means, nil)
		out.SD = &sd
	}
	return &out
}

// outcome compares a figure with a row.
func (p PublishedFigure) outcome(row *experiment.Row) Outcome {
	low, high, ok := interval(row)
	if p.Absolute && low < 0 {
		low, high = max(0, -high), max(-low, high)
	}
	switch {
	case row.Measured == nil:
		return NotMeasured
	case p.Why != "":
		return InWords
	case !ok:
		return Open
	case low >= p.Low && high <= p.High:
		if row.Expected != nil && !row.Exact() && *row.Expected >= p.Low && *row.Expected <= p.High {
			return AgreesAsNoise
		}
		return Agrees
	case high < p.Low || low > p.High:
		return Differs
	}
	return Open
}

// comparisons are all published figures with what they stand beside, or why they stand beside nothing.
func (r *Report) comparisons() (out []Comparison) {
	for _, p := range Published {
		var reasons []string
		for _, s := range r.Systems {
			if s.Scheme != p.Scheme {
				continue
			}
			if why := p.incomparable(s.System, r.Generators); why != "" {
				reasons = append(reasons, why)
				continue
			}
			for _, source := range r.Sources {
				for _, metric := range p.metrics() {
					c := Comparison{PublishedFigure: p, Of: s.String(), Source: source.Name, Outcome: NotMeasured, Why: p.Why}
					c.Metric = metric
					if row := r.Row(source.Name, s.System, metric); row != nil {
						c.row = ofImages(row, s.Channels)
						c.Outcome = p.outcome(c.row)
					}
					out = append(out, c)
				}
			}
		}
		if !slices.ContainsFunc(out, func(c Comparison) bool { return c.System == p.System && c.Quantity == p.Quantity }) {
			if len(reasons) == 0 {
				reasons = []string{fmt.Sprintf("the scheme %s was not measured", p.Scheme)}
			}
			out = append(out, Comparison{PublishedFigure: p, Outcome: NotComparable, Why: strings.Join(reasons, "; ")})
		}
	}
	return out
}

// PublishedCells has a line for each published figure and each system and source that it stands beside.
func (r *Report) PublishedCells() grid {
	g := grid{
		Caption: "The ten published figures, as reported, and what was measured here",
		Head:    []string{"quantity", "system", "as reported", "compared with", "on", "measured here (95 % interval)", "outcome"},
	}
	for _, c := range r.Comparisons {
		measured, metric := dash(""), c.Metric
		if i := slices.IndexFunc(experiment.Metrics, func(m experiment.Metric) bool { return m.ID == c.Metric }); i >= 0 {
			metric = experiment.Metrics[i].Name
		}
		if c.row != nil {
			measured = valueText(c.row, c.row.Digits)
			if low, high, ok := interval(c.row); ok {
				measured += fmt.Sprintf(" (%s to %s)", decimal(low, c.row.Digits), decimal(high, c.row.Digits))
			}
		}
		outcome := string(c.Outcome)
		if c.Why != "" {
			outcome += ": " + c.Why
		}
		on := dash("")
		if c.Of != "" {
			on = c.Of + ": " + c.Source
		}
		g.Lines = append(g.Lines, plain(c.Quantity, c.System, c.Value, metric, on, measured, outcome))
	}
	return g
}

// A claim is a published figure with the comparisons in which it stands beside something.
type claim struct {
	PublishedFigure
	Rows     rowSet
	outcomes map[Outcome]rowSet
}

// Claims are the published figures of a metric that was measured, each with what it stands beside.
func (f facts) Claims(metric string) (out []claim) {
	for _, c := range f.Comparisons {
		if c.Metric != metric || c.row == nil || c.row.Measured == nil {
			continue
		}
		if len(out) == 0 || out[len(out)-1].System != c.System {
			out = append(out, claim{PublishedFigure: c.PublishedFigure, outcomes: map[Outcome]rowSet{}})
		}
		last := &out[len(out)-1]
		last.Rows = append(last.Rows, c.row)
		last.outcomes[c.Outcome] = append(last.outcomes[c.Outcome], c.row)
	}
	return out
}

// Outcome is what came of comparing a published figure with all it stands beside: a sentence after “the published figure”.
func (f facts) Outcome(c claim) string {
	var parts []string
	for _, o := range []struct {
		outcome Outcome
		text    string
	}{
		{Agrees, "agrees with"}, {AgreesAsNoise, "agrees, and any random bytes would agree, with"}, {Differs, "differs from"},
		{Open, "can neither be confirmed nor refuted by so few images beside"},
	} {
		rows := c.outcomes[o.outcome]
		text := fmt.Sprintf("%s the %s measured here", o.text, strings.TrimSpace(rows.Range()+" "+rows.unit()))
		switch {
		case len(rows) == len(c.Rows):
			return text
		case len(rows) > 0:
			parts = append(parts, text+" with "+f.Names(rows))
		}
	}
	return strings.Join(parts, ", and ")
}

// Incomparable are the published figures that stand beside nothing, each system once, with the reason.
func (f facts) Incomparable() (out []Comparison) {
	for _, c := range f.Comparisons {
		if c.Outcome == NotComparable && (len(out) == 0 || out[len(out)-1].System != c.System) {
			out = append(out, c)
		}
	}
	return out
}
