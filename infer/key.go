package infer

import (
	"fmt"
	"math"

	"keygan/data/raster"
)

// Key is KeyFrom with the zero Seed, for a model that takes no noise. With noise, each key that is to protect anything needs a fresh Seed.
func (m *Model) Key(img *raster.Image) (*raster.Image, error) { return m.KeyFrom(img, Seed{}) }

// KeyFrom makes the key image of img: 8 bits, as many channels as the model has, as wide and as high as img. The samples of
// img, of any depth, are converted to the model's channels (alpha is dropped, colour to grey by luma) and to its value
// range; the result is rounded to the nearest grey level, halves up.
//
// A model that TakesNoise draws it from seed. A model with Latent numbers makes its key from noise only: it ignores the samples of
// img, and the error is a *SizeError if img has another size than its keys.
func (m *Model) KeyFrom(img *raster.Image, seed Seed) (*raster.Image, error) {
	return m.KeyOn(0, img, seed)
}

// KeyOn is KeyFrom with a number of threads; 0 stands for GOMAXPROCS. Many keys are made fastest side by side, with one thread each, if
// there is Memory.
func (m *Model) KeyOn(threads int, img *raster.Image, seed Seed) (*raster.Image, error) {
	fail := func(err error) (*raster.Image, error) { return nil, fmt.Errorf("key of an image of %v: %w", img, err) }
	var x []float32
	if m.arch.Latent == 0 {
		if _, err := m.arch.shapes(img.Height, img.Width); err != nil { // before all samples are converted for nothing
			return fail(err)
		}
		x = m.arch.samples(img)
	}
	y, err := m.forwardInto(nil, threads, x, img.Height, img.Width, seed)
	if err != nil {
		return fail(err)
	}
	return m.arch.image(y, img.Height, img.Width), nil
}

// A SizeError reports an image of another size than that of the keys of a generator with Latent numbers.
type SizeError struct {
	Width, Height int // of the image
	Side          int // of the keys
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("the generator makes keys of %d×%d pixels only, not of %d×%d", e.Side, e.Side, e.Width, e.Height)
}

// samples converts img to a's channels and value range: [Channels, Height, Width].
func (a Arch) samples(img *raster.Image) []float32 {
	if a.ValueRange[0] < 0 {
		return img.Floats(a.Channels)
	}
	img = img.Convert(a.Channels)
	x := make([]float32, len(img.Pix)/(img.Depth/8))
	plane, highest := img.Width*img.Height, float32(img.Max())
	for p := range plane {
		for c := range a.Channels {
			x[c*plane+p] = float32(img.Sample(p*a.Channels+c)) / highest
		}
	}
	return x
}

// image rounds x, [Channels, height, width] in a's value range, to 8 bits: to the nearest level, halves up, within the range.
func (a Arch) image(x []float32, height, width int) *raster.Image {
	level := raster.Level
	if a.ValueRange[0] == 0 {
		level = level01
	}
	img := raster.NewImage(width, height, a.Channels, 8)
	plane := height * width
	for p := range plane {
		for c := range a.Channels {
			img.Pix[p*a.Channels+c] = level(x[c*plane+p])
		}
	}
	return img
}

func level01(x float32) byte {
	v := math.Floor(float64(float64(x)*255) + 0.5) // the product is exact: 24 + 8 bits
	switch {
	case v >= 255:
		return 255
	case v > 0:
		return byte(v)
	}
	return 0
}
