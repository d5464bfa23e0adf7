package train

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// plots draws the columns of metrics.csv over the epochs whenever an epoch ends.
type plots struct{}

func (plots) finish(*Training) error { return nil }

func (plots) afterStep(t *Training, _ []float64) error {
	if !t.EpochDone() {
		return nil
	}
	curves, err := readCurves(filepath.Join(t.Dir, "metrics.csv"))
	if err != nil || len(curves) == 0 || len(curves[0].points) < 2 {
		return err // one point makes no curve
	}
	if o := t.Config.Optimizer; o.Schedule != "constant" || o.Warmup > 0 {
		rate := curve{name: "Learning Rate"}
		for _, p := range curves[0].points {
			rate.points = append(rate.points, plotter.XY{X: p.X, Y: o.learningRate(min(int(p.X)*t.StepsPerEpoch, t.Total)-1, t.Total)})
		}
		curves = append(curves, rate)
	}
	dir := filepath.Join(t.Dir, "plots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range arrange(curves) {
		if err := p.draw(filepath.Join(dir, p.file)); err != nil {
			return err
		}
	}
	return nil
}

// readCurves reads the columns of a metrics.csv. Epochs in which a column has no value are left out of its curve.
func readCurves(path string) ([]curve, error) {
	rows, err := readTable(path)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var curves []curve
	for i, name := range rows[0][1:] {
		c := curve{name: name}
		for _, row := range rows[1:] {
			if row[i+1] == "" {
				continue
			}
			x, errX := strconv.ParseFloat(row[0], 64)
			y, errY := strconv.ParseFloat(row[i+1], 64)
			if errX != nil || errY != nil {
				return nil, fmt.Errorf("%s: a row that is not numbers: %v", path, row)
			}
			c.points = append(c.points, plotter.XY{X: x, Y: y})
		}
		curves = append(curves, c)
	}
	return curves, nil
}

// picture is one file of plots.
type picture struct {
	file, title string
	log         bool // norms of gradients differ by powers of ten
	curves      []curve
}

// arrange puts the curves that are of a kind into one picture, and the others each into its own.
func arrange(curves []curve) []picture {
	pictures := []picture{
		{file: "loss.png", title: "Loss"},
		{file: "gradients.png", title: "Norm of the gradient", log: true},
		{file: "scores.png", title: "Mean critic score"},
		{file: "accuracy.png", title: "Share of scores on the right side of zero"},
	}
	for _, c := range curves {
		switch {
		case len(c.points) < 2:
		case strings.HasSuffix(c.name, "Loss"):
			pictures[0].curves = append(pictures[0].curves, c)
		case strings.HasSuffix(c.name, "Gradient Norm"):
			c.name = strings.TrimSuffix(c.name, " Gradient Norm")
			pictures[1].curves = append(pictures[1].curves, c)
		case strings.HasPrefix(c.name, "D_"):
			pictures[2].curves = append(pictures[2].curves, c)
		case strings.HasSuffix(c.name, "_Acc"):
			pictures[3].curves = append(pictures[3].curves, c)
		default:
			file := strings.ReplaceAll(strings.ToLower(c.name), " ", "-") + ".png"
			pictures = append(pictures, picture{file: file, title: c.name, curves: []curve{c}})
		}
	}
	return slices.DeleteFunc(pictures, func(p picture) bool { return len(p.curves) == 0 })
}

type curve struct {
	name   string
	points plotter.XYs
}

// positive says that all of the curves can be drawn on a logarithmic scale.
func positive(curves []curve) bool {
	for _, c := range curves {
		for _, p := range c.points {
			if !(p.Y > 0) {
				return false
			}
		}
	}
	return true
}

// settled is the range of the curves without their first tenth, where that is less than a fifth of the whole range: the first
// steps of a critic would leave nothing to see of the others.
func settled(curves []curve) (least, most float64, ok bool) {
	var all, later []float64
	for _, c := range curves {
		for i, p := range c.points {
			all = append(all, p.Y)
			if i > len(c.points)/10 {
				later = append(later, p.Y)
			}
		}
	}
	if len(later) < 2 {
		return 0, 0, false
	}
	least, most = bounds(later)
	first, last := bounds(all)
	room := (most - least) / 20
	return least - room, most + room, most > least && last-first > 5*(most-least)
}

// curveColors can be told apart in grey and by the colour-blind (Okabe and Ito).
var curveColors = []color.Color{
	color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{0, 158, 115, 255}, color.RGBA{204, 121, 167, 255},
	color.RGBA{230, 159, 0, 255}, color.RGBA{86, 180, 233, 255}, color.RGBA{0, 0, 0, 255},
}

// draw writes the picture, 900×540 pixels.
func (pic picture) draw(path string) error {
	p := plot.New()
	p.Title.Text = pic.title
	p.Title.Padding = vg.Points(6)
	p.X.Label.Text = "epoch"
	last := 0.0
	for _, c := range pic.curves {
		last = max(last, c.points[len(c.points)-1].X)
	}
	p.X.Tick.Marker = epochTicks(last)
	p.Add(plotter.NewGrid())
	for i, c := range pic.curves {
		l, err := plotter.NewLine(c.points)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, c.name, err)
		}
		l.Color = curveColors[i%len(curveColors)]
		l.Width = vg.Points(1.5)
		p.Add(l)
		if len(pic.curves) > 1 {
			p.Legend.Add(c.name, l)
		}
	}
	if least, most, later := settled(pic.curves); !pic.log && later {
		p.Y.Min, p.Y.Max = least, most
		p.Title.Text += " (beyond the axis at first)"
	}
	if pic.log && positive(pic.curves) {
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
		if p.Y.Min == p.Y.Max { // plot itself would make room by a distance, which can end below zero
			p.Y.Min, p.Y.Max = p.Y.Min/2, p.Y.Max*2
		}
	}
	p.Legend.Top = true
	p.Legend.YOffs, p.Legend.Padding = -vg.Points(4), vg.Points(3)
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(9*vg.Inch, 5.4*vg.Inch), vgimg.UseDPI(100))}
	p.Draw(draw.Crop(draw.New(canvas), vg.Points(8), -vg.Points(16), vg.Points(8), -vg.Points(8)))
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	return writeFile(path, b.Bytes())
}

// epochTicks labels whole epochs from 1 to last, about ten of them.
func epochTicks(last float64) plot.ConstantTicks {
	step := max(1, math.Round(last/10))
	var ticks plot.ConstantTicks
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
