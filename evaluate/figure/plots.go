package figure

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"image/color"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Histograms draws byte histograms side by side, each on its own scale. A line marks the uniform share, 1/256.
func Histograms(images []Tile) ([]byte, error) {
	plots := make([]*plot.Plot, len(images))
	for i, t := range images {
		plots[i] = histogram(t.Label, t.Image)
	}
	return grid(plots, len(plots), 3.5*vg.Inch, 3.3*vg.Inch)
}

// grid draws plots of the same size in rows of the given number of columns.
func grid(plots []*plot.Plot, columns int, width, height vg.Length) ([]byte, error) {
	rows := (len(plots) + columns - 1) / columns
	c := vgimg.NewWith(vgimg.UseWH(vg.Length(columns)*width, vg.Length(rows)*height), vgimg.UseDPI(96))
	tiles := draw.Tiles{
		Rows: rows, Cols: columns, PadX: vg.Points(16), PadY: vg.Points(14),
		PadTop: vg.Points(6), PadBottom: vg.Points(6), PadLeft: vg.Points(6), PadRight: vg.Points(10),
	}
	table := make([][]*plot.Plot, rows)
	for i := range table {
		table[i] = make([]*plot.Plot, columns)
		copy(table[i], plots[i*columns:min(len(plots), (i+1)*columns)])
	}
	for i, row := range plot.Align(table, tiles, draw.New(c)) {
		for j, area := range row {
			if p := table[i][j]; p != nil {
				p.Draw(area)
			}
		}
	}
	var b bytes.Buffer
	_, err := vgimg.PngCanvas{Canvas: c}.WriteTo(&b)
	return b.Bytes(), err
}

// newPlot is a plot with the type of all of them.
func newPlot(title, x, y string) *plot.Plot {
	sans := func(size float64) font.Font {
		return font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Points(size))
	}
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font = sans(11.5)
	p.Title.Padding = vg.Points(6)
	p.X.Label.Text, p.Y.Label.Text = x, y
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = sans(11)
		a.Tick.Label.Font = sans(10)
	}
	p.Legend.Top = true
	p.Legend.TextStyle.Font = sans(10)
	return p
}

func histogram(title string, m *raster.Image) *plot.Plot {
	p := newPlot(title, "byte value", "share of the bytes, %")
	p.X.Min, p.X.Max = 0, 256
	var ticks plot.ConstantTicks
	for _, v := range []int{0, 64, 128, 192, 255} {
		ticks = append(ticks, plot.Tick{Value: float64(v), Label: strconv.Itoa(v)})
	}
	p.X.Tick.Marker = ticks
	// One closed outline of 256 steps, filled.
	outline := plotter.XYs{{X: 0, Y: 0}}
	highest := 0.0
	for v, count := range metrics.Histogram(m) {
		share := 100 * float64(count) / float64(len(m.Pix))
		outline = append(outline, plotter.XY{X: float64(v), Y: share}, plotter.XY{X: float64(v + 1), Y: share})
		highest = math.Max(highest, share)
	}
	outline = append(outline, plotter.XY{X: 256, Y: 0})
	uniform := &plotter.Line{XYs: plotter.XYs{{X: 0, Y: 100. / 256}, {X: 256, Y: 100. / 256}}}
	uniform.Color, uniform.Width, uniform.Dashes = vermilion, vg.Points(1.4), []vg.Length{vg.Points(5), vg.Points(3)}
	p.Add(&plotter.Polygon{XYs: []plotter.XYs{outline}, Color: blue}, uniform)
	p.Legend.Add("uniform", uniform)
	p.Y.Min, p.Y.Max = 0, 1.2*highest
	p.Y.Tick.Marker = roundTicks{}
	return p
}

// ErrNoCurves reports a table that has no column of two numbers or more.
var ErrNoCurves = errors.New("there are no values to draw a curve from")

// A Curve is one column of a table over the first one, the epoch.
type Curve struct {
	Name   string
	Points plotter.XYs
}

// ReadCurves reads the columns of a training run's metrics.csv over its first one, the epoch. A line of names comes first. Cells that
// are empty or not finite are left out.
func ReadCurves(r io.Reader) ([]Curve, error) {
	rows, err := csv.NewReader(r).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	curves := make([]Curve, len(rows[0])-1)
	for i := range curves {
		curves[i].Name = rows[0][i+1]
		for n, row := range rows[1:] {
			if row[i+1] == "" {
				continue
			}
			x, errX := strconv.ParseFloat(row[0], 64)
			y, errY := strconv.ParseFloat(row[i+1], 64)
			if errX != nil || errY != nil {
				return nil, fmt.Errorf("line %d is not numbers: %s, %s", n+2, row[0], row[i+1])
			}
			if !math.IsNaN(y) && !math.IsInf(y, 0) && !math.IsNaN(x) && !math.IsInf(x, 0) {
				curves[i].Points = append(curves[i].Points, plotter.XY{X: x, Y: y})
			}
		}
	}
	return curves, nil
}

// Of a column that judges keys, the name says of which images and what is measured: "Held-out Entropy". Two such columns belong together.
const (
	HeldOut = "Held-out "
	Trained = "Training "
)

// KeyColumn splits the name of a column that judges keys: "held-out", "Entropy". The measure of other columns is "".
func KeyColumn(name string) (images, measure string) {
	for _, prefix := range []string{HeldOut, Trained} {
		if measure, ok := strings.CutPrefix(name, prefix); ok {
			return strings.ToLower(strings.TrimSpace(prefix)), measure
		}
	}
	return "", ""
}

// Curves draws the columns of a training run's metrics.csv, as ReadCurves reads them.
func Curves(r io.Reader) ([]byte, error) {
	curves, err := ReadCurves(r)
	if err != nil {
		return nil, err
	}
	return Panels(curves)
}

// Panels draws each curve into a panel of its own, but curves of the same measure of keys into one. It leaves out curves of one point.
// The error is ErrNoCurves if that is all of them.
func Panels(curves []Curve) ([]byte, error) {
	var titles []string
	panels := map[string][]Curve{}
	for _, c := range curves {
		title := c.Name
		if images, measure := KeyColumn(c.Name); measure != "" {
			title, c.Name = "Keys: "+measure, images
		}
		if len(c.Points) < 2 {
			continue // one point makes no curve
		}
		if panels[title] == nil {
			titles = append(titles, title)
		}
		panels[title] = append(panels[title], c)
	}
	var plots []*plot.Plot
	for _, title := range titles {
		p, err := panel(title, false, panels[title]...)
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

// Chart draws curves of two points or more into a panel of 900×540 pixels. The axis may be logarithmic if all values are above zero.
func Chart(title string, logarithmic bool, curves ...Curve) ([]byte, error) {
	p, err := panel(title, logarithmic, curves...)
	if err != nil {
		return nil, err
	}
	p.X.Tick.Marker = wholeTicks{}
	return grid([]*plot.Plot{p}, 1, 9.375*vg.Inch, 5.625*vg.Inch)
}

// curveColors can be told apart in grey and by the colour-blind (Okabe and Ito).
var curveColors = []color.Color{
	blue, vermilion, color.RGBA{0, 158, 115, 255}, color.RGBA{204, 121, 167, 255},
	color.RGBA{230, 159, 0, 255}, color.RGBA{86, 180, 233, 255}, color.RGBA{0, 0, 0, 255},
}

func panel(title string, logarithmic bool, curves ...Curve) (*plot.Plot, error) {
	p := newPlot(title, "epoch", "")
	background := plotter.NewGrid()
	background.Horizontal.Color, background.Vertical.Color = faint, faint
	p.Add(background)
	p.Legend.Padding = vg.Points(3)
	for i, c := range curves {
		line, err := plotter.NewLine(c.Points)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", c.Name, err)
		}
		line.Color, line.Width = curveColors[i%len(curveColors)], vg.Points(1.5)
		p.Add(line)
		if len(curves) > 1 {
			p.Legend.Add(c.Name, line)
		}
		logarithmic = logarithmic && !slices.ContainsFunc(c.Points, func(p plotter.XY) bool { return p.Y <= 0 })
	}
	p.Y.Tick.Marker = roundTicks{}
	if logarithmic {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
		if p.Y.Min == p.Y.Max { // plot itself would make room by a distance, which can end below zero
			p.Y.Min, p.Y.Max = p.Y.Min/2, p.Y.Max*2
		}
	} else if least, most, ok := settled(curves); ok {
		p.Y.Min, p.Y.Max = least, most
		p.Title.Text += "\n(beyond the axis at first)"
	}
	return p, nil
}

// settled is the range of the curves without their first tenth, a critic's first steps, where that is less than a fifth of the whole.
func settled(curves []Curve) (least, most float64, ok bool) {
	const fewest = 10 // of fewer points, each counts
	lowest, highest := math.Inf(1), math.Inf(-1)
	least, most = lowest, highest
	for _, c := range curves {
		if len(c.Points) < fewest {
			return 0, 0, false
		}
		_, _, low, high := plotter.XYRange(c.Points)
		lowest, highest = min(lowest, low), max(highest, high)
		_, _, low, high = plotter.XYRange(c.Points[len(c.Points)/10:])
		least, most = min(least, low), max(most, high)
	}
	room := (most - least) / 20
	return least - room, most + room, most > least && highest-lowest > 5*(most-least)
}

// wholeTicks labels about ten whole numbers, epochs, from 1 on.
type wholeTicks struct{}

func (wholeTicks) Ticks(_, last float64) (ticks []plot.Tick) {
	step := max(1, math.Round(last/10))
	for x := step; x <= last; x += step {
		ticks = append(ticks, plot.Tick{Value: x, Label: strconv.Itoa(int(x))})
	}
	return ticks
}

// logTicks labels 1, 2 and 5 times the powers of ten.
type logTicks struct{}

func (logTicks) Ticks(least, most float64) (ticks []plot.Tick) {
	for exponent := math.Floor(math.Log10(least)); exponent <= math.Ceil(math.Log10(most)); exponent++ {
		for _, digit := range []float64{1, 2, 5} {
			if x := digit * math.Pow(10, exponent); least <= x && x <= most {
				ticks = append(ticks, plot.Tick{Value: x, Label: strconv.FormatFloat(x, 'g', 6, 64)})
			}
		}
	}
	return ticks
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
