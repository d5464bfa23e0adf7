package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/experiment"
	"keygan/evaluate/figure"
	"keygan/evaluate/metrics"
)

// draw makes the pictures: those of each source's first image, of the attacks, and the training curves.
func (r *Report) draw() error {
	r.pictures = map[string][]byte{}
	for _, sp := range r.Specimens {
		if err := r.drawSpecimen(sp); err != nil {
			return err
		}
	}
	for _, a := range r.Attacks {
		for _, p := range a.Pictures {
			if err := r.addImage(Picture{File: p.Name, Caption: p.Caption, Section: SectionAttacks}, p.Image); err != nil {
				return err
			}
		}
	}
	for i := range r.Generators {
		r.drawCurves(&r.Generators[i])
	}
	return r.drawPlots()
}

// add keeps a picture. Its File is the name without folder and extension.
func (r *Report) add(p Picture, png []byte) {
	p.File = figureFolder + "/" + p.File + ".png"
	r.Pictures = append(r.Pictures, p)
	r.pictures[p.File] = png
}

func (r *Report) addImage(p Picture, m *raster.Image) error {
	var b bytes.Buffer
	if err := imagefile.EncodePNG(&b, m); err != nil {
		return fmt.Errorf("%s: %w", p.File, err)
	}
	r.add(p, b.Bytes())
	return nil
}

// drawCurves draws the training curves of a generator whose run is known, and notes on others why there are none.
func (r *Report) drawCurves(g *experiment.GeneratorInfo) {
	if g.Metrics == "" {
		g.NoCurves = "the folder of its training run is not known"
		return
	}
	table, err := os.ReadFile(g.Metrics)
	var png []byte
	if err == nil {
		if png, err = figure.Curves(bytes.NewReader(table)); err != nil {
			err = fmt.Errorf("%s: %w", g.Metrics, err)
		}
	}
	switch {
	case errors.Is(err, figure.ErrNoCurves):
		g.NoCurves = "its training run has too few epochs"
	case err != nil:
		g.NoCurves = err.Error()
	default:
		r.add(Picture{File: SectionCurves + "-" + experiment.FileName(g.Name), Caption: "Training of " + g.Name, Section: SectionCurves}, png)
	}
}

// drawSpecimen makes the pictures of a source's first image: each image by itself, for each generator the keys of the first few
// images, and for each system a strip that shows the images side by side, the histograms, and where neighbouring samples lie.
func (r *Report) drawSpecimen(sp *experiment.Specimen) error {
	if err := r.addStill(sp, experiment.System{}, "plain", sp.Plain); err != nil {
		return err
	}
	for _, k := range sp.Keys {
		if err := r.addStill(sp, experiment.System{Scheme: "key", Generator: k.Generator}, "", k.Key[0]); err != nil {
			return err
		}
		png, err := keysFigure(k)
		if err != nil {
			return err
		}
		caption := fmt.Sprintf("Keys of %d images of %s by %s, and where they differ from the first one's", len(k.Key), sp.Source, k.Generator)
		r.addFigure(sp, SectionKeys, experiment.System{Generator: k.Generator}, caption, png)
	}
	for _, e := range sp.Encrypted {
		if onlyControl(e.System.Scheme) {
			continue
		}
		key := e.Key
		if e.System.Generator != "" {
			key = nil // it stands with the generator
		}
		for _, s := range []struct {
			name string
			m    *raster.Image
		}{{"key", key}, {"scrambled", e.Scrambled}, {"cipher", e.Cipher}, {"decrypted", e.Decrypted}, {"wrong-key", e.Wrong}} {
			if s.m != nil {
				if err := r.addStill(sp, e.System, s.name, s.m); err != nil {
					return err
				}
			}
		}
		if err := r.addFigures(sp, e); err != nil {
			return err
		}
	}
	return nil
}

// stillFile is the name of an image by itself, without folder and extension.
func stillFile(source string, of experiment.System, what string) string {
	return experiment.FileName(source + " " + of.Scheme + " " + of.Generator + " " + what)
}

func (r *Report) addStill(sp *experiment.Specimen, of experiment.System, what string, m *raster.Image) error {
	caption := sp.Source
	for _, part := range []string{of.String(), what} {
		if part != "" {
			caption += ", " + part
		}
	}
	file := stillFile(sp.Source, of, what)
	return r.addImage(Picture{File: file, Caption: caption, Section: SectionStills, Source: sp.Source, of: of}, m)
}

func (r *Report) addFigure(sp *experiment.Specimen, section string, of experiment.System, caption string, png []byte) {
	file := section + "-" + experiment.FileName(sp.Source+" "+of.Scheme+" "+of.Generator)
	r.add(Picture{File: file, Caption: caption, Section: section, Source: sp.Source, of: of}, png)
}

// addFigures draws the strip, the histograms and the scatter plots of one system.
func (r *Report) addFigures(sp *experiment.Specimen, e experiment.Encrypted) error {
	tiles := stripTiles(e)
	strip, err := figure.Strip([]figure.Row{{Title: fmt.Sprintf("%s: %s", e.System, sp.Source), Tiles: tiles[:3]}, {Tiles: tiles[3:]}})
	if err != nil {
		return err
	}
	images := []figure.Tile{{Label: "plain", Image: e.Plain}}
	if e.Key != nil {
		images = append(images, figure.Tile{Label: "key", Image: e.Key})
	}
	images = append(images, figure.Tile{Label: "cipher", Image: e.Cipher})
	histograms, err := figure.Histograms(images)
	if err != nil {
		return err
	}
	scatter, err := figure.Neighbours([]figure.Tile{images[0], images[len(images)-1]})
	if err != nil {
		return err
	}
	on := fmt.Sprintf(" of %s under %s", sp.Source, e.System)
	if err := r.addKeyBit(sp, e); err != nil {
		return err
	}
	r.addFigure(sp, SectionStrips, e.System, "From plain to decrypted image"+on, strip)
	r.addFigure(sp, SectionHistograms, e.System, "Histograms"+on, histograms)
	r.addFigure(sp, SectionScatter, e.System, "Neighbouring samples before and after encryption"+on, scatter)
	return nil
}

// stripTiles are the stations of an image, with a word where there is no image.
func stripTiles(e experiment.Encrypted) []figure.Tile {
	same := "differs from the plain image"
	if bytes.Equal(e.Plain.Pix, e.Decrypted.Pix) {
		same = "bit for bit the plain image"
	}
	wrong := figure.Tile{Label: "6  decrypted with a wrong key", Image: e.Wrong, Below: e.WrongWhy}
	if e.Wrong == nil {
		wrong.Below, wrong.Empty = "", e.WrongWhy
	}
	return []figure.Tile{
		{Label: "1  plain", Image: e.Plain},
		{Label: "2  key", Image: e.Key, Empty: "no key image"},
		{Label: "3  scrambled", Image: e.Scrambled, Empty: "no scrambled image"},
		{Label: "4  cipher", Image: e.Cipher},
		{Label: "5  decrypted", Image: e.Decrypted, Below: same},
		wrong,
	}
}

// keysFigure shows the plain images, below each its key, and below that where the key differs from the first one.
func keysFigure(k experiment.Keyed) ([]byte, error) {
	var plain, keys []figure.Tile
	differences := []figure.Tile{{Label: "difference", Empty: "absolute difference from key 1, black where they are equal"}}
	for i, key := range k.Key {
		plain = append(plain, figure.Tile{Label: fmt.Sprintf("plain %d", i+1), Image: k.Plain[i]})
		keys = append(keys, figure.Tile{Label: fmt.Sprintf("key %d", i+1), Image: key})
		if i == 0 {
			continue
		}
		npcr, err := metrics.NPCR(k.Key[0], key)
		if err != nil {
			return nil, err
		}
		uaci, err := metrics.UACI(k.Key[0], key)
		if err != nil {
			return nil, err
		}
		differences = append(differences, figure.Tile{
			Label: fmt.Sprintf("key %d − key 1", i+1), Image: figure.Difference(k.Key[0], key),
			Below: fmt.Sprintf("NPCR %.2f %%, UACI %.2f %%", npcr, uaci),
		})
	}
	return figure.Strip([]figure.Row{{Tiles: plain}, {Tiles: keys}, {Tiles: differences}})
}

// An extreme is the system of which the attacks found least or most, with the plain image, its key and its cipher image.
type extreme struct {
	Title    string
	Pictures []Picture // a Picture without a File stands for an image that there is none of
}

// Extremes are the attacked systems from which least and most is recovered; see weakness.
func (r *Report) Extremes() []extreme {
	if len(r.Specimens) == 0 {
		return nil
	}
	sp := r.Specimens[0]
	var all []experiment.Encrypted // a configuration's own schemes come first
	for _, e := range sp.Encrypted {
		if _, attacked := r.weakness(e.System); attacked && !onlyControl(e.System.Scheme) {
			all = append(all, e)
		}
	}
	if len(all) == 0 {
		return nil
	}
	compare := func(a, b experiment.Encrypted) int {
		x, _ := r.weakness(a.System)
		y, _ := r.weakness(b.System)
		return slices.Compare(x[:], y[:])
	}
	best, worst := slices.MinFunc(all, compare), slices.MaxFunc(all, compare)
	if best.System == worst.System {
		return []extreme{r.extreme(sp, best, "")}
	}
	return []extreme{r.extreme(sp, best, "Least found: "), r.extreme(sp, worst, "Most found: ")}
}

func (r *Report) extreme(sp *experiment.Specimen, e experiment.Encrypted, which string) extreme {
	key := stillFile(sp.Source, experiment.System{Scheme: "key", Generator: e.System.Generator}, "")
	if e.System.Generator == "" {
		key = stillFile(sp.Source, e.System, "key")
	}
	out := extreme{Title: fmt.Sprintf("%s%s. %s.", which, e.System, r.found(e.System))}
	for _, p := range []Picture{
		{File: stillFile(sp.Source, experiment.System{}, "plain"), Caption: "plain image"},
		{File: key, Caption: "key image"},
		{File: stillFile(sp.Source, e.System, "cipher"), Caption: "cipher image"},
	} {
		p.File = figureFolder + "/" + p.File + ".png"
		if r.pictures[p.File] == nil {
			p.File, p.Caption = "", "no key image: the key is a number"
		}
		out.Pictures = append(out.Pictures, p)
	}
	return out
}
