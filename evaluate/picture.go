package evaluate

import (
	"fmt"
	"io"

	"keygan/data"
)

// picturesOf makes the pictures of a source's first image: each image by itself, the strip that shows them side by side,
// and the histograms of plain and cipher image. Run's documentation lists the names.
func picturesOf(source string, sp *specimen) ([]outputFile, error) {
	still := func(name string, m *data.Image) outputFile {
		return outputFile{name + ".png", func(w io.Writer) error { return data.EncodePNG(w, m) }}
	}
	strip, err := drawStrip(sp)
	if err != nil {
		return nil, err
	}
	out := []outputFile{
		still(fileName(source)+"-plain", sp.plain),
		still(fileName(source)+"-key", sp.key),
		{fileName(source) + "-strip.png", strip},
	}
	for _, e := range sp.encrypted {
		name := fileName(source) + "-" + e.scheme
		if e.scrambled != nil {
			out = append(out, still(name+"-scrambled", e.scrambled))
		}
		histograms, err := drawHistograms(fmt.Sprintf("%s, scheme %s", source, e.scheme), sp.plain, e.cipher)
		if err != nil {
			return nil, err
		}
		out = append(out, still(name+"-cipher", e.cipher), still(name+"-decrypted", e.decrypted),
			outputFile{"histogram-" + name + ".png", histograms})
	}
	return out, nil
}
