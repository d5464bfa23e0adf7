package figure

import (
	"errors"
	"image"
	"math"
	"testing"

	"gonum.org/v1/plot/plotter"

	"keygan/cipher/catmap"
	"keygan/data/raster"
)

// At half its period the map of 256×256 pixels has a quarter of them back in place, at the period all, and after one iteration one.
func TestUnmoved(t *testing.T) {
	m := raster.NewImage(256, 256, 3, 8)
	for i := range 256 * 256 {
		copy(m.Pix[3*i:], []byte{byte(i), byte(i >> 8), 7})
	}
	for k, want := range map[int]float64{96: 0.25, 192: 1, 1: 1. / (256 * 256)} {
		if got := unmoved(m, catmap.Apply(m, 1, 1, k)); math.Abs(got-want) > 1e-12 {
			t.Errorf("%d iterations: %v, want %v", k, got, want)
		}
	}
}

// A constant image has no correlation to draw, and others have.
func TestCatMap(t *testing.T) {
	for height, m := range map[int]*raster.Image{1: raster.NewImage(20, 20, 1, 8), 2: noise(24, 3, 4)} {
		file, err := CatMap(m, 5)
		if size := decode(t, file, err).Bounds().Size(); size != image.Pt(902, height*259) {
			t.Errorf("%d panels: %v", height, size)
		}
	}
}

func TestTimes(t *testing.T) {
	line := Curve{"xor", plotter.XYs{{X: 64, Y: 0.01}, {X: 128, Y: 0.04}}}
	point := Curve{"one", plotter.XYs{{X: 64, Y: 3}}}
	file, err := Times([]Curve{line}, []Curve{line, point})
	both := decode(t, file, err).Bounds().Dx()
	file, err = Times([]Curve{point}, []Curve{line})
	if one := decode(t, file, err).Bounds().Dx(); both < 2*one-2 || both > 2*one+2 {
		t.Errorf("two panels are %d wide, one %d", both, one)
	}
	if _, err := Times([]Curve{point}, nil); !errors.Is(err, ErrNoCurves) {
		t.Errorf("nothing to draw: %v", err)
	}
}
