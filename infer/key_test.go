package infer

import (
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"keygan/data/raster"
)

func TestKey(t *testing.T) {
	for _, channels := range []int{1, 3} {
		a := ResNet(3, 1, channels, 16)
		m := newModel(a, randomParams(a, 5))
		colour := testImage(21, 10, 3, 8)
		for _, img := range []*raster.Image{colour, colour.Convert(1), raster.NewImage(8, 9, 2, 16), raster.NewImage(5, 4, 4, 8)} {
			before := slices.Clone(img.Pix)
			key, err := m.Key(img)
			if err != nil {
				t.Fatal(err)
			}
			if key.Width != img.Width || key.Height != img.Height || key.Channels != channels || key.Depth != 8 {
				t.Errorf("the key of %v is %v", img, key)
			}
			if !slices.Equal(before, img.Pix) {
				t.Errorf("%v was changed", img)
			}
		}
	}
}

// Key and Forward are those of the zero Seed. Where noise is taken another seed gives another key, elsewhere the same.
func TestKeyFrom(t *testing.T) {
	for name, a := range versions {
		m := newModel(a, randomParams(a, 5))
		img := testImage(16, 16, 3, 8)
		key := func(seed Seed) []byte {
			k, err := m.KeyFrom(img, seed)
			if err != nil {
				t.Fatal(err)
			}
			return k.Pix
		}
		zero, err := m.Key(img)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(zero.Pix, key(Seed{})) {
			t.Errorf("%s: Key is not KeyFrom of the zero seed", name)
		}
		if !slices.Equal(key(Seed{1}), key(Seed{1})) {
			t.Errorf("%s: the same seed gives another key", name)
		}
		if k, err := m.KeyOn(3, img, Seed{1}); err != nil || !slices.Equal(k.Pix, key(Seed{1})) {
			t.Errorf("%s: with 3 threads the key is another; %v", name, err)
		}
		if differs := !slices.Equal(key(Seed{1}), key(Seed{2})); differs != m.TakesNoise() {
			t.Errorf("%s: TakesNoise is %v, but that another seed gives another key is %v", name, m.TakesNoise(), differs)
		}
		if want := streams(a) > 0; m.TakesNoise() != want {
			t.Errorf("%s: TakesNoise is %v", name, m.TakesNoise())
		}
	}
}

// A generator that makes keys from noise only looks at nothing but the size of the image.
func TestKeyFromNoiseOnly(t *testing.T) {
	m := newModel(versions["dcgan"], randomParams(versions["dcgan"], 5))
	want, err := m.KeyFrom(raster.NewImage(16, 16, 1, 8), countingSeed())
	if err != nil {
		t.Fatal(err)
	}
	if want.Width != 16 || want.Height != 16 || want.Channels != 3 || want.Depth != 8 {
		t.Errorf("the key is %v", want)
	}
	for _, img := range []*raster.Image{testImage(16, 16, 1, 8), testImage(16, 16, 3, 9), raster.NewImage(16, 16, 4, 16)} {
		key, err := m.KeyFrom(img, countingSeed())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(key.Pix, want.Pix) {
			t.Errorf("the key for %v is not that of the noise", img)
		}
	}
	for _, img := range []*raster.Image{testImage(16, 15, 1, 8), testImage(32, 16, 3, 8)} {
		_, err := m.KeyFrom(img, Seed{})
		var size *SizeError
		if !errors.As(err, &size) || size.Side != 16 || !strings.Contains(err.Error(), "keys of 16×16 pixels only, not of "+fmt.Sprintf("%d×%d", img.Width, img.Height)) {
			t.Errorf("for %v the error is %v", img, err)
		}
	}
}

// The sum of image and noise is clipped: with noise far beyond the range, nearly all of it lies at the ends.
func TestInputNoiseIsClipped(t *testing.T) {
	a := noisy(Chaos(2, 0, 1, 16), 10)
	x := make([]float32, 1000)
	for i := range x {
		x[i] = 0.5
	}
	y := make([]float32, len(x))
	a.addInputNoise(y, x, countingSeed())
	ends := 0
	for i, v := range y {
		if v < 0 || v > 1 {
			t.Fatalf("sample %d is %v", i, v)
		}
		if v == 0 || v == 1 {
			ends++
		}
	}
	if ends < 930 || ends == 1000 { // σ = 10 leaves 4 % inside
		t.Errorf("%d of 1000 samples at the ends of the range", ends)
	}
}

// Sides that are no multiple of 4: the key is the upper left of that of the image with its edge repeated.
func TestForwardRepeatsTheEdge(t *testing.T) {
	a := ResNet(3, 1, 1, 16)
	m := newModel(a, randomParams(a, 6))
	img := testImage(9, 6, 1, 1)
	whole := raster.NewImage(12, 8, 1, 8)
	for y := range 8 {
		for x := range 12 {
			whole.Pix[y*12+x] = img.Pix[min(y, 5)*9+min(x, 8)]
		}
	}
	key, err := m.Key(img)
	if err != nil {
		t.Fatal(err)
	}
	want, err := m.Key(whole)
	if err != nil {
		t.Fatal(err)
	}
	for y := range 6 {
		if got, want := key.Pix[y*9:][:9], want.Pix[y*12:][:9]; !slices.Equal(got, want) {
			t.Errorf("row %d is %v, want %v", y, got, want)
		}
	}
}

func TestForwardRefuses(t *testing.T) {
	a := small()
	m := newModel(a, randomParams(a, 1))
	x := make([]float32, 3*8*8)
	nan := slices.Clone(x)
	nan[9] = float32(math.NaN())
	for _, c := range []struct {
		x             []float32
		height, width int
		want          string
	}{
		{x, 8, 9, "192 samples for an image of 9×8 with 3 channels"},
		{x, 0, 8, "no key can be made of an image of 8×0"},
		{x, -8, -8, "no key can be made"},
		{x, math.MaxInt, 8, "no key can be made"},
		{nan, 8, 8, "image: element 9 is NaN"},
	} {
		if _, err := m.Forward(c.x, c.height, c.width, Seed{}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
	params := randomParams(a, 1)
	for i := range params["encoder.0.weight"].Data {
		params["encoder.0.weight"].Data[i] = math.MaxFloat32
	}
	for i := range x {
		x[i] = float32(i%7) / 7
	}
	if _, err := newModel(a, params).Forward(x, 8, 8, Seed{}); err == nil || !strings.Contains(err.Error(), "out of range") {
		t.Errorf("weights that overflow: the error is %v", err)
	}
	// The shape of a larger image is refused before anything is allocated for it.
	if _, err := a.shapes(1<<16, 1<<16); err == nil || !strings.Contains(err.Error(), "is too large") {
		t.Errorf("the error is %v", err)
	}
}

// Beyond what it returns, a second image of the same size takes hardly any memory, noise or not.
func TestForwardReusesMemory(t *testing.T) {
	t.Run("without noise", func(t *testing.T) { reusesMemory(t, ResNet(8, 1, 1, 64)) })
	t.Run("with noise", func(t *testing.T) { reusesMemory(t, noisy(ResNet(8, 1, 1, 64).WithNoise(), 0.3)) })
}

func reusesMemory(t *testing.T, a Arch) {
	m := newModel(a, randomParams(a, 1))
	x := testImage(64, 64, 1, 1).Floats(1)
	const passes = 5
	var before, after runtime.MemStats
	for pass := range 1 + passes { // the first takes the memory that the others use again
		if pass == 1 {
			runtime.ReadMemStats(&before)
		}
		if _, err := m.Forward(x, 64, 64, Seed{}); err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	bytes := (after.TotalAlloc - before.TotalAlloc) / passes
	// The result is 16 kB; a single activation would be 128 kB.
	if bytes > 100_000 {
		t.Errorf("%d bytes allocated for an image", bytes)
	}
}
