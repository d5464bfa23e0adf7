package infer

import (
	"math"
	"testing"

	"keygan/data/raster"
)

// Every level of 8 bits comes back from its sample, and so does what lies less than half a level beside it.
func TestSamplesFrom0To1(t *testing.T) {
	a := Chaos(2, 0, 1, 16)
	img := raster.NewImage(16, 16, 1, 8)
	for i := range img.Pix {
		img.Pix[i] = byte(i)
	}
	x := a.samples(img)
	for i, v := range x {
		if want := float32(float64(i) / 255); v != want {
			t.Errorf("the sample of level %d is %v, want %v", i, v, want)
		}
		for _, beside := range []float32{0, -0.0019, 0.0019} {
			if got := level01(v + beside); int(got) != i {
				t.Errorf("the level of %v is %d, want %d", v+beside, got, i)
			}
		}
	}
	for x, want := range map[float32]byte{-1: 0, 2: 255, 0.5: 128, 1: 255, float32(math.Inf(-1)): 0, math.MaxFloat32: 255, math.SmallestNonzeroFloat32: 0} {
		if got := level01(x); got != want {
			t.Errorf("the level of %v is %d, want %d", x, got, want)
		}
	}
	deep := raster.NewImage(1, 2, 3, 16)
	for i, v := range []int{0, 65535, 1, 40000, 257, 30000} {
		deep.SetSample(i, v)
	}
	a.Channels = 3
	for i, v := range []int{0, 40000, 65535, 257, 1, 30000} { // by channels
		if got, want := a.samples(deep)[i], float32(float64(v)/65535); got != want {
			t.Errorf("the sample of %d is %v, want %v", v, got, want)
		}
	}
}

// Rounding halves up, per channel, in the right place.
func TestImageFrom0To1(t *testing.T) {
	a := Chaos(2, 0, 3, 16)
	img := a.image([]float32{0, 1, 10. / 255, 10.6 / 255, 20. / 255, -3}, 1, 2)
	want := []byte{0, 10, 20, 255, 11, 0}
	if img.Width != 2 || img.Height != 1 || string(img.Pix) != string(want) {
		t.Errorf("%v: %v, want %v", img, img.Pix, want)
	}
}
