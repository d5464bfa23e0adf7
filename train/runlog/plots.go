package runlog

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonum.org/v1/plot/plotter"

	"keygan/evaluate/figure"
)

// Plots draws the columns of metrics.csv over the epochs whenever an epoch ends.
type Plots struct {
	Dir string // the run's folder
	// Rate is the learning rate at the end of an epoch, which has a picture of its own; nil: none, it is constant.
	Rate func(epoch int) float64
}

// AfterStep draws the pictures at the end of an epoch, that of the keys where they have been measured.
func (p Plots) AfterStep(s Step) error {
	if !s.EpochDone {
		return nil
	}
	curves, err := ReadCurves(p.Dir)
	if err != nil || len(curves) == 0 || len(curves[0].Points) < 2 {
		return err // one point makes no curve
	}
	if p.Rate != nil {
		rate := figure.Curve{Name: "Learning Rate"}
		for _, at := range curves[0].Points {
			rate.Points = append(rate.Points, plotter.XY{X: at.X, Y: p.Rate(int(at.X))})
		}
		curves = append(curves, rate)
	}
	dir := filepath.Join(p.Dir, "plots")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	ofKeys := func(c figure.Curve) bool { _, measure := figure.KeyColumn(c.Name); return measure != "" }
	others := slices.DeleteFunc(slices.Clone(curves), ofKeys)
	for _, pic := range arrange(others) {
		drawn, err := figure.Chart(pic.title, pic.logarithmic, pic.curves...)
		if err := written(filepath.Join(dir, pic.file), drawn, err); err != nil {
			return err
		}
	}
	if s.Keys == nil {
		return nil
	}
	drawn, err := figure.Panels(slices.DeleteFunc(curves, func(c figure.Curve) bool { return !ofKeys(c) }))
	if errors.Is(err, figure.ErrNoCurves) { // measured once
		return nil
	}
	return written(filepath.Join(dir, "keys.png"), drawn, err)
}

// written writes what has been drawn, if it has.
func written(path string, drawn []byte, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return WriteFile(path, drawn)
}

// picture is one file of plots/.
type picture struct {
	file, title string
	logarithmic bool // norms of gradients differ by powers of ten
	curves      []figure.Curve
}

// arrange puts the curves that are of a kind into one picture, and the others each into its own.
func arrange(curves []figure.Curve) []picture {
	pictures := []picture{
		{file: "loss.png", title: "Loss"},
		{file: "gradients.png", title: "Norm of the gradient", logarithmic: true},
		{file: "scores.png", title: "Mean critic score"},
		{file: "accuracy.png", title: "Share of scores on the right side of zero"},
	}
	for _, c := range curves {
		name, isNorm := strings.CutSuffix(c.Name, " Gradient Norm")
		kind := len(pictures) // one of its own
		switch {
		case len(c.Points) < 2:
			continue
		case strings.HasSuffix(name, "Loss"):
			kind = 0
		case isNorm:
			c.Name, kind = name, 1
		case strings.HasPrefix(name, "D_"):
			kind = 2
		case strings.HasSuffix(name, "_Acc"):
			kind = 3
		default:
			pictures = append(pictures, picture{file: strings.ReplaceAll(strings.ToLower(name), " ", "-") + ".png", title: name})
		}
		pictures[kind].curves = append(pictures[kind].curves, c)
	}
	return slices.DeleteFunc(pictures, func(p picture) bool { return len(p.curves) == 0 })
}

// bars are the eight heights of a sparkline, the lowest first.
var bars = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws values as at most width characters, each the mean of as many values, from the least at the lowest bar to the
// greatest at the highest. Values that are not finite are blanks. Where all are above zero and some a hundred times others, as
// at the beginning of a training, their logarithms are drawn.
func Sparkline(values []float64, width int) string {
	values = binned(values, width)
	least, most := bounds(values)
	if least > 0 && most/least >= 100 {
		values = slices.Clone(values)
		for i, v := range values {
			values[i] = math.Log(v)
		}
		least, most = bounds(values)
	}
	line := make([]rune, len(values))
	for i, v := range values {
		switch {
		case !Finite(v):
			line[i] = ' '
		case most == least:
			line[i] = bars[len(bars)/2]
		default: // halves first: the difference of two large values may overflow
			share := (v/2 - least/2) / (most/2 - least/2)
			line[i] = bars[min(int(share*float64(len(bars))), len(bars)-1)]
		}
	}
	return string(line)
}

// bounds are the least and the greatest of those values that are finite.
func bounds(values []float64) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if Finite(v) {
			least, most = min(least, v), max(most, v)
		}
	}
	return least, most
}

// binned is the means of width runs of values, as equal in length as can be; NaN where a run has no finite value.
func binned(values []float64, width int) []float64 {
	if len(values) <= width {
		return values
	}
	bins := make([]float64, max(width, 0))
	for i := range bins {
		sum, n := 0.0, 0
		for _, v := range values[i*len(values)/width : (i+1)*len(values)/width] {
			if Finite(v) {
				sum += v
				n++
			}
		}
		bins[i] = sum / float64(n)
	}
	return bins
}
