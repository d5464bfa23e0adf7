package report

import (
	"cmp"
	"errors"
	"fmt"

	"gonum.org/v1/plot/plotter"

	"keygan/evaluate/experiment"
	"keygan/evaluate/figure"
	"keygan/evaluate/metrics"
)

// addKeyBit draws what a key that is wrong in one bit opens, beside what the right one opens.
func (r *Report) addKeyBit(sp *experiment.Specimen, e experiment.Encrypted) error {
	wrong := figure.Tile{Label: "decrypted, one bit of the key wrong", Image: e.KeyBit, Empty: experiment.Refusal}
	difference := figure.Tile{Label: "difference", Empty: "nothing to compare"}
	if e.KeyBit != nil {
		npcr, err := metrics.NPCR(e.Decrypted, e.KeyBit)
		if err != nil {
			return err
		}
		difference.Image, difference.Below = figure.Difference(e.Decrypted, e.KeyBit), fmt.Sprintf("%s %% of the samples differ", decimal(npcr, 2))
	}
	png, err := figure.Strip([]figure.Row{{
		Title: fmt.Sprintf("%s: %s", e.System, sp.Source),
		Tiles: []figure.Tile{{Label: "decrypted", Image: e.Decrypted}, wrong, difference},
	}})
	if err == nil {
		r.addFigure(sp, SectionKeyBit, e.System, fmt.Sprintf("One wrong bit of the key of %s under %s", sp.Source, e.System), png)
	}
	return err
}

// largestMap bounds the side of the image for the plot of the cat map, whose period grows with it.
const largestMap = 512

// drawPlots draws the iterations of the cat map, if a system has one, and the times.
func (r *Report) drawPlots() error {
	for _, sp := range r.Specimens[:min(1, len(r.Specimens))] {
		for _, e := range sp.Encrypted {
			if e.Scrambled == nil {
				continue
			}
			m := e.Plain
			if m.Width > largestMap {
				m = m.Resize(largestMap, largestMap)
			}
			png, err := figure.CatMap(m, r.Config.Iterations)
			if err != nil {
				return err
			}
			caption := fmt.Sprintf("The cat map on %s: what each iteration up to the period leaves", sp.Source)
			r.add(Picture{File: SectionPlots + "-catmap", Caption: caption, Section: SectionPlots, Source: sp.Source}, png)
			break
		}
	}
	var keys, encryption []figure.Curve
	for _, t := range r.Times {
		to, name := &keys, t.Network
		if t.Scheme != "" {
			to, name = &encryption, experiment.System{Scheme: t.Scheme, Generator: t.Network}.String()
		}
		at := -1
		for i, c := range *to {
			if c.Name == name {
				at = i
			}
		}
		if at < 0 {
			at, *to = len(*to), append(*to, figure.Curve{Name: name})
		}
		c := &(*to)[at]
		c.Points = append(c.Points, plotter.XY{X: float64(t.Size), Y: t.Time})
	}
	png, err := figure.Times(keys, encryption)
	if errors.Is(err, figure.ErrNoCurves) {
		return nil
	}
	if err == nil {
		caption := fmt.Sprintf("Time against size, on this machine (%s)", cmp.Or(r.Provenance.CPU, "processor unknown"))
		r.add(Picture{File: SectionPlots + "-times", Caption: caption, Section: SectionPlots}, png)
	}
	return err
}
