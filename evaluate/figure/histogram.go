package figure

import (
	"bytes"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Histograms draws the byte histograms of images side by side, each on its own scale: a plain image's peaks would flatten the others.
// A line marks the uniform share, 1/256.
func Histograms(images []Tile) ([]byte, error) {
	plots := make([]*plot.Plot, len(images))
	for i, t := range images {
		p, err := histogram(t.Label, t.Image)
		if err != nil {
			return nil, err
		}
		plots[i] = p
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

func histogram(title string, m *raster.Image) (*plot.Plot, error) {
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
	bars, err := plotter.NewPolygon(outline)
	if err != nil {
		return nil, err
	}
	bars.Color, bars.LineStyle.Width = blue, 0
	uniform, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 100. / 256}, {X: 256, Y: 100. / 256}})
	if err != nil {
		return nil, err
	}
	uniform.Color, uniform.Width, uniform.Dashes = vermilion, vg.Points(1.4), []vg.Length{vg.Points(5), vg.Points(3)}
	p.Add(bars, uniform)
	p.Legend.Add("uniform", uniform)
	p.Y.Min, p.Y.Max = 0, 1.2*highest
	p.Y.Tick.Marker = roundTicks{}
	return p, nil
}
