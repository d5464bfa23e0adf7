package infer

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"keygan/data/raster"
)

// Key is KeyFrom with the zero Seed, for a model that takes no noise. With noise, each key that is to protect anything needs a fresh Seed.
func (m *Model) Key(img *raster.Image) (*raster.Image, error) { return m.KeyFrom(img, Seed{}) }

// KeyFrom makes the key image of img: 8 bits, as many channels as the model has, as wide and as high as img. The samples of
// img, of any depth, are converted to the model's channels (alpha is dropped, colour to grey by luma) and to its value
// range; the result is rounded to the nearest grey level, halves up.
//
// A model that TakesNoise draws it from seed. One with Latent numbers ignores the samples of img; for another size it returns a *SizeError.
func (m *Model) KeyFrom(img *raster.Image, seed Seed) (*raster.Image, error) {
	return m.KeyOn(0, img, seed)
}

// KeyOn is KeyFrom with a number of threads; 0 stands for GOMAXPROCS. Many keys are fastest side by side, one thread each, if there is
// Memory.
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
	return raster.Clamp(math.Floor(float64(float64(x)*255) + 0.5)) // the product is exact: 24 + 8 bits
}

// Forward makes the key of an image: x is [Channels, height, width] in the model's value range. So is the result, where the last
// activation keeps to the range, as tanh does; Key clamps the rest. Where a side is not a multiple of 4, the image is extended to the
// right and below by repeating its edge, and the key is cut back. Only a model that TakesNoise looks at seed. A model with Latent
// numbers makes keys of ImageSize × ImageSize and ignores x. Forward uses all of GOMAXPROCS and may be called concurrently.
//
// It returns an error if x has another length or is not finite, if the image is too large for the network, and if the weights are
// such that the result is not a number; and a *SizeError if a model with Latent numbers is asked for another size.
func (m *Model) Forward(x []float32, height, width int, seed Seed) ([]float32, error) {
	return m.forwardInto(nil, 0, x, height, width, seed)
}

// forwardInto is Forward into the memory of dst, if that has room, with a number of threads; 0 stands for GOMAXPROCS.
func (m *Model) forwardInto(dst []float32, threads int, x []float32, height, width int, seed Seed) ([]float32, error) {
	if err := m.checkInput(x, height, width); err != nil {
		return nil, err
	}
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	s, err := m.schedules.get(m, height, width, threads)
	if err != nil {
		return nil, err
	}
	defer m.schedules.put(s)
	if len(dst) < s.key.size() {
		dst = make([]float32, s.key.size())
	}
	dst = dst[:s.key.size()]
	s.run(dst, x, seed)
	if checkFinite(dst) != nil {
		return nil, errors.New("the weights are out of range: the key is not a number")
	}
	return dst, nil
}

func (m *Model) checkInput(x []float32, height, width int) error {
	if m.arch.Latent > 0 {
		if side := m.arch.ImageSize; height != side || width != side {
			return &SizeError{width, height, side}
		}
		return nil
	}
	if height < 1 || width < 1 || height > maxActivation/width {
		return fmt.Errorf("no key can be made of an image of %d×%d", width, height)
	}
	if channels := m.arch.Channels; int64(len(x)) != int64(channels)*int64(height)*int64(width) {
		return fmt.Errorf("%d samples for an image of %d×%d with %d channels", len(x), width, height, channels)
	}
	if err := checkFinite(x); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	return nil
}

// schedulePool keeps the memory of forward passes: of the last for good, so that a series of images takes no more, of others until a GC.
type schedulePool struct {
	last atomic.Pointer[schedule]
	rest sync.Pool
}

func (p *schedulePool) get(m *Model, height, width, workers int) (*schedule, error) {
	s := p.last.Swap(nil)
	if s == nil {
		s, _ = p.rest.Get().(*schedule)
	}
	if s != nil && s.key.height == height && s.key.width == width && s.workers == workers {
		return s, nil
	}
	return m.newSchedule(height, width, workers)
}

func (p *schedulePool) put(s *schedule) {
	if before := p.last.Swap(s); before != nil {
		p.rest.Put(before)
	}
}
