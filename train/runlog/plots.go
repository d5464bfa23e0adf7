package runlog

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
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

// AfterStep draws the pictures at the end of an epoch.
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
	for _, pic := range arrange(curves) {
		path := filepath.Join(dir, pic.file)
		drawn, err := figure.Chart(pic.title, pic.logarithmic, pic.curves...)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := WriteFile(path, drawn); err != nil {
			return err
		}
	}
	return nil
}

// ReadCurves reads the columns of a run's metrics.csv; nothing where there is none. Epochs in which a column has no value are left
// out of its curve.
func ReadCurves(dir string) ([]figure.Curve, error) {
	path := filepath.Join(dir, "metrics.csv")
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	curves, err := figure.ReadCurves(bytes.NewReader(b))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return curves, nil
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
		switch {
		case len(c.Points) < 2:
		case strings.HasSuffix(c.Name, "Loss"):
			pictures[0].curves = append(pictures[0].curves, c)
		case strings.HasSuffix(c.Name, "Gradient Norm"):
			c.Name = strings.TrimSuffix(c.Name, " Gradient Norm")
			pictures[1].curves = append(pictures[1].curves, c)
		case strings.HasPrefix(c.Name, "D_"):
			pictures[2].curves = append(pictures[2].curves, c)
		case strings.HasSuffix(c.Name, "_Acc"):
			pictures[3].curves = append(pictures[3].curves, c)
		default:
			file := strings.ReplaceAll(strings.ToLower(c.Name), " ", "-") + ".png"
			pictures = append(pictures, picture{file: file, title: c.Name, curves: []figure.Curve{c}})
		}
	}
	return slices.DeleteFunc(pictures, func(p picture) bool { return len(p.curves) == 0 })
}
