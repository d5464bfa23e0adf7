package train

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// plots draws the columns of metrics.csv over the epochs whenever an epoch ends: losses together, the rest one by one.
type plots struct{}

func (plots) finish(*Training) error { return nil }

func (plots) afterStep(t *Training, _ []float64) error {
	if !t.EpochDone() {
		return nil
	}
	rows, err := readRows(filepath.Join(t.Dir, "metrics.csv"))
	if err != nil || len(rows) < 2 {
		return err // one point makes no curve
	}
	dir := filepath.Join(t.Dir, "plots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var losses, scores, shares []curve
	for i, name := range t.Objective.Columns() {
		c := curve{name: name}
		for _, row := range rows {
			if row[i+1] == "" { // no step of that epoch had a value
				continue
			}
			x, errX := strconv.ParseFloat(row[0], 64)
			y, errY := strconv.ParseFloat(row[i+1], 64)
			if errX != nil || errY != nil {
				return fmt.Errorf("%s: a row that is not numbers: %v", filepath.Join(t.Dir, "metrics.csv"), row)
			}
			c.points = append(c.points, plotter.XY{X: x, Y: y})
		}
		switch {
		case len(c.points) < 2: // one point makes no curve
		case strings.HasSuffix(name, "Loss"):
			losses = append(losses, c)
		case strings.HasSuffix(name, "_Acc"):
			shares = append(shares, c)
		case strings.HasPrefix(name, "D_"):
			scores = append(scores, c)
		default:
			file := strings.ReplaceAll(strings.ToLower(name), " ", "-") + ".png"
			if err := drawCurves(filepath.Join(dir, file), name, []curve{c}); err != nil {
				return err
			}
		}
	}
	for _, group := range []struct {
		file, title string
		curves      []curve
	}{{"loss.png", "Loss", losses}, {"scores.png", "Mean critic score", scores}, {"accuracy.png", "Share of scores on the right side of zero", shares}} {
		if len(group.curves) == 0 {
			continue
		}
		if err := drawCurves(filepath.Join(dir, group.file), group.title, group.curves); err != nil {
			return err
		}
	}
	return nil
}

type curve struct {
	name   string
	points plotter.XYs
}

// curveColors can be told apart in grey and by the colour-blind (Okabe and Ito).
var curveColors = []color.Color{color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}, color.RGBA{0, 158, 115, 255}}

// drawCurves writes one plot, 900×540 pixels.
func drawCurves(path, title string, curves []curve) error {
	p := plot.New()
	p.Title.Text = title
	p.Title.Padding = vg.Points(6)
	p.X.Label.Text = "epoch"
	last := curves[0].points[len(curves[0].points)-1].X
	p.X.Tick.Marker = epochTicks(last)
	p.Add(plotter.NewGrid())
	for i, c := range curves {
		l, err := plotter.NewLine(c.points)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", path, c.name, err)
		}
		l.Color = curveColors[i%len(curveColors)]
		l.Width = vg.Points(1.5)
		p.Add(l)
		if len(curves) > 1 {
			p.Legend.Add(c.name, l)
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
