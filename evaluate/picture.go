package evaluate

import (
	"fmt"
	"io"

	"keygan/data"
)

// picturesOf makes the pictures of a source's first image: each image by itself, the strip that shows them side by side,
// and the histograms of plain and cipher image.
func picturesOf(sp *specimen) ([]drawing, error) {
	still := func(name, caption string, m *data.Image) drawing {
		return drawing{
			Picture{File: fileName(sp.source) + "-" + name + ".png", Caption: caption, Section: SectionStills, Source: sp.source},
			func(w io.Writer) error { return data.EncodePNG(w, m) },
		}
	}
	strip, err := drawStrip(sp)
	if err != nil {
		return nil, err
	}
	out := []drawing{
		{Picture{fileName(sp.source) + "-strip.png", sp.source, SectionStrips, sp.source}, strip},
		still("plain", sp.source+", plain", sp.plain),
	}
	for _, k := range sp.keys {
		out = append(out, still(fileName("key "+k.generator), sp.source+", key by "+k.generator, k.key[0]))
	}
	for _, e := range sp.encrypted {
		name := e.system.file()
		histograms, err := drawHistograms(fmt.Sprintf("%s, %s", sp.source, e.system), e.plain, e.cipher)
		if err != nil {
			return nil, err
		}
		out = append(out, drawing{
			Picture{"histogram-" + fileName(sp.source) + "-" + name + ".png", fmt.Sprintf("histograms of %s under %s", sp.source, e.system), SectionHistograms, sp.source},
			histograms,
		})
		for _, s := range []struct {
			name string
			m    *data.Image
		}{{"scrambled", e.scrambled}, {"cipher", e.cipher}, {"decrypted", e.decrypted}, {"wrong-key", e.wrong}} {
			if s.m != nil {
				out = append(out, still(name+"-"+s.name, fmt.Sprintf("%s, %s, %s", sp.source, e.system, s.name), s.m))
			}
		}
	}
	return out, nil
}
