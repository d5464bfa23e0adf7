package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

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
	MeanLow    *float64 `json:"mean_low,omitempty"`  // the band of the mean of N values, see Criterion
	MeanHigh   *float64 `json:"mean_high,omitempty"` //
	Detects    *float64 `json:"detects,omitempty"`   // the offset of the mean that fails with probability Power
	Missed     int      `json:"missed"`              // values beyond the critical ones
	Verdict    Verdict  `json:"verdict,omitempty"`
	Published  string   `json:"published,omitempty"`
	Note       string   `json:"note,omitempty"`  // why there is no value, or fewer than there should be; or what must be read with it
	Timed      bool     `json:"timed,omitempty"` // a time or a speed: of this machine and this run, another gives others

	// Values are those that Measured is the mean of, in the order in which they were measured; nil for times, and where one is infinite.
	Values []float64 `json:"values,omitempty"`

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
	shared    shares
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
	if m.Criterion != nil && o.B != nil {
		if s.shared == nil {
			s.shared = shares{}
		}
		s.shared.add(o.A, o.B)
	}
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
		independent := s.shared.independent(len(s.values), limits.Shared)
		if keptKeystream(of) {
			independent = min(independent, 1) // it was drawn once
		}
		j := limits.judge(s.values, independent)
		row.Verdict, row.Missed = j.verdict, j.missed
		if limits.Mean != nil && len(s.values) > 0 {
			row.MeanLow, row.MeanHigh, row.Detects = finite(j.low), finite(j.high), finite(j.detects)
		}
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
	if !m.Timed && !slices.ContainsFunc(s.values, func(v float64) bool { return finite(v) == nil }) {
		row.Values = s.values
	}
	row.addNote(s.remark)
	row.noteKeptKey()
	return row
}

// keptKeystream says whether a system encrypts all images with the same keystream, whatever they are.
func keptKeystream(of System) bool {
	c, err := cipher.ByName(of.Scheme)
	return err == nil && c.Info().Kept() && c.Info().Takes == cipher.Nothing
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
