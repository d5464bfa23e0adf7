package evaluate

import (
	"fmt"
	"io"
	"path/filepath"

	"keygan/data"
	"keygan/data/atomicfile"
)

// pictureFile is a PNG file that is kept in memory until all of a run is measured.
type pictureFile struct {
	name   string // of the file
	encode func(io.Writer) error
}

func (p pictureFile) write(out string) error {
	return atomicfile.Write(filepath.Join(out, p.name), 0o644, true, p.encode)
}

// picturesOf makes the pictures of a source's first image: each image by itself, the strip that shows them side by side,
// and the histograms of plain and cipher image. Run's documentation lists the names.
func picturesOf(source string, sp *specimen) ([]pictureFile, error) {
	still := func(name string, m *data.Image) pictureFile {
		return pictureFile{name + ".png", func(w io.Writer) error { return data.EncodePNG(w, m) }}
	}
	strip, err := drawStrip(sp)
	if err != nil {
		return nil, err
	}
	out := []pictureFile{
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
			pictureFile{"histogram-" + name + ".png", histograms})
	}
	return out, nil
}
