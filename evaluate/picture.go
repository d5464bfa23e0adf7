package evaluate

import (
	"bytes"
	"fmt"
	"io"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/figure"
	"keygan/evaluate/metrics"
)

// picturesOf makes the pictures of a source's first image: each image by itself, and for each system a strip that shows them side by
// side, the histograms, and where neighbouring samples lie; and for each generator the keys of the first few images.
func picturesOf(sp *specimen) ([]drawing, error) {
	out := []drawing{sp.still("plain", sp.source+", plain", sp.plain)}
	for _, k := range sp.keys {
		out = append(out, sp.still("key-"+fileName(k.generator), sp.source+", key by "+k.generator, k.key[0]))
		file, err := keysFigure(k)
		if err != nil {
			return nil, err
		}
		out = append(out, sp.drawn(SectionKeys, fileName(k.generator), fmt.Sprintf("Keys of %d images of %s by %s, and where they differ from the first one's", len(k.key), sp.source, k.generator), file))
	}
	for _, e := range sp.encrypted {
		for _, s := range []struct {
			name string
			m    *raster.Image
		}{{"scrambled", e.scrambled}, {"cipher", e.cipher}, {"decrypted", e.decrypted}, {"wrong-key", e.wrong}} {
			if s.m != nil {
				out = append(out, sp.still(e.system.file()+"-"+s.name, fmt.Sprintf("%s, %s, %s", sp.source, e.system, s.name), s.m))
			}
		}
		figures, err := sp.figures(e)
		if err != nil {
			return nil, err
		}
		out = append(out, figures...)
	}
	return out, nil
}

// figures are the strip, the histograms and the scatter plots of one system.
func (sp *specimen) figures(e encrypted) ([]drawing, error) {
	tiles := stripTiles(e)
	strip, err := figure.Strip([]figure.Row{{Title: fmt.Sprintf("%s: %s", e.system, sp.source), Tiles: tiles[:3]}, {Tiles: tiles[3:]}})
	if err != nil {
		return nil, err
	}
	images := []figure.Tile{{Label: "plain", Image: e.plain}}
	if e.key != nil {
		images = append(images, figure.Tile{Label: "key", Image: e.key})
	}
	images = append(images, figure.Tile{Label: "cipher", Image: e.cipher})
	histograms, err := figure.Histograms(images)
	if err != nil {
		return nil, err
	}
	scatter, err := figure.Neighbours([]figure.Tile{images[0], images[len(images)-1]})
	if err != nil {
		return nil, err
	}
	on := fmt.Sprintf(" of %s under %s", sp.source, e.system)
	return []drawing{
		sp.drawn(SectionStrips, e.system.file(), "From plain to decrypted image"+on, strip),
		sp.drawn(SectionHistograms, e.system.file(), "Histograms"+on, histograms),
		sp.drawn(SectionScatter, e.system.file(), "Neighbouring samples before and after encryption"+on, scatter),
	}, nil
}

// stripTiles are the stations of an image, in two rows that fit a page: plain → key → scrambled → cipher → decrypted → decrypted with a wrong key, with a word where there is no image.
func stripTiles(e encrypted) []figure.Tile {
	same := "differs from the plain image"
	if bytes.Equal(e.plain.Pix, e.decrypted.Pix) {
		same = "bit for bit the plain image"
	}
	wrong := figure.Tile{Label: "6  decrypted with a wrong key", Image: e.wrong, Below: e.wrongWhy}
	if e.wrong == nil {
		wrong.Below, wrong.Empty = "", e.wrongWhy
	}
	return []figure.Tile{
		{Label: "1  plain", Image: e.plain},
		{Label: "2  key", Image: e.key, Empty: "no key image"},
		{Label: "3  scrambled", Image: e.scrambled, Empty: "none to be seen by itself"},
		{Label: "4  cipher", Image: e.cipher},
		{Label: "5  decrypted", Image: e.decrypted, Below: same},
		wrong,
	}
}

// keysFigure shows the plain images, below each its key, and below that where the key differs from the first one.
func keysFigure(k keyed) ([]byte, error) {
	var plain, keys, differences []figure.Tile
	for i, key := range k.key {
		plain = append(plain, figure.Tile{Label: fmt.Sprintf("plain %d", i+1), Image: k.plain[i]})
		keys = append(keys, figure.Tile{Label: fmt.Sprintf("key %d", i+1), Image: key})
		if i == 0 {
			differences = append(differences, figure.Tile{Label: "difference", Empty: "absolute difference from key 1, black where they are equal"})
			continue
		}
		npcr, err := metrics.NPCR(k.key[0], key)
		if err != nil {
			return nil, err
		}
		uaci, err := metrics.UACI(k.key[0], key)
		if err != nil {
			return nil, err
		}
		differences = append(differences, figure.Tile{
			Label: fmt.Sprintf("key %d − key 1", i+1), Image: figure.Difference(k.key[0], key),
			Below: fmt.Sprintf("NPCR %.2f %%, UACI %.2f %%", npcr, uaci),
		})
	}
	return figure.Strip([]figure.Row{{Tiles: plain}, {Tiles: keys}, {Tiles: differences}})
}

// still is an image by itself.
func (sp *specimen) still(name, caption string, m *raster.Image) drawing {
	return drawing{
		Picture{File: fileName(sp.source) + "-" + name + ".png", Caption: caption, Section: SectionStills, Source: sp.source},
		func(w io.Writer) error { return imagefile.EncodePNG(w, m) },
	}
}

// drawn is a figure that was made already, a PNG file.
func (sp *specimen) drawn(section, of, caption string, file []byte) drawing {
	return drawing{Picture{File: section + "-" + fileName(sp.source) + "-" + of + ".png", Caption: caption, Section: section, Source: sp.source}, content(file)}
}

func content(file []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	}
}
