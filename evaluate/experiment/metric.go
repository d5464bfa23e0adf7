package experiment

import (
	"slices"
	"time"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// A Metric is one line of the tables. Its entry in [Metrics] says everything about it; the experiment, the tables, the report, CSV, TeX
// and JSON follow from the entry.
type Metric struct {
	ID         string // in results.csv and results.json
	Name       string
	Definition string // what exactly is compared, and how
	Formula    string // where the formula comes from; "" where the definition is all of it
	Better     string // which values are good: Higher, Lower, Nearer or ""
	Unit       string
	Digits     int // decimals in the tables
	Brief      int // decimals in the summary

	On          Occasion
	Measure     func(Observation) (float64, error) // an error that wraps metrics.ErrUndefined leaves a value out
	EachChannel bool                               // Measure is called for each channel of A
	Expected    func(Observation) float64          // what random data gives, where that depends on the image
	Criterion   func(*raster.Image) Criterion      // the threshold for images of this shape; nil: there is none
	Remark      func(Observation) string           // on how the value comes about

	Summary  bool // it stands in the short tables and, with a criterion, in the table of verdicts
	Compared bool // it stands in the tables of published systems
	Timed    bool // a time or a speed: of this machine and this run
}

// About is the definition, where the formula comes from, and which values are good.
func (m Metric) About() string {
	text := m.Definition
	for _, more := range []string{m.Formula, m.Better} {
		if more != "" {
			text += "; " + more
		}
	}
	return text
}

// What Better can be.
const (
	Higher = "higher is better"
	Lower  = "lower is better"
	Nearer = "the nearer to the expected value the better"
)

// An Occasion is what the experiment has just made, and so what a metric can look at. Each metric is taken on one.
type Occasion int

// The occasions. A and B are the images of the [Observation].
const (
	EachImage           Occasion = iota // A: a plain image, a raw key or a cipher image
	KeysOneBit                          // A, B: raw keys of plain images that differ in one bit
	KeysOfTwoImages                     // A, B: raw keys of different images
	KeysOfTwoGenerators                 // A, B: raw keys of one image by the first generator and by this one
	KeyMade                             // KeyTime
	CiphersOneBit                       // A, B: ciphertexts of plain images that differ in one bit, each with its own key
	CiphersSameKey                      // A, B: the same under the key of the unchanged image
	PlainAndCipher                      // A: plain, B: cipher
	PlainAndDecrypted                   // A: plain, B: decrypted
	CiphersKeyBit                       // A, B: ciphertexts of one image under keys that differ in one bit
	DecryptedKeyBit                     // A: decrypted, B: decrypted with a key that is wrong in one bit
	PlainAndWrongKey                    // A: plain, B: decrypted with a wrong key
	AfterNoise                          // A: plain, B: decrypted after salt and pepper on the cipher image
	AfterCrop16                         // A: plain, B: decrypted after the middle 1/16 of the cipher image was lost
	AfterCrop4                          // A: plain, B: decrypted after the middle 1/4 of the cipher image was lost
	Transmitted                         // A: plain, B: cipher, with KeyBytes and the times
)

// An Observation is what a metric looks at on its occasion.
type Observation struct {
	A, B    *raster.Image
	Channel int // of A, for metrics of each channel

	KeyTime, EncryptTime, DecryptTime time.Duration
	KeyBytes                          int // that the receiver needs in secret

	KeySpace cipher.KeySpace
}

// PlainMetrics are the metrics of plain images: those of a single image.
func PlainMetrics() []Metric { return metricsOn(func(on Occasion) bool { return on == EachImage }) }

// KeyMetrics are the metrics of raw keys, which do not depend on the scheme.
func KeyMetrics() []Metric { return metricsOn(func(on Occasion) bool { return on <= KeyMade }) }

// SchemeMetrics are the metrics of a scheme's cipher images.
func SchemeMetrics() []Metric {
	return metricsOn(func(on Occasion) bool { return on == EachImage || on > KeyMade })
}

func metricsOn(wanted func(Occasion) bool) []Metric {
	return slices.DeleteFunc(slices.Clone(Metrics), func(m Metric) bool { return !wanted(m.On) })
}

// pair measures two images.
func pair(measure func(a, b *raster.Image) (float64, error)) func(Observation) (float64, error) {
	return func(o Observation) (float64, error) { return measure(o.A, o.B) }
}

// exact is a measure that cannot fail.
func exact(measure func(Observation) float64) func(Observation) (float64, error) {
	return func(o Observation) (float64, error) { return measure(o), nil }
}

const wu2011 = "Wu, Noonan and Agaian (2011)"

func npcr(on Occasion, id, name, definition string) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Formula: wu2011, Better: Higher, Unit: "%", Digits: 4, Brief: 2,
		On: on, Measure: pair(metrics.NPCR), Criterion: randomNPCR,
	}
}

func uaci(on Occasion, id, name, definition string) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Formula: wu2011, Better: Nearer, Unit: "%", Digits: 4, Brief: 2,
		On: on, Measure: pair(metrics.UACI), Criterion: randomUACI,
	}
}

func correlation(d metrics.Direction) Metric {
	return Metric{
		ID: IDCorrelation[d], Name: "correlation, " + d.String(), Formula: "Pearson (1895)", Better: Nearer, Digits: 4, Brief: 3,
		Definition: "Pearson r over all pairs of " + d.String() + " neighbours, separately for each channel",
		On:         EachImage, EachChannel: true, Criterion: randomCorrelation(d), Summary: true, Compared: true,
		Measure: func(o Observation) (float64, error) { return metrics.Correlation(o.A, o.Channel, d) },
	}
}

func mse(on Occasion, id, name, definition string) Metric {
	return Metric{ID: id, Name: name, Definition: definition, Better: Nearer, Digits: 1, Brief: 1, On: on, Measure: pair(metrics.MSE)}
}

func psnr(on Occasion, id, name, definition string) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Better: Higher, Unit: "dB", Digits: 2, Brief: 1, On: on, Measure: pair(metrics.PSNR),
	}
}

func ssim(on Occasion, id, name, definition string, window metrics.Window) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Formula: "Wang, Bovik, Sheikh and Simoncelli (2004)",
		Better: Lower, Digits: 4, Brief: 3, On: on,
		Measure: func(o Observation) (float64, error) { return metrics.SSIM(o.A, o.B, window) },
	}
}

// with is a metric changed by some of the functions below.
func (m Metric) with(changes ...func(*Metric)) Metric {
	for _, change := range changes {
		change(&m)
	}
	return m
}

func summarized(m *Metric) { m.Summary = true }
func compared(m *Metric)   { m.Compared = true }

// lossless demands the value that an exact decryption gives.
func lossless(v float64) func(*Metric) {
	return func(m *Metric) {
		m.Better, m.Criterion = Nearer, func(*raster.Image) Criterion { return Criterion{v, v, v, 0} }
	}
}

// independent states what a uniform cipher that does not depend on the plain image gives. It is no threshold.
func independent(expected func(plain *raster.Image) float64) func(*Metric) {
	return func(m *Metric) {
		m.Better, m.Criterion = Nearer, nil
		m.Expected = func(o Observation) float64 { return expected(o.A) }
	}
}

func timed(id, name, definition string, on Occasion, digits int, took func(Observation) time.Duration) Metric {
	return Metric{
		ID: id, Name: name, Definition: definition, Better: Lower, Unit: "ms", Digits: digits, Brief: 1, On: on, Timed: true,
		Measure: exact(func(o Observation) float64 { return milliseconds(took(o)) }),
	}
}
