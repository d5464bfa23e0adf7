package figure

import (
	"fmt"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A Point is two values of one thing, each with the range in which it was found.
type Point struct {
	Name           string
	X, XLow, XHigh float64
	Y, YLow, YHigh float64
}

// TradeOff draws points with their ranges: what has to be given for what. Each has a number, and the names stand beside the plot.
func TradeOff(title, x, y string, points []Point) ([]byte, error) {
	if len(points) == 0 {
		return nil, ErrNoCurves
	}
	p := newPlot(title, x, y)
	background := plotter.NewGrid()
	background.Horizontal.Color, background.Vertical.Color = faint, faint
	p.Add(background)
	var labels plotter.XYLabels
	var names []string
	for i, at := range points {
		hue := curveColors[i%len(curveColors)]
		for _, ends := range []plotter.XYs{{{X: at.XLow, Y: at.Y}, {X: at.XHigh, Y: at.Y}}, {{X: at.X, Y: at.YLow}, {X: at.X, Y: at.YHigh}}} {
			line, err := plotter.NewLine(ends)
			if err != nil {
				return nil, err
			}
			line.Color, line.Width = hue, vg.Points(1)
			p.Add(line)
		}
		dot, err := plotter.NewScatter(plotter.XYs{{X: at.X, Y: at.Y}})
		if err != nil {
			return nil, err
		}
		dot.Color, dot.Radius, dot.Shape = hue, vg.Points(3.5), draw.CircleGlyph{}
		p.Add(dot)
		labels.XYs, labels.Labels = append(labels.XYs, plotter.XY{X: at.X, Y: at.Y}), append(labels.Labels, strconv.Itoa(i+1))
		names = append(names, fmt.Sprintf("%d  %s", i+1, at.Name))
	}
	numbers, err := plotter.NewLabels(labels)
	if err != nil {
		return nil, err
	}
	for i := range numbers.TextStyle {
		numbers.TextStyle[i].Font = p.Legend.TextStyle.Font
	}
	numbers.Offset = vg.Point{X: vg.Points(5), Y: vg.Points(4)}
	p.Add(numbers)
	p.X.Tick.Marker, p.Y.Tick.Marker = roundTicks{}, roundTicks{}
	for _, a := range []*plot.Axis{&p.X, &p.Y} { // so that no range ends at the edge, where it would look cut
		room := (a.Max - a.Min) / 15
		a.Min, a.Max = a.Min-room, a.Max+room
	}
	return grid([]*plot.Plot{p, legend(names)}, 2, 4.6*vg.Inch, 4*vg.Inch)
}
