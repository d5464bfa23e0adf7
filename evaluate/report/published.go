package report

import (
	"math"
	"slices"
	"strings"

	"keygan/evaluate/experiment"
)

// A PublishedFigure is what a publication reports, as it reports it.
type PublishedFigure struct {
	Scheme    string `json:"scheme"`
	Generator string `json:"generator"` // of this name, where one has it
	System    string `json:"system"`    // the publication's name for the whole
	Metric    string `json:"metric"`    // beside which of ours it stands
	Value     string `json:"value"`

	Number, Unit float64 `json:"-"` // the value, and one unit of its last digit
}

// Published lists the published figures. They come without the definition behind them. An NPCR of 99.5 % for a scheme
// that is a permutation and an XOR can only compare a plain image with its ciphertext or two keys; an SSIM that is meant
// to be high can only be that of the decrypted image. They stand beside those, and the findings say what the others are.
var Published = []PublishedFigure{
	{"xor", "GAN", "GAN + XOR", experiment.IDNPCRPlainCipher, "~78 %", 78, 1},
	{"xor", "GAN", "GAN + XOR", experiment.IDSSIMDecrypted, "~0.61", 0.61, 0.01},
	{"paper", "WGAN-GP", "WGAN-GP + ACM + XOR", experiment.IDNPCRPlainCipher, "99.5 %", 99.5, 0.1},
	{"paper", "WGAN-GP", "WGAN-GP + ACM + XOR", experiment.IDSSIMDecrypted, "~0.92", 0.92, 0.01},
}

// publishedFigures are those that stand beside a system: beside that with the publication's generator where one is called so,
// else beside every system with its scheme.
func publishedFigures(of experiment.System, generators []experiment.GeneratorInfo) []PublishedFigure {
	var out []PublishedFigure
	for _, p := range Published {
		named := slices.ContainsFunc(generators, func(g experiment.GeneratorInfo) bool { return g.Name == p.Generator })
		if p.Scheme == of.Scheme && (!named || p.Generator == of.Generator) {
			out = append(out, p)
		}
	}
	return out
}

// cite puts the published figure of the row's metric beside it.
func cite(row *experiment.Row, figures []PublishedFigure) {
	for _, p := range figures {
		if p.Metric == row.Metric {
			row.Published = p.Value
		}
	}
}

// near says whether a measured mean is what a publication says, as exactly as it says it: no farther from it than one unit of its last
// digit, and than the images of one source lie apart, for the publication's are others.
func (p PublishedFigure) near(row *experiment.Row) bool {
	spread := 0.0
	if row.SD != nil {
		spread = *row.SD
	}
	return math.Abs(*row.Measured-p.Number) <= p.Unit+2*spread
}

// Kind is the published name of the metric: NPCR, SSIM.
func (p PublishedFigure) Kind() string {
	name, _, _ := strings.Cut(p.Metric, "_")
	return strings.ToUpper(name)
}
