package infer

import (
	"errors"
	"fmt"

	"keygan/data/raster"
)

// Key is KeyFrom with noise from the zero Seed, which everybody knows. It is for a model that takes no noise: with one that
// does, keys that are to protect anything need a fresh Seed each.
func (m *Model) Key(img *raster.Image) (*raster.Image, error) { return m.KeyFrom(img, Seed{}) }

// KeyFrom makes the key image of img: 8 bits, as many channels as the model has, as wide and as high as img. The samples of
// img, of any depth, are converted to the model's channels (alpha is dropped, colour to grey by luma) and to its value
// range; the result is rounded to the nearest grey level, halves up.
//
// A model that TakesNoise draws it from seed. One with Latent numbers does not look at the samples of img: the key is Generate's,
// and the error a *SizeError when img has another size.
func (m *Model) KeyFrom(img *raster.Image, seed Seed) (*raster.Image, error) {
	return m.KeyOn(0, img, seed)
}

// KeyOn is KeyFrom on so many threads; 0 stands for GOMAXPROCS. Their number does not change the key. Many keys are made fastest
// side by side, with one thread each, as far as there is Memory for it.
func (m *Model) KeyOn(threads int, img *raster.Image, seed Seed) (*raster.Image, error) {
	fail := func(err error) (*raster.Image, error) { return nil, fmt.Errorf("key of an image of %v: %w", img, err) }
	var x []float32
	if m.arch.Latent == 0 {
		// A size that there is no key of is better known before so many samples are converted.
		if err := m.arch.trace(roundUp(img.Height, sizeMultiple), roundUp(img.Width, sizeMultiple), func(Layer, shape3) {}); err != nil {
			return fail(err)
		}
		x = m.arch.samples(img)
	}
	y, err := m.ForwardInto(nil, threads, x, img.Height, img.Width, seed)
	if err != nil {
		return fail(err)
	}
	return m.arch.image(y, img.Height, img.Width), nil
}

// Generate makes a key of noise alone, ImageSize × ImageSize, 8 bits, as many channels as the model has. Models without Latent
// numbers make keys of images only.
func (m *Model) Generate(seed Seed) (*raster.Image, error) {
	if m.arch.Latent == 0 {
		return nil, errors.New("the generator makes keys of images, not of noise alone")
	}
	side := m.arch.ImageSize
	y, err := m.ForwardFrom(nil, side, side, seed)
	if err != nil {
		return nil, err
	}
	return m.arch.image(y, side, side), nil
}

// A SizeError reports an image of another size than the one that a generator with Latent numbers makes keys of.
type SizeError struct {
	Width, Height int // of the image
	Side          int // of the keys
}

func (e *SizeError) Error() string {
	return fmt.Sprintf("the generator makes keys of %d×%d pixels only, not of %d×%d", e.Side, e.Side, e.Width, e.Height)
}
