package evaluate

import (
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"keygan/data"
	"keygan/evaluate/metrics"
)

var (
	barColor     = color.RGBA{70, 110, 160, 255}
	uniformColor = color.RGBA{200, 60, 40, 255}
)

// drawHistograms draws the byte histograms of a plain image and its ciphertext side by side, each on its own scale: the
// plain one's peaks would flatten the other. A line marks the uniform share, 1/256.
func drawHistograms(title string, plain, secret *data.Image) (func(io.Writer) error, error) {
	left, err := histogramPlot("plain image ("+title+")", plain)
	if err != nil {
		return nil, err
	}
	right, err := histogramPlot("cipher image ("+title+")", secret)
	if err != nil {
		return nil, err
	}
	canvas := vgimg.NewWith(vgimg.UseWH(10*vg.Inch, 3.6*vg.Inch), vgimg.UseDPI(96))
	tiles := draw.Tiles{Rows: 1, Cols: 2, PadX: vg.Points(18), PadTop: vg.Points(6), PadBottom: vg.Points(6), PadLeft: vg.Points(6), PadRight: vg.Points(10)}
	plots := [][]*plot.Plot{{left, right}}
	for i, c := range plot.Align(plots, tiles, draw.New(canvas))[0] {
		plots[0][i].Draw(c)
	}
	return func(w io.Writer) error {
		_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
		return err
	}, nil
}

// sans is the typeface of everything in a plot, in points.
func sans(size float64) font.Font {
	return font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, vg.Points(size))
}

func histogramPlot(title string, m *data.Image) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = title
	p.Title.TextStyle.Font = sans(13)
	p.Title.Padding = vg.Points(6)
	p.X.Label.Text = "byte value"
	p.Y.Label.Text = "share of the bytes, %"
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Label.TextStyle.Font = sans(12)
		a.Tick.Label.Font = sans(11)
	}
	p.X.Min, p.X.Max = 0, 256
	p.X.Tick.Marker = plot.ConstantTicks{{Value: 0, Label: "0"}, {Value: 64, Label: "64"}, {Value: 128, Label: "128"}, {Value: 192, Label: "192"}, {Value: 255, Label: "255"}}

	// One closed outline of 256 steps, filled.
	outline := plotter.XYs{{X: 0, Y: 0}}
	highest := 0.0
	for v, count := range metrics.Histogram(m) {
		share := 100 * float64(count) / float64(len(m.Pix))
		outline = append(outline, plotter.XY{X: float64(v), Y: share}, plotter.XY{X: float64(v + 1), Y: share})
		highest = max(highest, share)
	}
	outline = append(outline, plotter.XY{X: 256, Y: 0})
	bars, err := plotter.NewPolygon(outline)
	if err != nil {
		return nil, err
	}
	bars.Color, bars.LineStyle.Width = barColor, 0
	uniform, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 100. / 256}, {X: 256, Y: 100. / 256}})
	if err != nil {
		return nil, err
	}
	uniform.Color, uniform.Width, uniform.Dashes = uniformColor, vg.Points(1.2), []vg.Length{vg.Points(5), vg.Points(3)}
	p.Add(bars, uniform)
	p.Legend.Add("uniform", uniform)
	p.Legend.Top = true
	p.Legend.TextStyle.Font = sans(11)
	p.Y.Min, p.Y.Max = 0, 1.15*highest
	return p, nil
}
