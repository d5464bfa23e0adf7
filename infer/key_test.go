package infer

import (
	"math"
	"slices"
	"strings"
	"testing"

	"keygan/data"
)

func TestKey(t *testing.T) {
	for _, channels := range []int{1, 3} {
		a := ResNet(3, 1, channels, 16)
		m := newModel(a, randomParams(a, 5))
		colour := testImage(21, 10, 3, 8)
		for _, img := range []*data.Image{colour, colour.Convert(1), data.NewImage(8, 9, 2, 16), data.NewImage(5, 4, 4, 8)} {
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

// Sides that are no multiple of 4: the key is the upper left of that of the image with its edge repeated.
func TestForwardRepeatsTheEdge(t *testing.T) {
	a := ResNet(3, 1, 1, 16)
	m := newModel(a, randomParams(a, 6))
	img := testImage(9, 6, 1, 1)
	whole := data.NewImage(12, 8, 1, 8)
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
		{x, 0, 8, "an image of 8×0 cannot be keyed"},
		{x, -8, -8, "cannot be keyed"},
		{x, math.MaxInt, 8, "cannot be keyed"},
		{nan, 8, 8, "image: element 9 is NaN"},
	} {
		if _, err := m.Forward(c.x, c.height, c.width); err == nil || !strings.Contains(err.Error(), c.want) {
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
	if _, err := newModel(a, params).Forward(x, 8, 8); err == nil || !strings.Contains(err.Error(), "out of range") {
		t.Errorf("weights that overflow: the error is %v", err)
	}
	// The shape of a larger image is refused before anything is allocated for it.
	if err := a.trace(1<<16, 1<<16, nil); err == nil || !strings.Contains(err.Error(), "is too large") {
		t.Errorf("the error is %v", err)
	}
}

// Beyond what it returns, a second image of the same size takes hardly any memory.
func TestForwardReusesMemory(t *testing.T) {
	a := ResNet(8, 1, 1, 64)
	m := newModel(a, randomParams(a, 1))
	x := testImage(64, 64, 1, 1).Floats(1)
	bytes := testing.Benchmark(func(b *testing.B) {
		for b.Loop() {
			if _, err := m.Forward(x, 64, 64); err != nil {
				b.Fatal(err)
			}
		}
	}).AllocedBytesPerOp()
	// The result is 16 kB; one activation alone would be 128 kB.
	if bytes > 100_000 {
		t.Errorf("%d bytes allocated for an image", bytes)
	}
}
