package figure

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"keygan/cipher/catmap"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Times draws times in milliseconds over the side of the image, both on logarithmic scales: the keys of networks to the left, encryption
// to the right. What has one size only is a point. A panel without a curve of two points is left out; the error is ErrNoCurves if that
// is both.
func Times(keys, encryption []Curve) ([]byte, error) {
	var plots []*plot.Plot
	for _, part := range []struct {
		title  string
		curves []Curve
	}{{"key of a network", keys}, {"encryption, the key being ready", encryption}} {
		curves := part.curves
		if !slices.ContainsFunc(curves, func(c Curve) bool { return len(c.Points) > 1 }) {
			continue
		}
		if len(curves) == 1 {
			part.title += ": " + curves[0].Name
		}
		p, err := panel(part.title, true, curves...)
		if err != nil {
			return nil, err
		}
		p.X.Label.Text, p.Y.Label.Text = "width and height, pixels", "milliseconds"
		p.X.Scale = plot.LogScale{}
		var ticks plot.ConstantTicks
		for i, c := range curves {
			for _, xy := range c.Points {
				tick := plot.Tick{Value: xy.X, Label: strconv.Itoa(int(xy.X))}
				if !slices.Contains(ticks, tick) {
					ticks = append(ticks, tick)
				}
			}
			if err := dots(p, c, i); err != nil {
				return nil, err
			}
		}
		p.X.Tick.Marker = ticks
		p.Legend.Top, p.Legend.Left = true, true
		p.Y.Max *= math.Pow(p.Y.Max/p.Y.Min, 0.1*float64(1+len(curves))/2) // room for the legend
		plots = append(plots, p)
	}
	if len(plots) == 0 {
		return nil, ErrNoCurves
	}
	return grid(plots, len(plots), 4.6*vg.Inch, 4*vg.Inch)
}

// dots mark the points of the i-th curve, which are few.
func dots(p *plot.Plot, c Curve, i int) error {
	s, err := plotter.NewScatter(c.Points)
	if err != nil {
		return err
	}
	s.GlyphStyle = draw.GlyphStyle{Color: curveColors[i%len(curveColors)], Shape: draw.CircleGlyph{}, Radius: vg.Points(2.5)}
	p.Add(s)
	return nil
}

// CatMap draws what each iteration of Arnold's cat map makes of a square image, from 1 to the period of the map: the correlation of
// horizontal and vertical neighbours above, and the share of pixels that are in their place below. A line marks the iterations used.
func CatMap(m *raster.Image, used int) ([]byte, error) {
	m = m.Convert(1)
	numbers := raster.NewImage(m.Width, m.Height, 3, 8) // of the pixels, in 24 bits
	for i := range m.Width * m.Height {
		copy(numbers.Pix[3*i:], []byte{byte(i), byte(i >> 8), byte(i >> 16)})
	}
	curves := []Curve{{Name: "horizontal"}, {Name: "vertical"}}
	var inPlace plotter.XYs
	period := catmap.Period(m.Width, 1, 1)
	for k := 1; k <= period; k++ {
		moved := catmap.Apply(m, 1, 1, k)
		for i, d := range []metrics.Direction{metrics.Horizontal, metrics.Vertical} {
			if r, err := metrics.Correlation(moved, 0, d); err == nil { // of a constant image there is none
				curves[i].Points = append(curves[i].Points, plotter.XY{X: float64(k), Y: r})
			}
		}
		inPlace = append(inPlace, plotter.XY{X: float64(k), Y: 100 * unmoved(numbers, catmap.Apply(numbers, 1, 1, k))})
	}
	var plots []*plot.Plot
	for _, part := range []struct {
		title  string
		top    float64
		curves []Curve
	}{
		{fmt.Sprintf("correlation of neighbours, %d×%d pixels", m.Width, m.Height), 1.05, curves},
		{"pixels in their place, %", 105, []Curve{{Points: inPlace}}},
	} {
		if len(part.curves[0].Points) == 0 {
			continue
		}
		p, err := panel(part.title, false, part.curves...)
		if err != nil {
			return nil, err
		}
		p.Title.Text = part.title
		p.X.Label.Text, p.X.Min, p.X.Max = "iterations", 0, 1.15*float64(period) // room for the legend
		p.X.Tick.Marker = roundTicks{}
		p.Y.Min, p.Y.Max = min(p.Y.Min, 0), part.top
		mark := &plotter.Line{XYs: plotter.XYs{{X: float64(used), Y: p.Y.Min}, {X: float64(used), Y: p.Y.Max}}}
		mark.Color, mark.Width, mark.Dashes = frame, vg.Points(1), []vg.Length{vg.Points(3), vg.Points(3)}
		p.Add(mark)
		p.Legend.Add(fmt.Sprintf("%d, as used", used), mark)
		plots = append(plots, p)
	}
	return grid(plots, 1, 9.4*vg.Inch, 2.7*vg.Inch)
}

// unmoved is the share of pixels that are the same in both images.
func unmoved(a, b *raster.Image) float64 {
	same := 0
	for i := 0; i < len(a.Pix); i += 3 {
		if [3]byte(a.Pix[i:]) == [3]byte(b.Pix[i:]) {
			same++
		}
	}
	return float64(same) / float64(a.Width*a.Height)
}
