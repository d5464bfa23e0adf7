package figure

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
	"pgregory.net/rapid"

	"keygan/data/raster"
)

// noise is an image of random bytes.
func noise(side, channels int, seed uint64) *raster.Image {
	m := raster.NewImage(side, side, channels, 8)
	rng := rand.New(rand.NewPCG(seed, 1))
	for i := range m.Pix {
		m.Pix[i] = byte(rng.Uint32())
	}
	return m
}

func decode(t *testing.T, file []byte, err error) image.Image {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// count is how many pixels of an area have a colour.
func count(img image.Image, area image.Rectangle, want color.RGBA) (n int) {
	for y := area.Min.Y; y < area.Max.Y; y++ {
		for x := area.Min.X; x < area.Max.X; x++ {
			if color.RGBAModel.Convert(img.At(x, y)) == want {
				n++
			}
		}
	}
	return n
}

// Tiles show the pixels as they are, small ones enlarged, at every size that a run can have.
func TestStripShowsThePixels(t *testing.T) {
	for _, c := range []struct{ size, side, factor int }{{16, 128, 8}, {100, 200, 2}, {256, 256, 1}, {300, 256, 0}} {
		for _, channels := range []int{1, 3} {
			m := noise(c.size, channels, 3)
			tiles := []Tile{{Label: "plain", Image: m}, {Label: "scrambled", Empty: "none"}, {Label: "cipher", Image: m}}
			file, err := Strip([]Row{{Tiles: tiles}, {Title: "title", Tiles: tiles}})
			img := decode(t, file, err)
			rowHeight := lineStep + c.side + gap + gap/2
			if want := image.Pt(3*(c.side+gap)+gap, gap+rowHeight+lineStep+rowHeight); img.Bounds().Size() != want {
				t.Errorf("%d: the strip is %v, want %v", c.size, img.Bounds().Size(), want)
			}
			x, y := gap+2*(c.side+gap), gap+lineStep+gap/3 // the cipher of the first row
			for _, p := range []image.Point{{0, 0}, {3, 7}, {c.size - 1, c.size - 1}} {
				if c.factor == 0 {
					break
				}
				rgb := m.Convert(3).Pix[3*(p.Y*c.size+p.X):]
				want := color.RGBA{rgb[0], rgb[1], rgb[2], 255}
				if got := color.RGBAModel.Convert(img.At(x+p.X*c.factor+c.factor-1, y+p.Y*c.factor)); got != want {
					t.Errorf("%d, pixel %v: %v, want %v", c.size, p, got, want)
				}
			}
			empty := image.Rect(gap+c.side+gap, y, gap+c.side+gap+c.side, y+c.side)
			if n := count(img, empty, faint); n < c.side*c.side/2 || n == c.side*c.side {
				t.Errorf("%d: %d faint pixels where there is no image, and a word", c.size, n)
			}
		}
	}
}

// Long labels are broken into lines that fit, and nothing of them is lost.
func TestWrap(t *testing.T) {
	c := newCanvas(1, 1)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[a-zχ² ,.:→]{0,80}`).Draw(t, "text")
		pixels := rapid.IntRange(30, 300).Draw(t, "pixels")
		lines := c.wrap(text, pixels)
		for _, line := range lines {
			if c.width(line) > pixels {
				t.Fatalf("%q takes %d of %d pixels", line, c.width(line), pixels)
			}
		}
		if without := strings.NewReplacer(" ", ""); without.Replace(strings.Join(lines, "")) != without.Replace(text) {
			t.Fatalf("%q became %q", text, lines)
		}
	})
}

func TestHistogramsAreDrawn(t *testing.T) {
	file, err := Histograms([]Tile{{Label: "constant", Image: raster.NewImage(16, 16, 1, 8)}, {Label: "noise", Image: noise(64, 3, 1)}})
	img := decode(t, file, err)
	half := img.Bounds()
	half.Max.X /= 2
	bluish := 0 // the one bar is a pixel wide, and between two
	for y := range half.Max.Y {
		for x := range half.Max.X {
			if c := color.RGBAModel.Convert(img.At(x, y)).(color.RGBA); c.B > c.R+30 {
				bluish++
			}
		}
	}
	if bluish < 100 {
		t.Errorf("the bar of a constant image has %d pixels", bluish)
	}
	if n := count(img, half.Add(image.Pt(half.Max.X, 0)), blue); n < 10_000 {
		t.Errorf("only %d pixels of bars", n)
	}
}

// Of a constant image's pairs there is one kind; those of a smooth one lie near the diagonal line; those of noise everywhere.
func TestNeighbours(t *testing.T) {
	smooth := raster.NewImage(64, 64, 1, 8)
	for i := range smooth.Pix {
		smooth.Pix[i] = byte(2*(i%64) + i/64)
	}
	var marks []int
	for _, m := range []*raster.Image{raster.NewImage(64, 64, 1, 8), smooth, noise(64, 3, 1)} {
		file, err := Neighbours([]Tile{{Label: "image", Image: m}})
		img := decode(t, file, err)
		panel := image.Rect(44, gap+2*lineStep+gap/3, 44+256, gap+2*lineStep+gap/3+256)
		marks = append(marks, 256*256-count(img, panel, paper))
	}
	if marks[0] != 1 || marks[1] < 100 || marks[1] > 300 || marks[2] < 5000 {
		t.Errorf("%v points are drawn", marks)
	}
}

func TestCurves(t *testing.T) {
	var table strings.Builder
	table.WriteString("Epoch,Critic Loss,Gradient Penalty,Once\n")
	for i := range 30 {
		fmt.Fprintf(&table, "%d,%g,%s,%s\n", i+1, 1000/float64(1+i*i*i), []string{"", "NaN", "+Inf", "0.5"}[min(i, 3)], []string{"1", ""}[min(i, 1)])
	}
	file, err := Curves(strings.NewReader(table.String()))
	img := decode(t, file, err)
	half := img.Bounds()
	half.Max.X /= 2
	for _, area := range []image.Rectangle{half, half.Add(image.Pt(half.Max.X, 0))} {
		if n := count(img, area, blue); n < 50 {
			t.Errorf("only %d pixels of a curve in %v", n, area)
		}
	}
	for text, want := range map[string]error{"": ErrNoCurves, "Epoch,Loss\n": ErrNoCurves, "Epoch,Loss\n1,2\n": ErrNoCurves, "Epoch\n1\n2\n": ErrNoCurves} {
		if _, err := Curves(strings.NewReader(text)); !errors.Is(err, want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, want := range map[string]string{"Epoch,Loss\n1,2\n2,x\n": "line 3 is not numbers: 2, x", "Epoch,Loss\n1\n": "wrong number of fields", "a\"b": "bare"} {
		if _, err := Curves(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What is measured of keys has one panel for held-out and training images.
func TestPanelsOfKeys(t *testing.T) {
	width := func(columns ...string) int {
		var curves []Curve
		for _, name := range columns {
			curves = append(curves, Curve{name, plotter.XYs{{X: 1, Y: 1}, {X: 2, Y: 3}}})
		}
		file, err := Panels(curves)
		return decode(t, file, err).Bounds().Dx()
	}
	one, two := width("Critic Loss"), width("Critic Loss", "D_real")
	if got := width("Held-out Entropy", "Training Entropy"); got != one || two < 3*one/2 {
		t.Errorf("a picture of two curves of one measure is %d wide, of one curve %d, of two %d", got, one, two)
	}
	if got := width("Held-out Entropy", "Training Chi2"); got != two {
		t.Errorf("a picture of two measures is %d wide, want %d", got, two)
	}
	for name, want := range map[string][2]string{
		"Held-out Plain SSIM": {"held-out", "Plain SSIM"}, "Training Zeros": {"training", "Zeros"}, "Critic Loss": {}, "Training": {},
	} {
		if images, measure := KeyColumn(name); images != want[0] || measure != want[1] {
			t.Errorf("%s: %q of %q", name, measure, images)
		}
	}
}

func TestRoundTicks(t *testing.T) {
	for _, c := range []struct {
		least, most float64
		want        string
	}{
		{0, 1, "0.0 0.2 0.4 0.6 0.8 1.0"}, {1.155, 1.26, "1.16 1.18 1.20 1.22 1.24 1.26"}, {-7, 300, "0 50 100 150 200 250 300"}, {0, 0.013, "0.000 0.002 0.004 0.006 0.008 0.010 0.012"},
		{5, 5, "5"},
	} {
		var got []string
		for _, tick := range (roundTicks{}).Ticks(c.least, c.most) {
			got = append(got, tick.Label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%v to %v: %s, want %s", c.least, c.most, s, c.want)
		}
	}
}

func TestDifference(t *testing.T) {
	a, b := noise(16, 3, 1), noise(16, 3, 2)
	a.Pix[0], b.Pix[0], a.Pix[1], b.Pix[1] = 3, 250, 250, 3
	d := Difference(a, b)
	if d.Pix[0] != 247 || d.Pix[1] != 247 || !bytes.Equal(d.Pix, Difference(b, a).Pix) || !bytes.Equal(Difference(a, a).Pix, make([]byte, len(a.Pix))) {
		t.Errorf("differences %v", d.Pix[:4])
	}
}

// The same images give the same bytes.
func TestFiguresAreDeterministic(t *testing.T) {
	tiles := []Tile{{Label: "plain", Image: noise(64, 3, 1)}, {Label: "cipher", Image: noise(64, 1, 2)}}
	for name, draw := range map[string]func() ([]byte, error){
		"strip":      func() ([]byte, error) { return Strip([]Row{{Title: "a", Tiles: tiles}}) },
		"histograms": func() ([]byte, error) { return Histograms(tiles) },
		"neighbours": func() ([]byte, error) { return Neighbours(tiles) },
	} {
		first, err := draw()
		if err != nil {
			t.Fatal(err)
		}
		if again, err := draw(); err != nil || !bytes.Equal(first, again) {
			t.Errorf("%s: other bytes, or %v", name, err)
		}
	}
}
