package figure

import (
	"errors"
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Band is a curve with its spread: the mean over several runs, and between which values they lie.
type Band struct {
	Name            string
	X               []float64
	Mean, Low, High []float64
}

// A BandPanel is some bands with one title. Where all values are above zero, the axis may be logarithmic.
type BandPanel struct {
	Title       string
	Logarithmic bool
	Bands       []Band
}

// Bands draws panels over a common axis with the name x, and beside them the names: those of the first panel, as all panels must have the
// same bands in the same order. It leaves out bands of one point, and panels without any. The error is ErrNoCurves if nothing is left.
func Bands(x string, panels []BandPanel) ([]byte, error) {
	var plots []*plot.Plot
	for _, p := range panels {
		drawn, err := bandPlot(x, p)
		if errors.Is(err, ErrNoCurves) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Title, err)
		}
		plots = append(plots, drawn)
	}
	if len(plots) == 0 {
		return nil, ErrNoCurves
	}
	var names []string
	for _, b := range panels[0].Bands {
		names = append(names, b.Name)
	}
	plots = append(plots, legend(names))
	return grid(plots, min(3, len(plots)), 3.4*vg.Inch, 2.7*vg.Inch)
}

// legend is a panel of names, each beside a line of its colour: in a panel of its own it hides nothing.
func legend(names []string) *plot.Plot {
	p := newPlot("", "", "")
	p.HideAxes()
	p.Legend.Left, p.Legend.TextStyle.Font.Size = true, vg.Points(12)
	p.Legend.ThumbnailWidth, p.Legend.Padding = vg.Points(28), vg.Points(4)
	for i, name := range names {
		p.Legend.Add(name, &plotter.Line{LineStyle: styleOf(i, 2.5)})
	}
	return p
}

// styleOf is the line of the i-th name: a colour of its own, and dashes when all colours are taken.
func styleOf(i int, points float64) draw.LineStyle {
	s := draw.LineStyle{Color: curveColors[i%len(curveColors)], Width: vg.Points(points)}
	if i >= len(curveColors) {
		s.Dashes = []vg.Length{vg.Points(4), vg.Points(3)}
	}
	return s
}

func bandPlot(x string, panel BandPanel) (*plot.Plot, error) {
	p := newPlot(panel.Title, x, "")
	background := plotter.NewGrid()
	background.Horizontal.Color, background.Vertical.Color = faint, faint
	p.Add(background)
	drawn, positive := 0, true
	for i, b := range panel.Bands {
		if len(b.X) < 2 {
			continue
		}
		drawn++
		var line, area plotter.XYs
		for k := range b.X {
			line = append(line, plotter.XY{X: b.X[k], Y: b.Mean[k]})
			area = append(area, plotter.XY{X: b.X[k], Y: b.High[k]})
			positive = positive && b.Low[k] > 0
		}
		for k := len(b.X) - 1; k >= 0; k-- {
			area = append(area, plotter.XY{X: b.X[k], Y: b.Low[k]})
		}
		curve, err := plotter.NewLine(line)
		if err != nil {
			return nil, err
		}
		curve.LineStyle = styleOf(i, 1.5)
		p.Add(&plotter.Polygon{XYs: []plotter.XYs{area}, Color: pale(curve.Color)}, curve)
	}
	if drawn == 0 {
		return nil, ErrNoCurves
	}
	p.Y.Tick.Marker = roundTicks{}
	p.X.Tick.Marker = roundTicks{}
	if panel.Logarithmic && positive && p.Y.Min < p.Y.Max {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
	}
	return p, nil
}

// pale is a colour through which others can be seen.
func pale(c color.Color) color.Color {
	r, g, b, _ := c.RGBA()
	return color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 50}
}
