package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Row is one metric of one source under one scheme: a line of results.csv.
type Row struct {
	Source     string   `json:"source"`
	Scheme     string   `json:"scheme"`    // or PlainImage, RawKey
	Generator  string   `json:"generator"` // its name, "" where none takes part
	Metric     string   `json:"metric"`    // identifier, as in "npcr_plain_cipher"
	Name       string   `json:"name"`
	Definition string   `json:"definition"`
	Unit       string   `json:"unit,omitempty"`
	Measured   *float64 `json:"measured"`           // mean of N values; nil when not measured, undefined or infinite
	Infinite   bool     `json:"infinite,omitempty"` // every value is +∞
	SD         *float64 `json:"sd"`                 // sample standard deviation, nil for fewer than two values
	N          int      `json:"n"`                  // values, as in images, channels of images, or one-bit changes
	Expected   *float64 `json:"expected"`           // mean for random data, or of an exact decryption
	Low        *float64 `json:"low"`                // critical values at Alpha, nil where that side is open
	High       *float64 `json:"high"`
	Missed     int      `json:"missed"` // values beyond the critical ones
	Verdict    Verdict  `json:"verdict,omitempty"`
	Published  string   `json:"published,omitempty"`
	Note       string   `json:"note,omitempty"`  // why there is no value, or fewer than there should be; or what must be read with it
	Timed      bool     `json:"timed,omitempty"` // a time or a speed: of this machine and this run, another gives others

	ExpectsInfinity bool `json:"-"` // an exact decryption gives +∞
	Digits, Brief   int  `json:"-"` // decimals, see Metric
}

// System is what the row is of.
func (row *Row) System() System { return System{Scheme: row.Scheme, Generator: row.Generator} }

// Exact says that the threshold is a single value, which an exact decryption gives.
func (row *Row) Exact() bool { return row.Low != nil && row.High != nil && *row.Low == *row.High }

// series is the values of one metric, and what is expected of them where that depends on the image.
type series struct {
	values    []float64
	expected  []float64
	undefined int
	reason    string // of the first undefined or unmeasured value
	remark    string // on how the values come about
}

// seriesKey names a series within a source.
type seriesKey struct {
	of     System
	metric string
}

// measurements are the series of one source.
type measurements map[seriesKey]*series

func (r measurements) at(of System, metric string) *series {
	k := seriesKey{of, metric}
	if r[k] == nil {
		r[k] = &series{}
	}
	return r[k]
}

// observe takes every metric of an occasion.
func (r measurements) observe(of System, on Occasion, o Observation) error {
	for _, m := range Metrics {
		if m.On != on {
			continue
		}
		s, channels := r.at(of, m.ID), 1
		if m.EachChannel {
			channels = o.A.Channels
		}
		for o.Channel = range channels {
			if err := s.take(m, o); err != nil {
				return fmt.Errorf("%s: %w", m.Name, err)
			}
		}
	}
	return nil
}

func (s *series) take(m Metric, o Observation) error {
	v, err := m.Measure(o)
	if errors.Is(err, metrics.ErrUndefined) {
		s.undefined++
		s.reason = cmp.Or(s.reason, err.Error())
		return nil
	}
	if err != nil {
		return err
	}
	s.values = append(s.values, v)
	if m.Expected != nil {
		s.expected = append(s.expected, m.Expected(o))
	}
	if m.Remark != nil {
		s.remark = m.Remark(o)
	}
	return nil
}

// explain says why the metrics of an occasion have no value.
func (r measurements) explain(of System, on Occasion, reason string) {
	for _, m := range Metrics {
		if m.On == on {
			r.at(of, m.ID).reason = reason
		}
	}
}

// row makes the line of a metric out of its series. The images have the given shape.
func (r measurements) row(source string, of System, m Metric, shape *raster.Image) Row {
	row := Row{
		Source: source, Scheme: of.Scheme, Generator: of.Generator, Metric: m.ID, Name: m.Name, Definition: m.Definition, Unit: m.Unit,
		Timed: m.Timed, Digits: m.Digits, Brief: m.Brief,
	}
	s := r.at(of, m.ID)
	if m.Criterion != nil {
		limits := m.Criterion(shape)
		row.Expected, row.Low, row.High = finite(limits.Expected), finite(limits.Low), finite(limits.High)
		row.ExpectsInfinity = math.IsInf(limits.Expected, 1)
		row.Verdict, row.Missed = limits.judge(s.values)
	}
	if len(s.expected) > 0 {
		row.Expected = finite(stat.Mean(s.expected, nil))
	}
	row.N = len(s.values)
	switch {
	case row.N == 0:
		row.Note = cmp.Or(s.reason, "not measured")
	case s.undefined > 0:
		row.Note = fmt.Sprintf("%d of %d values left out: %s", s.undefined, s.undefined+row.N, s.reason)
	}
	row.average(s.values)
	row.addNote(s.remark)
	row.noteKeptKey()
	return row
}

// average fills in the mean and standard deviation of the finite values.
func (row *Row) average(values []float64) {
	var known []float64
	for _, v := range values {
		if !math.IsInf(v, 0) {
			known = append(known, v)
		}
	}
	switch {
	case len(values) > 0 && len(known) == 0:
		row.Infinite = true
		return
	case len(known) == 0:
		return
	case len(known) < len(values):
		row.Note = fmt.Sprintf("mean of the finite ones, %d of %d", len(known), len(values))
	}
	row.Measured = finite(stat.Mean(known, nil))
	if len(known) > 1 {
		row.SD = finite(stat.StdDev(known, nil))
	}
}

// finite is a pointer to v, or nil where JSON has no number for it.
func finite(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// NeverKept is the note on what a kept key would give where none is.
const NeverKept = "not as it is used: every image gets a fresh secret; this is what a broken implementation that kept one would show"

// noteKeptKey adds NeverKept to a row that is measured under a kept key.
func (row *Row) noteKeptKey() {
	if (row.Metric == IDNPCRSameKey || row.Metric == IDUACISameKey) && FreshSecret(row) && row.Measured != nil {
		row.addNote(NeverKept)
	}
}

func (row *Row) addNote(note string) {
	if row.Note != "" && note != "" {
		note = "; " + note
	}
	row.Note += note
}

// FreshSecret says whether the row's scheme draws a secret for each encryption, whatever the image.
func FreshSecret(row *Row) bool { return cipher.Describe(row.Scheme).Fresh }

// Alpha is the significance level of the verdicts in the tables.
const Alpha = 0.01

// Verdict is what the threshold of a metric says about a series of values.
type Verdict string

// The verdicts. A metric without a threshold has none.
const (
	None Verdict = ""
	Pass Verdict = "pass"
	Fail Verdict = "fail"
)

// A Criterion is what random data or an exact decryption gives, and the band that random data keeps with probability 1 − Level.
type Criterion struct {
	Expected  float64
	Low, High float64 // −Inf or +Inf where nothing is too low or too high
	Level     float64
}

// outside reports whether v is beyond a critical value. NaN is.
func (c Criterion) outside(v float64) bool { return !(v >= c.Low && v <= c.High) }

// judge passes a series when its mean lies between the critical values and no more of its values lie beyond them than chance explains:
// random data would give that many or more with a probability above Alpha. For one value that is the plain test. For many it does not
// fail a scheme for the few misses that random data has as well, and misses do not cancel out in the mean.
func (c Criterion) judge(values []float64) (v Verdict, missed int) {
	if len(values) == 0 {
		return None, 0
	}
	sum := 0.0 // divided once, at the end: the mean of ones must be 1
	for _, x := range values {
		sum += x
		if c.outside(x) {
			missed++
		}
	}
	if c.outside(sum/float64(len(values))) || binomialTail(missed, len(values), c.Level) <= Alpha {
		return Fail, missed
	}
	return Pass, missed
}

// binomialTail is the probability of k or more of n, each by itself having probability p.
func binomialTail(k, n int, p float64) float64 {
	if k <= 0 {
		return 1
	}
	if p == 0 {
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

func randomEntropy(m *raster.Image) Criterion {
	n := len(m.Pix)
	expected, _ := metrics.EntropyExpected(n)
	return Criterion{expected, metrics.EntropyFloor(n, Alpha), math.Inf(1), Alpha}
}

func randomChiSquare(*raster.Image) Criterion {
	low, high := metrics.ChiSquareBand(Alpha)
	return Criterion{metrics.ChiSquareFreedom, low, high, 2 * Alpha} // Alpha on either side
}

// randomNPCR also holds between a plain image and a uniform cipher, whatever the plain image.
func randomNPCR(m *raster.Image) Criterion {
	expected, _ := metrics.NPCRExpected(m.Samples(), m.Max())
	return Criterion{expected, metrics.NPCRCritical(m.Samples(), m.Max(), Alpha), math.Inf(1), Alpha}
}

func randomUACI(m *raster.Image) Criterion {
	expected, _ := metrics.UACIExpected(m.Samples(), m.Max())
	low, high := metrics.UACIBand(m.Samples(), m.Max(), Alpha)
	return Criterion{expected, low, high, Alpha}
}

func randomCorrelation(d metrics.Direction) func(*raster.Image) Criterion {
	return func(m *raster.Image) Criterion {
		band := metrics.CorrelationBand(d.Pairs(m), Alpha)
		return Criterion{0, -band, band, Alpha}
	}
}
