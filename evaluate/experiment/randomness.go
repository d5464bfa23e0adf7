package experiment

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"strings"

	"keygan/evaluate/sp80022"
)

// What is tested by SP 800-22.
const (
	RawKeys     = "raw keys"
	Keystreams  = "keystreams"  // ciphertexts of black images, which are the keystream
	Ciphertexts = "ciphertexts" // of the plain images
)

// The reports in NIST's layout: their folder, and how their names begin.
const (
	RandomnessFolder = "sp80022"
	RandomnessReport = "finalAnalysisReport"
)

// RandomnessRow is what SP 800-22 says of one kind of bits of a system, over the images of all sources.
type RandomnessRow struct {
	System
	Subject     string           `json:"subject"`   // RawKeys, Keystreams or Ciphertexts
	Sequences   int              `json:"sequences"` // tested
	Bits        int              `json:"bits"`      // of each
	Tests       []RandomnessTest `json:"tests"`     // the 15, in the order of NIST's program
	NotMeasured string           `json:"not_measured,omitempty"`

	Collected string `json:"collected,omitempty"`   // how the sequences are taken from images
	File      string `json:"report_file,omitempty"` // NIST's finalAnalysisReport on the sequences, in the folder of the report
	Report    []byte `json:"-"`                     // its content
}

// RandomnessTest is the outcome of one of the 15 tests over all sequences.
type RandomnessTest struct {
	Name       string   `json:"name"`
	Bits       int      `json:"bits"`       // of each sequence: more than the row says where the test takes more
	Made       int      `json:"made"`       // sequences that it was made on
	Failed     int      `json:"failed"`     // of these: the smallest p-value is below 0.01 divided by their number
	PValues    int      `json:"p_values"`   // each sequence has
	Assessed   int      `json:"assessed"`   // p-values with the two-level assessment: 0 below 55 sequences
	Proportion int      `json:"proportion"` // of Assessed: those that too many or too few sequences pass
	Uniformity int      `json:"uniformity"` // of Assessed: those whose p-values are not uniform
	LeastShare *float64 `json:"least_share"`
	LeastP     *float64 `json:"least_uniformity"` // smallest P_T
	Verdict    Verdict  `json:"verdict,omitempty"`
	Skipped    string   `json:"skipped,omitempty"` // why it was made on no sequence, or not on all
}

// Randomness says how much is tested by SP 800-22.
type Randomness struct {
	Sequences int `yaml:"sequences,omitempty" json:"sequences"` // of each kind of bits, fewer where there are not so many; from 55 on they are assessed together; default 60
	Bits      int `yaml:"bits,omitempty" json:"bits"`           // of each sequence; a million are enough for all tests; default 100000
}

// bitBank collects the bits to be tested, by what they are of. No image lies in two sequences, unless it is long enough to hold both: an
// image as long as a sequence or longer gives whole sequences from its beginning, each image as many as any other; shorter ones are joined,
// whole, until there are enough bits.
type bitBank struct {
	Randomness
	each   int // sequences of one image, where an image has so many
	order  []bitSource
	pieces map[bitSource][][]byte
}

type bitSource struct {
	System
	subject string
}

func newBitBank(c Randomness, images int) *bitBank {
	return &bitBank{Randomness: c, each: (c.Sequences + images - 1) / images, pieces: map[bitSource][][]byte{}}
}

// length is that of a sequence in bytes, and wanted that of all sequences of a kind.
func (b *bitBank) length() int { return b.Bits / 8 }
func (b *bitBank) wanted() int { return b.Sequences * b.length() }

// add keeps what is still wanted of the bytes of an image.
func (b *bitBank) add(of System, subject string, p []byte) {
	if whole := len(p) / b.length(); whole > 0 {
		p = p[:min(whole, b.each)*b.length()]
	}
	b.keep(bitSource{of, subject}, p)
}

// addStream keeps the keystream that serves all images.
func (b *bitBank) addStream(of System, subject string, p []byte) {
	b.keep(bitSource{of, subject}, p[:min(len(p), b.wanted())])
}

func (b *bitBank) keep(k bitSource, p []byte) {
	if !b.holds(k.System, k.subject) {
		b.order = append(b.order, k)
		b.pieces[k] = nil
	}
	if len(sequencesOf(b.pieces[k], b.length())) < b.Sequences {
		b.pieces[k] = append(b.pieces[k], bytes.Clone(p))
	}
}

// sequencesOf cuts pieces into sequences of a length in bytes. Pieces that are shorter are joined; what is left over is not used.
func sequencesOf(pieces [][]byte, length int) (out [][]byte) {
	var joined []byte
	for _, p := range pieces {
		if len(p) < length {
			if joined = append(joined, p...); len(joined) >= length {
				out, joined = append(out, joined[:length]), nil
			}
			continue
		}
		for ; len(p) >= length; p = p[length:] {
			out = append(out, p[:length])
		}
	}
	return out
}

// collected says how the sequences were taken.
func (b *bitBank) collected(pieces [][]byte) string {
	if len(pieces) == 1 && len(pieces[0]) >= b.wanted() && b.Sequences > b.each {
		return "one keystream, cut into sequences"
	}
	for _, p := range pieces {
		if len(p) < b.length() {
			return fmt.Sprintf("whole images joined, %d to a sequence; no image lies in two", (b.length()+len(p)-1)/len(p))
		}
	}
	return fmt.Sprintf("%d from each of %d images, each sequence in one image", min(b.each, len(pieces[0])/b.length()), len(pieces))
}

func (b *bitBank) holds(of System, subject string) bool {
	_, known := b.pieces[bitSource{of, subject}]
	return known
}

// test makes the 15 tests on everything that was collected, and says why systems were not measured.
func (b *bitBank) test(ctx context.Context, systems []*system, progress *tracker) ([]RandomnessRow, error) {
	var out []RandomnessRow
	for _, k := range b.order {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		row, err := b.row(ctx, k, progress)
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	for _, s := range systems {
		if s.NotMeasured != "" {
			out = append(out, RandomnessRow{System: s.System, Subject: Ciphertexts, Bits: b.Bits, NotMeasured: s.NotMeasured})
		}
	}
	return out, nil
}

func (b *bitBank) row(ctx context.Context, k bitSource, progress *tracker) (RandomnessRow, error) {
	pieces := b.pieces[k]
	sequences := sequencesOf(pieces, b.length())
	n := min(b.Sequences, len(sequences))
	row := RandomnessRow{System: k.System, Subject: k.subject, Sequences: n, Bits: b.Bits}
	if n == 0 {
		row.NotMeasured = fmt.Sprintf("not measured: there are %d bits, too few for a sequence of %d", 8*len(bytes.Join(pieces, nil)), b.Bits)
		return row, nil
	}
	row.Collected = b.collected(pieces)
	what := fmt.Sprintf("SP 800-22: %s, %s", k.System, k.subject)
	results := sp80022.RunMany(bytes.Join(sequences[:n], nil), n, b.Bits, nil)
	row.Tests = summarize(results, b.Bits)
	var report bytes.Buffer
	if err := sp80022.WriteReport(&report, k.String()+", "+k.subject, results); err != nil {
		return row, err
	}
	row.File = RandomnessFolder + "/" + RandomnessReport + "-" + FileName(strings.ReplaceAll(k.String(), ",", "")+" "+k.subject) + ".txt"
	row.Report = report.Bytes()
	progress.passed(float64(n)*bitCost*float64(b.Bits), what)
	if long := sequencesOf(pieces, longBits/8); len(long) > 0 && b.Bits < longBits {
		for i, t := range summarize(sp80022.RunMany(bytes.Join(long, nil), len(long), longBits, nil), longBits) {
			if row.Tests[i].Made == 0 {
				row.Tests[i] = t
			}
		}
		progress.passed(float64(len(long))*bitCost*longBits, what)
	}
	return row, ctx.Err()
}

// longBits is the length of the sequences for tests that need more bits than the configuration's sequences have. They are taken from the
// same bits, by the same rule.
const longBits = 1_000_000

// summarize judges each of the 15 tests over all sequences.
func summarize(sequences [][]sp80022.Result, bits int) []RandomnessTest {
	var out []RandomnessTest
	assessed := sp80022.Assess(sequences)
	for i, first := range sequences[0] {
		t, smallest := RandomnessTest{Name: first.Name, Bits: bits}, 1.0
		for _, results := range sequences {
			switch one := results[i]; {
			case one.Skipped != "":
				t.Skipped = one.Skipped
			default:
				t.Made++
				t.PValues = len(one.PValues)
				smallest = min(smallest, one.Smallest())
				if !one.Passed() {
					t.Failed++
				}
			}
		}
		t.assess(assessed)
		t.judge(smallest)
		out = append(out, t)
	}
	return out
}

// assess takes over the two-level assessment of the test's p-values.
func (t *RandomnessTest) assess(all []sp80022.Assessment) {
	for _, a := range all {
		if a.Name != t.Name {
			continue
		}
		t.Assessed++
		if !a.ProportionPassed() {
			t.Proportion++
		}
		if !a.UniformityPassed() {
			t.Uniformity++
		}
		if share := a.Proportion(); t.LeastShare == nil || share < *t.LeastShare {
			t.LeastShare = &share
		}
		if p := a.Uniformity; t.LeastP == nil || p < *t.LeastP {
			t.LeastP = &p
		}
	}
}

// judge fails a test when random sequences would do as badly with a probability below Alpha. The probability is shared out over the 15
// tests and four ways of doing badly: too many sequences fail, or a p-value is too small; and if there are enough sequences for the
// assessment, too many p-values have a share outside its interval, or are not uniform. One of 148 templates may be outside by chance.
func (t *RandomnessTest) judge(smallest float64) {
	if t.Made == 0 {
		return
	}
	const level = Alpha / (4 * 15)
	t.Verdict = Pass
	if binomialTail(t.Failed, t.Made, sp80022.Alpha) <= level || smallest*float64(t.PValues*t.Made) <= level ||
		binomialTail(t.Uniformity, t.Assessed, sp80022.UniformAlpha) <= level ||
		binomialTail(t.Proportion, t.Assessed, outsideShare(t.Made)) <= level {
		t.Verdict = Fail
	}
}

// outsideShare is the probability that the share of n random sequences that pass lies outside its interval, 1 − α ± 3√(α(1 − α)/n).
func outsideShare(n int) float64 {
	const alpha = sp80022.Alpha
	most := float64(n) * (alpha + 3*math.Sqrt(alpha*(1-alpha)/float64(n))) // failures that are still inside
	return binomialTail(int(math.Floor(most))+1, n, alpha)
}
