package train

import (
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/plot/plotter"

	"keygan/data/imagefile"
)

func TestReadCurves(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.csv")
	overwrite(t, path, []byte("Epoch,Critic Loss,D_real\n1,0.5,\n2,-3,1e3\n"))
	curves, err := readCurves(path)
	if err != nil || len(curves) != 2 || curves[1].name != "D_real" {
		t.Fatalf("%v, %v", curves, err)
	}
	if want := (plotter.XYs{{X: 1, Y: 0.5}, {X: 2, Y: -3}}); !slices.Equal(curves[0].points, want) {
		t.Errorf("%v, want %v", curves[0].points, want)
	}
	if want := (plotter.XYs{{X: 2, Y: 1e3}}); !slices.Equal(curves[1].points, want) {
		t.Errorf("%v, want %v: an empty value is left out", curves[1].points, want)
	}
	overwrite(t, path, []byte("Epoch,Critic Loss\n1,much\n"))
	if _, err := readCurves(path); err == nil {
		t.Error("a word was read as a number")
	}
	if curves, err := readCurves(path + ".none"); err != nil || curves != nil {
		t.Errorf("no file: %v, %v", curves, err)
	}
}

// Each objective's columns are drawn, those of a kind together.
func TestArrange(t *testing.T) {
	files := func(columns []string) (files []string) {
		var curves []curve
		for _, name := range columns {
			curves = append(curves, curve{name, make(plotter.XYs, 2)})
		}
		curves = append(curves, curve{name: "Too Short Loss", points: make(plotter.XYs, 1)})
		for _, p := range arrange(curves) {
			files = append(files, p.file)
		}
		return files
	}
	want := []string{"loss.png", "gradients.png", "scores.png", "accuracy.png", "wasserstein-distance.png", "gradient-penalty.png"}
	if got := files((&wganGP{}).Columns()); !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if got := files((&gan{}).Columns()); !slices.Equal(got, want[:4]) {
		t.Errorf("%v, want %v", got, want[:4])
	}
	if got := files(nil); got != nil {
		t.Errorf("%v of nothing", got)
	}
}

// Pictures of curves that a logarithm cannot show, or only just, are drawn all the same.
func TestDraw(t *testing.T) {
	for name, points := range map[string]plotter.XYs{
		"decades":  {{X: 1, Y: 1e-6}, {X: 2, Y: 3e4}},
		"zero":     {{X: 1, Y: 0}, {X: 2, Y: 3}},
		"negative": {{X: 1, Y: -2}, {X: 2, Y: 3}},
		"flat":     {{X: 1, Y: 0.3}, {X: 2, Y: 0.3}},
		"zeros":    {{X: 1, Y: 0}, {X: 2, Y: 0}},
	} {
		path := filepath.Join(t.TempDir(), "p.png")
		p := picture{title: name, log: true, curves: []curve{{"Generator", points}, {"Critic", points}}}
		if err := p.draw(path); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if m, err := imagefile.ReadImage(path); err != nil || m.Width != 900 || m.Height != 540 {
			t.Errorf("%s: %v, %v", name, m, err)
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
		var line curve
		for i, v := range c.values {
			line.points = append(line.points, plotter.XY{X: float64(i), Y: v})
		}
		least, most, ok := settled([]curve{line})
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
