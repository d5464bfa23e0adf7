package figure

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// ErrNoCurves reports a table that has no column of two numbers or more.
var ErrNoCurves = errors.New("there is nothing to draw a curve of")

// Curves draws the columns of a training run's metrics.csv over its first one, the epoch: one panel a column. A line of names comes
// first. Cells that are empty or not finite are left out.
func Curves(r io.Reader) ([]byte, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, ErrNoCurves
	}
	var plots []*plot.Plot
	for i, name := range rows[0][1:] {
		points, err := column(rows, i+1)
		if err != nil {
			return nil, err
		}
		if len(points) < 2 {
			continue // one point makes no curve
		}
		p, err := curve(name, rows[0][0], points)
		if err != nil {
			return nil, err
		}
		plots = append(plots, p)
	}
	if len(plots) == 0 {
		return nil, ErrNoCurves
	}
	return grid(plots, min(3, len(plots)), 3.4*vg.Inch, 2.5*vg.Inch)
}

// column reads the points of one column.
func column(rows [][]string, i int) (points plotter.XYs, err error) {
	for n, row := range rows[1:] {
		if row[i] == "" {
			continue
		}
		x, errX := strconv.ParseFloat(row[0], 64)
		y, errY := strconv.ParseFloat(row[i], 64)
		if errX != nil || errY != nil {
			return nil, fmt.Errorf("line %d is not numbers: %s, %s", n+2, row[0], row[i])
		}
		if !math.IsNaN(y) && !math.IsInf(y, 0) && !math.IsNaN(x) && !math.IsInf(x, 0) {
			points = append(points, plotter.XY{X: x, Y: y})
		}
	}
	return points, nil
}

func curve(name, over string, points plotter.XYs) (*plot.Plot, error) {
	p := newPlot(name, over, "")
	line, err := plotter.NewLine(points)
	if err != nil {
		return nil, err
	}
	line.Color, line.Width = blue, vg.Points(1.5)
	grid := plotter.NewGrid()
	grid.Horizontal.Color, grid.Vertical.Color = faint, faint
	p.Add(grid, line)
	p.Y.Tick.Marker = roundTicks{}
	if least, most, ok := settled(points); ok {
		p.Y.Min, p.Y.Max = least, most
		p.Title.Text += "\n(beyond the axis at first)"
	}
	return p, nil
}

// settled is the range of a curve without its first tenth, with some room, where that is less than a fifth of the whole range: a
// critic's first steps would leave nothing to see of the others.
func settled(points plotter.XYs) (least, most float64, ok bool) {
	_, _, lowest, highest := plotter.XYRange(points)
	const fewest = 20 // of fewer, each counts
	if len(points) < fewest {
		return 0, 0, false
	}
	later := points[len(points)/10:]
	_, _, least, most = plotter.XYRange(later)
	room := (most - least) / 20
	return least - room, most + room, most > least && highest-lowest > 5*(most-least)
}

// roundTicks labels four to eight multiples of 1, 2 or 5 times a power of ten, with the decimals that tell them apart.
type roundTicks struct{}

func (roundTicks) Ticks(least, most float64) (ticks []plot.Tick) {
	power := math.Floor(math.Log10((most - least) / 4))
	step := math.Pow(10, power)
	for _, digit := range []float64{5, 2} {
		if digit*step*3 <= most-least {
			step *= digit
			break
		}
	}
	if !(step > 0) { // a range of nothing
		return []plot.Tick{{Value: least, Label: strconv.FormatFloat(least, 'g', 4, 64)}}
	}
	decimals := max(0, -int(math.Floor(math.Log10(step)+1e-9)))
	for n := math.Ceil(least/step) + 0; n*step <= most; n++ { // + 0: no minus zero
		ticks = append(ticks, plot.Tick{Value: n * step, Label: strconv.FormatFloat(n*step, 'f', decimals, 64)})
	}
	return ticks
}
