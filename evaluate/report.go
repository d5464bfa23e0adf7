package evaluate

import (
	"cmp"
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat"

	"keygan/evaluate/attack"
)

// PlainImage and RawKey stand in the scheme column of rows that do not depend on a scheme.
const (
	PlainImage = "plain image"
	RawKey     = "raw key"
)

// Report is what Run measured; results.json is this. The rows are in the order of the tables.
type Report struct {
	Config     Config            `json:"config"`
	Generators []GeneratorInfo   `json:"generators"`
	Systems    []SystemInfo      `json:"systems"` // what is measured side by side
	Sources    []SourceInfo      `json:"sources"`
	Alpha      float64           `json:"alpha"` // significance level of the verdicts
	Rows       []Row             `json:"rows"`
	Randomness []RandomnessRow   `json:"randomness"` // SP 800-22, over the images of all sources
	Checklist  []Check           `json:"checklist"`  // TC1 to TC5
	Findings   []string          `json:"findings"`   // what the values show, in sentences
	Published  []PublishedFigure `json:"published"`
	Pictures   []Picture         `json:"pictures"` // in the order in which they are shown
	Attacks    []attack.Result   `json:"attacks"`
	Alvarez    []attack.Check    `json:"alvarez_li"` // the checklist of Alvarez and Li (2006), from the attacks
	Provenance Provenance        `json:"provenance"`

	pictures map[string][]byte // the files of Pictures
}

// A System is what is measured: a scheme, and the name of the generator that takes part in it, "" where none does. The rows of
// plain images and of raw keys have PlainImage and RawKey for their scheme.
type System struct {
	Scheme    string `json:"scheme"`
	Generator string `json:"generator,omitempty"`
}

// String is the system for people: "xor, WGAN-GP".
func (s System) String() string {
	if s.Generator == "" {
		return s.Scheme
	}
	return s.Scheme + ", " + s.Generator
}

// SystemInfo says which images a system was measured on, or why it was not measured.
type SystemInfo struct {
	System
	Channels    int    `json:"channels"`               // of its images: 1 where the generator knows grey alone
	Research    string `json:"research,omitempty"`     // why the scheme is not for real images
	NotMeasured string `json:"not_measured,omitempty"` // why none of its cells has a value
}

// A Check is one claim of the checklist, TC1 to TC5, and what speaks for and against it.
type Check struct {
	ID       string   `json:"id"`
	Claim    string   `json:"claim"`
	Verdict  Verdict  `json:"verdict,omitempty"` // None: not measured
	Evidence []string `json:"evidence"`          // sentences
	Pictures []string `json:"pictures,omitempty"`
}

// A Picture is a PNG file beside the tables.
type Picture struct {
	File    string `json:"file"`
	Caption string `json:"caption"`
	Section string `json:"section"` // of the report: one of the Section constants
	Source  string `json:"source,omitempty"`
}

// The sections of pictures.
const (
	SectionStrips     = "strips"
	SectionHistograms = "histograms"
	SectionScatter    = "scatter"
	SectionKeys       = "keys"
	SectionStills     = "stills" // each image of a strip by itself
	SectionCurves     = "curves"
	SectionAttacks    = "attacks"
)

// GeneratorInfo says which generator made the keys. The fields after Missing are empty where it could not be read.
type GeneratorInfo struct {
	Name       string `json:"name"`
	File       string `json:"file,omitempty"`    // the weights; "" for the generator inside the program
	Run        string `json:"run,omitempty"`     // the folder of the training run, if it is known
	Missing    string `json:"missing,omitempty"` // why there is no generator
	Network    string `json:"network"`
	Parameters int    `json:"parameters"`
	Channels   int    `json:"channels"`
	ImageSize  int    `json:"image_size"` // of the images it was trained on
	TakesNoise bool   `json:"takes_noise,omitempty"`
	Hash       string `json:"sha256"` // of architecture and weights
	ConfigHash string `json:"config_sha256,omitempty"`

	Reconstructor string `json:"reconstructor_sha256,omitempty"` // of the network that undoes it, for the scheme chaos-gan
	Metrics       string `json:"metrics,omitempty"`              // metrics.csv of the run: the training curves
	NoCurves      string `json:"no_curves,omitempty"`            // why they are not drawn
}

// SourceInfo says which plain images were measured.
type SourceInfo struct {
	Name       string   `json:"name"`
	From       string   `json:"from"`
	Available  int      `json:"available"`
	Images     []string `json:"images"`               // those measured
	Changes    int      `json:"one_bit_changes"`      // made, over all images: fewer than asked for where images were left out
	Unreadable []string `json:"unreadable,omitempty"` // why those were left out that could not be read
	Digest     string   `json:"sha256,omitempty"`     // data.Digest of all images of the source
	Sixteen    int      `json:"sixteen_bit"`          // of Images, that were rounded from 16 bits a sample to 8
	Resized    int      `json:"resized"`              // of Images, that had another size
}

// measured says what was measured of the source.
func (s SourceInfo) measured() string {
	out := fmt.Sprintf("%d of %d images, %d one-bit changes (%s)", len(s.Images), s.Available, s.Changes, s.From)
	if n := len(s.Unreadable); n > 0 {
		out += fmt.Sprintf("; %d could not be read: %s", n, some(s.Unreadable))
	}
	if s.Sixteen > 0 {
		out += fmt.Sprintf("; %d of 16 bits a sample, rounded to 8", s.Sixteen)
	}
	if s.Resized > 0 {
		out += fmt.Sprintf("; %d brought to this size", s.Resized)
	}
	return out
}

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

	digits, brief int
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

// results are the series of one source.
type results map[seriesKey]*series

func (r results) at(of System, metric string) *series {
	k := seriesKey{of, metric}
	if r[k] == nil {
		r[k] = &series{}
	}
	return r[k]
}

func (r results) add(of System, metric string, v float64) {
	s := r.at(of, metric)
	s.values = append(s.values, v)
}

// addExpected is add for a metric whose expectation depends on the image.
func (r results) addExpected(of System, metric string, v, expected float64) {
	s := r.at(of, metric)
	s.values, s.expected = append(s.values, v), append(s.expected, expected)
}

// addUndefined counts a value that does not exist.
func (r results) addUndefined(of System, metric string, err error) {
	s := r.at(of, metric)
	s.undefined++
	if s.reason == "" {
		s.reason = err.Error()
	}
}

// row makes the line of a metric out of its series.
func (r results) row(source string, of System, m metric, c map[string]criterion) Row {
	row := Row{
		Source: source, Scheme: of.Scheme, Generator: of.Generator, Metric: m.id, Name: m.name, Definition: m.definition, Unit: m.unit,
		Timed: m.timed, digits: m.digits, brief: m.brief,
	}
	s := r[seriesKey{of, m.id}]
	if s == nil {
		s = &series{}
	}
	limits, judged := c[m.id]
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

// Row finds the line of a metric, by its identifier, or returns nil.
func (r *Report) Row(source string, of System, metric string) *Row {
	for i := range r.Rows {
		if row := &r.Rows[i]; row.Source == source && row.System() == of && row.Metric == metric {
			return row
		}
	}
	return nil
}

// file is the system in file names.
func (s System) file() string {
	name := s.Scheme
	if s.Generator != "" {
		name += " " + s.Generator
	}
	return fileName(name)
}

// A definition explains a metric.
type definition struct{ Name, ID, Text string }

// definitions are those of the metrics in the report.
func (r *Report) definitions() []definition {
	var out []definition
	seen := map[string]bool{}
	for _, row := range r.Rows {
		if !seen[row.Metric] {
			seen[row.Metric] = true
			out = append(out, definition{row.Name, row.Metric, row.Definition})
		}
	}
	return out
}
