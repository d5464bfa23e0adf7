package figure

import (
	"bytes"
	"errors"
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
