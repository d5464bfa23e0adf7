package experiment

import (
	"cmp"
	"fmt"
	"keygan/cipher"
	"math"

	"gonum.org/v1/gonum/stat"
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

	Digits, Brief int `json:"-"`
}

// System is what the row is of.
func (row *Row) System() System { return System{row.Scheme, row.Generator} }

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

func (r measurements) add(of System, metric string, v float64) {
	s := r.at(of, metric)
	s.values = append(s.values, v)
}

// addExpected is add for a metric whose expectation depends on the image.
func (r measurements) addExpected(of System, metric string, v, expected float64) {
	s := r.at(of, metric)
	s.values, s.expected = append(s.values, v), append(s.expected, expected)
}

// addUndefined counts a value that does not exist.
func (r measurements) addUndefined(of System, metric string, err error) {
	s := r.at(of, metric)
	s.undefined++
	if s.reason == "" {
		s.reason = err.Error()
	}
}

// row makes the line of a metric out of its series.
func (r measurements) row(source string, of System, m Metric, c map[string]criterion) Row {
	row := Row{
		Source: source, Scheme: of.Scheme, Generator: of.Generator, Metric: m.ID, Name: m.Name, Definition: m.Definition, Unit: m.Unit,
		Timed: m.timed, Digits: m.Digits, Brief: m.Brief,
	}
	s := r[seriesKey{of, m.ID}]
	if s == nil {
		s = &series{}
	}
	limits, judged := c[m.ID]
	if judged {
		row.Expected, row.Low, row.High = finite(limits.expected), finite(limits.low), finite(limits.high)
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
	if s.remark != "" {
		row.Note = joined(row.Note, s.remark)
	}
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

// noteKeptKey puts neverKept to a row that is measured under a kept key.
func (row *Row) noteKeptKey() {
	if (row.Metric == IDNPCRSameKey || row.Metric == IDUACISameKey) && FreshSecret(row) && row.Measured != nil {
		row.Note = joined(row.Note, NeverKept)
	}
}

func joined(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// FreshSecret says whether the row's scheme draws a secret for each encryption, whatever the image.
func FreshSecret(row *Row) bool { return cipher.Describe(row.Scheme).Fresh }
