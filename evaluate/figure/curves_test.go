package figure

import (
	"image"
	"slices"
	"testing"

	"gonum.org/v1/plot/plotter"
)

// Pictures of curves that a logarithm cannot show, or only just, are drawn all the same.
func TestChart(t *testing.T) {
	for name, points := range map[string]plotter.XYs{
		"decades":  {{X: 1, Y: 1e-6}, {X: 2, Y: 3e4}},
		"zero":     {{X: 1, Y: 0}, {X: 2, Y: 3}},
		"negative": {{X: 1, Y: -2}, {X: 2, Y: 3}},
		"flat":     {{X: 1, Y: 0.3}, {X: 2, Y: 0.3}},
		"zeros":    {{X: 1, Y: 0}, {X: 2, Y: 0}},
	} {
		file, err := Chart(name, true, Curve{"Generator", points}, Curve{"Critic", points})
		if size := decode(t, file, err).Bounds().Size(); size != image.Pt(900, 540) {
			t.Errorf("%s: %v", name, size)
		}
	}
}

// What comes only at first does not set the axis; what stays or comes later does.
func TestSettled(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		ok     bool
	}{
		"an outlier at first": {[]float64{60, 1, -1, 0, 1, 0, -1, 1, 0, 1, 0}, true},
		"one later":           {[]float64{0, 1, -1, 60, 1, 0, -1, 1, 0, 1, 0}, false},
		"a fall":              {[]float64{10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}, false},
		"flat but for one":    {[]float64{60, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}, false},
		"two points":          {[]float64{60, 1}, false},
	} {
		var line Curve
		for i, v := range c.values {
			line.Points = append(line.Points, plotter.XY{X: float64(i), Y: v})
		}
		least, most, ok := settled([]Curve{line})
		if ok != c.ok || ok && (least > -1 || least < -1.2 || most < 1 || most > 1.2) {
			t.Errorf("%s: %v to %v, %v", name, least, most, ok)
		}
	}
}

func TestLogTicks(t *testing.T) {
	var labels []string
	for _, tick := range (logTicks{}).Ticks(0.3, 15) {
		labels = append(labels, tick.Label)
	}
	if want := []string{"0.5", "1", "2", "5", "10"}; !slices.Equal(labels, want) {
		t.Errorf("%v, want %v", labels, want)
	}
}
