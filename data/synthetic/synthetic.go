// Package synthetic draws images that look like chest films, slices of a head and spectrograms, for tests and for first steps without a
// data set.
//
//	films, err := synthetic.New("xray", 200, 256, 7) // 200 images of 256×256 from seed 7
//	m, err := films.Image(0)
package synthetic

import (
	"encoding/binary"
	"fmt"
	"keygan/data/raster"
	"math/rand/v2"
	"slices"
	"strings"
)

// Kinds are the built-in sets.
var Kinds = []string{"xray", "mri", "spectrogram", "noise"}

// New returns n images of a built-in kind, size×size: xray (frontal chest film, 8-bit grey), mri (axial slice of a head, 8-bit grey),
// spectrogram (of an EEG, RGB) or noise (uniform bytes, RGB, see Noise). Image i depends only on kind, size, seed and i, not on n. Another
// architecture may draw a level here and there differently, because its floating-point functions may.
func New(kind string, n, size int, seed uint64) (*Set, error) {
	if err := Check(kind, n, size); err != nil {
		return nil, err
	}
	draw := map[string]func(*rand.Rand, int) *raster.Image{
		"xray": drawXray, "mri": drawMRI, "spectrogram": drawSpectrogram, "noise": whiteNoise(3),
	}[kind]
	return &Set{kind, n, size, seed, draw}, nil
}

// Check returns the reason why New refuses a set, or nil.
func Check(kind string, n, size int) error {
	switch {
	case !slices.Contains(Kinds, kind):
		return fmt.Errorf("unknown kind of synthetic images %q: it must be one of %s", kind, strings.Join(Kinds, ", "))
	case n < 1:
		return fmt.Errorf("%d synthetic images: there must be at least 1", n)
	case size < 16 || size > 4096:
		return fmt.Errorf("synthetic images of size %d: it must be 16 to 4096", size)
	}
	return nil
}

// A Set is a fixed number of images, which Image draws anew on each call.
type Set struct {
	kind    string
	n, size int
	seed    uint64
	draw    func(r *rand.Rand, size int) *raster.Image
}

func (s *Set) Len() int          { return s.n }
func (s *Set) Name(i int) string { return fmt.Sprintf("%s-%05d", s.kind, i) }

// Drawn says which image i is. At another size it is the same image, as one that was photographed anew would be.
func (s *Set) Drawn(i int) string { return fmt.Sprintf("%s, seed %d, image %d", s.kind, s.seed, i) }

// Readable reports that an image can be drawn without trying.
func (s *Set) Readable(int) bool { return true }

func (s *Set) Image(i int) (*raster.Image, error) {
	return s.draw(rand.New(rand.NewPCG(s.seed, uint64(i))), s.size), nil
}

// Noise returns n images of size×size with independent samples, uniform over 0 to 255, in 1 (grey) or 3 (RGB) channels. The image of an
// ideal key looks like that. Noise that is resized or converted from RGB to grey is no longer uniform.
func Noise(n, size, channels int, seed uint64) (*Set, error) {
	if err := Check("noise", n, size); err != nil {
		return nil, err
	}
	if channels != 1 && channels != 3 {
		return nil, fmt.Errorf("noise with %d channels: there must be 1 (grey) or 3 (RGB)", channels)
	}
	return &Set{"noise", n, size, seed, whiteNoise(channels)}, nil
}

func whiteNoise(channels int) func(r *rand.Rand, size int) *raster.Image {
	return func(r *rand.Rand, size int) *raster.Image {
		m := raster.NewImage(size, size, channels, 8)
		var eight [8]byte
		for at := 0; at < len(m.Pix); at += len(eight) {
			binary.LittleEndian.PutUint64(eight[:], r.Uint64())
			copy(m.Pix[at:], eight[:])
		}
		return m
	}
}
