package report

import (
	"errors"
	"fmt"
	"os"

	"keygan/evaluate/experiment"
	"keygan/evaluate/figure"
)

// curvesOf draws the training curves of the generators whose run is known, and notes on the others why there are none.
func curvesOf(generators []experiment.GeneratorInfo) []drawing {
	var out []drawing
	for i := range generators {
		g := &generators[i]
		if g.Metrics == "" {
			g.NoCurves = "the folder of its training run is not known"
			continue
		}
		file, err := curvesIn(g.Metrics)
		if errors.Is(err, figure.ErrNoCurves) {
			g.NoCurves = "its training run has too few epochs"
			continue
		}
		if err != nil {
			g.NoCurves = err.Error()
			continue
		}
		out = append(out, drawing{
			Picture{File: SectionCurves + "-" + experiment.FileName(g.Name) + ".png", Caption: "Training of " + g.Name, Section: SectionCurves}, content(file),
		})
	}
	return out
}

func curvesIn(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	file, err := figure.Curves(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return file, nil
}
