package data

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// SyntheticKinds are the built-in sets.
var SyntheticKinds = []string{"xray", "mri", "spectrogram", "noise"}

// Synthetic returns n images of a built-in kind, size×size: xray (frontal chest film, 8-bit grey), mri (axial slice of a
// head, 8-bit grey), spectrogram (of an EEG, RGB) or noise (uniform bytes, RGB, see Noise). They are drawn when asked for. Image i depends on kind, size, seed and
// i alone, not on n. The same machine draws the same bytes each time; another architecture may differ here and there by a
// level, since its floating-point functions may.
func Synthetic(kind string, n, size int, seed uint64) (Source, error) {
	if err := checkSynthetic(kind, n, size); err != nil {
		return nil, err
	}
	draw := map[string]func(*rand.Rand, int) *Image{"xray": drawXray, "mri": drawMRI, "spectrogram": drawSpectrogram, "noise": drawNoise}[kind]
	return &synthetic{kind, n, size, seed, draw}, nil
}

func checkSynthetic(kind string, n, size int) error {
	switch {
	case !slices.Contains(SyntheticKinds, kind):
		return fmt.Errorf("no synthetic images are called %q: one of %s", kind, strings.Join(SyntheticKinds, ", "))
	case n < 1:
		return fmt.Errorf("%d synthetic images: at least 1", n)
	case size < 16 || size > 4096:
		return fmt.Errorf("synthetic images of size %d: 16 to 4096", size)
	}
	return nil
}

type synthetic struct {
	kind    string
	n, size int
	seed    uint64
	draw    func(r *rand.Rand, size int) *Image
}

func (s *synthetic) Len() int          { return s.n }
func (s *synthetic) Name(i int) string { return fmt.Sprintf("%s-%05d", s.kind, i) }

func (s *synthetic) readable(int) bool { return true }

func (s *synthetic) Image(i int) (*Image, error) {
	return s.draw(rand.New(rand.NewPCG(s.seed, uint64(i))), s.size), nil
}
