package report

import (
	"bytes"
	"fmt"
	"io"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/experiment"
	"keygan/evaluate/figure"
	"keygan/evaluate/metrics"
)

// picturesOf makes the pictures of a source's first image: each image by itself, and for each system a strip that shows them side by
// side, the histograms, and where neighbouring samples lie; and for each generator the keys of the first few images.
func picturesOf(sp *experiment.Specimen) ([]drawing, error) {
	out := []drawing{still(sp, "plain", sp.Source+", plain", sp.Plain)}
	for _, k := range sp.Keys {
		out = append(out, still(sp, "key-"+experiment.FileName(k.Generator), sp.Source+", key by "+k.Generator, k.Key[0]))
		file, err := keysFigure(k)
		if err != nil {
			return nil, err
		}
		out = append(out, drawn(sp, SectionKeys, experiment.FileName(k.Generator), fmt.Sprintf("Keys of %d images of %s by %s, and where they differ from the first one's", len(k.Key), sp.Source, k.Generator), file))
	}
	for _, e := range sp.Encrypted {
		for _, s := range []struct {
			name string
			m    *raster.Image
		}{{"scrambled", e.Scrambled}, {"cipher", e.Cipher}, {"decrypted", e.Decrypted}, {"wrong-key", e.Wrong}} {
			if s.m != nil {
				out = append(out, still(sp, systemFile(e.System)+"-"+s.name, fmt.Sprintf("%s, %s, %s", sp.Source, e.System, s.name), s.m))
			}
		}
		figures, err := figures(sp, e)
		if err != nil {
			return nil, err
		}
		out = append(out, figures...)
	}
	return out, nil
}

// figures are the strip, the histograms and the scatter plots of one system.
func figures(sp *experiment.Specimen, e experiment.Encrypted) ([]drawing, error) {
	tiles := stripTiles(e)
	strip, err := figure.Strip([]figure.Row{{Title: fmt.Sprintf("%s: %s", e.System, sp.Source), Tiles: tiles[:3]}, {Tiles: tiles[3:]}})
	if err != nil {
		return nil, err
	}
	images := []figure.Tile{{Label: "plain", Image: e.Plain}}
	if e.Key != nil {
		images = append(images, figure.Tile{Label: "key", Image: e.Key})
	}
	images = append(images, figure.Tile{Label: "cipher", Image: e.Cipher})
	histograms, err := figure.Histograms(images)
	if err != nil {
		return nil, err
	}
	scatter, err := figure.Neighbours([]figure.Tile{images[0], images[len(images)-1]})
	if err != nil {
		return nil, err
	}
	on := fmt.Sprintf(" of %s under %s", sp.Source, e.System)
	return []drawing{
		drawn(sp, SectionStrips, systemFile(e.System), "From plain to decrypted image"+on, strip),
		drawn(sp, SectionHistograms, systemFile(e.System), "Histograms"+on, histograms),
		drawn(sp, SectionScatter, systemFile(e.System), "Neighbouring samples before and after encryption"+on, scatter),
	}, nil
}

// stripTiles are the stations of an image, in two rows that fit a page: plain → key → scrambled → cipher → decrypted → decrypted with a wrong key, with a word where there is no image.
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
		{Label: "3  scrambled", Image: e.Scrambled, Empty: "none to be seen by itself"},
		{Label: "4  cipher", Image: e.Cipher},
		{Label: "5  decrypted", Image: e.Decrypted, Below: same},
		wrong,
	}
}

// keysFigure shows the plain images, below each its key, and below that where the key differs from the first one.
func keysFigure(k experiment.Keyed) ([]byte, error) {
	var plain, keys, differences []figure.Tile
	for i, key := range k.Key {
		plain = append(plain, figure.Tile{Label: fmt.Sprintf("plain %d", i+1), Image: k.Plain[i]})
		keys = append(keys, figure.Tile{Label: fmt.Sprintf("key %d", i+1), Image: key})
		if i == 0 {
			differences = append(differences, figure.Tile{Label: "difference", Empty: "absolute difference from key 1, black where they are equal"})
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

// still is an image by itself.
func still(sp *experiment.Specimen, name, caption string, m *raster.Image) drawing {
	return drawing{
		Picture{File: experiment.FileName(sp.Source) + "-" + name + ".png", Caption: caption, Section: SectionStills, Source: sp.Source},
		func(w io.Writer) error { return imagefile.EncodePNG(w, m) },
	}
}

// drawn is a figure that was made already, a PNG file.
func drawn(sp *experiment.Specimen, section, of, caption string, file []byte) drawing {
	return drawing{Picture{File: section + "-" + experiment.FileName(sp.Source) + "-" + of + ".png", Caption: caption, Section: section, Source: sp.Source}, content(file)}
}

func content(file []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(file)
		return err
	}
}

// systemFile is the system in file names.
func systemFile(s experiment.System) string {
	name := s.Scheme
	if s.Generator != "" {
		name += " " + s.Generator
	}
	return experiment.FileName(name)
}
