package figure

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// The wider the spread, the more of the picture is its colour. Bands of one point are left out.
func TestBands(t *testing.T) {
	x, mean := []float64{1, 2, 3, 4}, []float64{5, 6, 7, 8}
	tinted := func(spread float64) (count int) {
		b := Band{Name: "a", X: x, Mean: mean}
		for _, m := range mean {
			b.Low, b.High = append(b.Low, m-spread), append(b.High, m+spread)
		}
		edge := Band{Name: "edge", X: []float64{1, 4}, Mean: []float64{0, 15}, Low: []float64{0, 15}, High: []float64{0, 15}} // keeps the axis
		file, err := Bands("step", []BandPanel{{Title: "one", Bands: []Band{b, edge}}, {Title: "none", Bands: []Band{{Name: "b", X: x[:1]}}}})
		if err != nil {
			t.Fatal(err)
		}
		m, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		for y := range m.Bounds().Dy() {
			for x := range m.Bounds().Dx() {
				if r, g, b, _ := m.At(x, y).RGBA(); b>>8 > 200 && r>>8 < 225 && g>>8 < b>>8 { // pale blue
					count++
				}
			}
		}
		return count
	}
	narrow, wide := tinted(0.5), tinted(2)
	if ratio := float64(wide) / float64(narrow); ratio < 3 || ratio > 5 {
		t.Errorf("a spread four times as wide tints %d pixels, the other %d", wide, narrow)
	}
	if _, err := Bands("step", []BandPanel{{Title: "none", Bands: []Band{{Name: "b", X: x[:1]}}}}); !errors.Is(err, ErrNoCurves) {
		t.Errorf("%v", err)
	}
}

// A point stands where its values are: the one with more of both is farther up and to the right.
func TestTradeOff(t *testing.T) {
	points := []Point{{"a", 0.1, 0.1, 0.1, 0.2, 0.2, 0.2}, {"b", 0.8, 0.7, 0.9, 0.9, 0.8, 1}}
	file, err := TradeOff("t", "x", "y", points)
	if err != nil {
		t.Fatal(err)
	}
	m, err := png.Decode(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	var sum [2]image.Point
	var count [2]int
	for y := range m.Bounds().Dy() {
		for x := range m.Bounds().Dx() {
			for i, hue := range curveColors[:2] {
				if color.RGBAModel.Convert(m.At(x, y)) == hue {
					sum[i], count[i] = sum[i].Add(image.Pt(x, y)), count[i]+1
				}
			}
		}
	}
	if count[0] == 0 || count[1] == 0 || sum[0].X/count[0] >= sum[1].X/count[1] || sum[0].Y/count[0] <= sum[1].Y/count[1] {
		t.Errorf("%v pixels of the points, sums %v", count, sum)
	}
	if _, err := TradeOff("t", "x", "y", nil); !errors.Is(err, ErrNoCurves) {
		t.Error(err)
	}
}

// Names stand beside the curves, never above them: longer and other names leave every pixel of the panels as it is.
func TestLegendsHideNothing(t *testing.T) {
	x, y := []float64{1, 2, 3}, []float64{9, 9, 9}
	for what, picture := range map[string]func(string) ([]byte, error){
		"bands": func(name string) ([]byte, error) {
			p := BandPanel{Title: "t", Bands: []Band{{Name: name, X: x, Mean: y, Low: []float64{0, 5, 9}, High: y}}}
			return Bands("x", []BandPanel{p})
		},
		"trade-off": func(name string) ([]byte, error) {
			return TradeOff("t", "x", "y", []Point{{name, 0.9, 0, 1, 0.9, 0, 1}, {"other", 0.1, 0.1, 0.1, 0.9, 0.9, 0.9}})
		},
	} {
		var pictures [2]image.Image
		for i, name := range []string{"a", "a name that is long"} {
			file, err := picture(name)
			if err != nil {
				t.Fatal(err)
			}
			if pictures[i], err = png.Decode(bytes.NewReader(file)); err != nil {
				t.Fatal(err)
			}
		}
		size, differ, inPanel := pictures[0].Bounds(), 0, 0
		for py := range size.Dy() {
			for px := range size.Dx() {
				if pictures[0].At(px, py) != pictures[1].At(px, py) {
					if differ++; px < size.Dx()/2 {
						inPanel++
					}
				}
			}
		}
		if differ == 0 || inPanel > 0 {
			t.Errorf("%s: %d pixels differ, %d of them in the panel", what, differ, inPanel)
		}
	}
}
