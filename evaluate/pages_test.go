package evaluate

import (
	"fmt"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"keygan/evaluate/experiment"
)

// A stated figure is a range of numbers on a page and the rows of the demonstration that it speaks of. Every mean of theirs lies in it, to
// half a unit of its last digit.
type stated struct {
	page, text string // a regular expression that captures one number, or a least and a largest one
	scheme     string
	metric     string
	slack      float64 // share of the number, for "about"
	expected   bool    // it is what random data gives
}

var pages = []stated{
	{"../README.md", `χ² is about ([\d,]+);`, experiment.RawKey, experiment.IDChiSquare, 0.1, false},
	{"../README.md", `A byte has ([\d.]+) bits of Shannon entropy`, experiment.RawKey, experiment.IDEntropy, 0, false},
	{"../README.md", `only ([\d.]+) to ([\d.]+) bits of\s+\[min-entropy\]`, experiment.RawKey, experiment.IDMinEntropy, 0, false},
	{"../README.md", `As many random bytes get ([\d.]+) to ([\d.]+)\.`, experiment.RawKey, experiment.IDMinEntropy, 0, true},
	{"../README.md", `changes ([\d.]+) to ([\d.]+) % of the ciphertext's bytes`, "paper", experiment.IDNPCR, 0, false},
	{"../README.md", `changes ([\d.]+) to ([\d.]+) % of the ciphertext's bytes`, "xor", experiment.IDNPCR, 0, false},
	{"../README.md", `A good cipher\s+changes ([\d.]+) %`, "xor", experiment.IDNPCR, 0, true},
	{"../docs/evaluation.md", `NPCR \| WGAN-GP \| 99.5 % \| plain–cipher: ([\d.]+) to ([\d.]+) %`, "paper", experiment.IDNPCRPlainCipher, 0, false},
	{"../docs/evaluation.md", `UACI \| WGAN-GP \| high \| plain–cipher: ([\d.]+) to ([\d.]+) %`, "paper", experiment.IDUACIPlainCipher, 0, false},
	{"../docs/evaluation.md", `MSE \| WGAN-GP \| lower \| plain–decrypted: (\d+) `, "paper", experiment.IDMSEDecrypted, 0, false},
	{"../docs/evaluation.md", `SSIM \| WGAN-GP \| ~0.92 \| plain–decrypted: ([\d.]+) `, "paper", experiment.IDSSIMDecrypted, 0, false},
	{"../docs/evaluation.md", `correlation \| WGAN-GP \| minimal or none \| horizontal neighbours: (−?[\d.]+) to ([\d.]+) `, "paper", experiment.IDCorrelation[0], 0, false},
	{"../docs/evaluation.md", `one-bit changes, NPCR\s+is\s+([\d.]+) to ([\d.]+) %`, "paper", experiment.IDNPCR, 0, false},
}

// The figures of README.md and docs/evaluation.md are those of configs/paper-demo.yaml. The test measures one of its two sources, whose
// values do not depend on the other.
func TestPagesSayWhatIsMeasured(t *testing.T) {
	cfg, err := experiment.ReadConfig("../configs/paper-demo.yaml")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Schemes, cfg.Controls, cfg.Sources, cfg.Quick = []string{"xor", "paper"}, false, cfg.Sources[1:], true
	cfg.Randomness = experiment.Randomness{Sequences: 1, Bits: 1000}
	r, err := experiment.Run(t.Context(), cfg, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		page, err := os.ReadFile(p.page)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(p.text).FindSubmatch(page)
		if found == nil {
			t.Errorf("%s does not say %q", p.page, p.text)
			continue
		}
		low, lowStep := numberOf(t, string(found[1]))
		high, highStep := low, lowStep
		if len(found) > 2 {
			high, highStep = numberOf(t, string(found[2]))
		}
		low, high = low*(1-p.slack)-lowStep/2, high*(1+p.slack)+highStep/2
		rows := 0
		for _, row := range r.Rows {
			if row.Scheme != p.scheme || row.Metric != p.metric {
				continue
			}
			rows++
			v := row.Measured
			if p.expected {
				v = row.Expected
			}
			if v == nil || *v < low-1e-9 || *v > high+1e-9 {
				t.Errorf("%s says %q; measured on %s under %s: %v", p.page, found[0], row.Source, row.Scheme, show(v))
			}
		}
		if rows == 0 {
			t.Errorf("%s: nothing was measured for %q", p.page, p.text)
		}
	}
}

// numberOf reads a number, and one unit of its last digit.
func numberOf(t *testing.T, s string) (v, step float64) {
	t.Helper()
	s = strings.NewReplacer(",", "", "−", "-").Replace(s)
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	_, decimals, _ := strings.Cut(s, ".")
	return v, math.Pow10(-len(decimals))
}

func show(v *float64) string {
	if v == nil {
		return "nothing"
	}
	return fmt.Sprint(*v)
}
