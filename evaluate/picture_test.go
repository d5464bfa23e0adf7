package evaluate

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"

	"keygan/data"
)

// TestStripShowsThePixels: tiles show the pixels as they are, small ones enlarged, at every size that a run can have.
func TestStripShowsThePixels(t *testing.T) {
	for _, c := range []struct{ size, side, factor int }{{16, 128, 8}, {100, 200, 2}, {256, 256, 1}, {300, 256, 0}} {
		for _, channels := range []int{1, 3} {
			m := noiseImage(t, c.size, channels, 3)
			sp := &specimen{plain: m, encrypted: []encrypted{{plain: m, cipher: m, decrypted: m}, {plain: m, scrambled: m, cipher: m, decrypted: m}}}
			draw, err := drawStrip(sp)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if err := draw(&b); err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(&b)
			if err != nil {
				t.Fatal(err)
			}
			if want := image.Pt(6*(c.side+stripGap)+stripGap, 2*(c.side+stripLabel+stripGap)+stripGap); img.Bounds().Size() != want {
				t.Errorf("%d: the strip is %v, want %v", c.size, img.Bounds().Size(), want)
			}
			if c.factor == 0 {
				continue
			}
			rgb := m.Convert(3)
			x, y := stripGap+3*(c.side+stripGap), stripGap+stripLabel // the cipher of the first row
			for _, p := range []image.Point{{0, 0}, {3, 7}, {c.size - 1, c.size - 1}} {
				i := 3 * (p.Y*c.size + p.X)
				want := color.RGBA{rgb.Pix[i], rgb.Pix[i+1], rgb.Pix[i+2], 255}
				if got := color.RGBAModel.Convert(img.At(x+p.X*c.factor+c.factor-1, y+p.Y*c.factor)); got != want {
					t.Errorf("%d, pixel %v: %v, want %v", c.size, p, got, want)
				}
			}
		}
	}
}

func TestHistogramsAreDrawn(t *testing.T) {
	for name, m := range map[string]*data.Image{"constant": data.NewImage(16, 16, 1, 8), "noise": noiseImage(t, 64, 3, 1)} {
		draw, err := drawHistograms(name, m, m)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := draw(&b); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&b)
		if err != nil {
			t.Fatal(err)
		}
		bars := 0
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				if color.RGBAModel.Convert(img.At(x, y)) == barColor {
					bars++
				}
			}
		}
		if name == "noise" && bars < 10_000 || bars == 0 {
			t.Errorf("%s: only %d pixels of bars", name, bars)
		}
	}
}

// noiseImage is size×size pixels of uniform bytes.
func noiseImage(t *testing.T, size, channels int, seed uint64) *data.Image {
	t.Helper()
	src, err := data.Noise(1, size, channels, seed)
	if err != nil {
		t.Fatal(err)
	}
	m, err := src.Image(0)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
