package batch

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/failure"
)

func TestMemoryOf(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "a.png")
	if err := imagefile.WritePNG(image, raster.NewImage(300, 200, 1, 16), false); err != nil {
		t.Fatal(err)
	}
	if n := memoryOf(image); n != 4*300*200*2 {
		t.Errorf("%d bytes for an image of 300×200 pixels of 16 bits", n)
	}
	file := filepath.Join(dir, "b.dcm")
	if err := os.WriteFile(file, make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := memoryOf(file); n != 4000 {
		t.Errorf("%d bytes for a file of 1000", n)
	}
	if n := memoryOf("../data/imagefile/dicom/testdata/rgb-ls-is.dcm"); n != 4*4*24*17*3 {
		t.Errorf("%d bytes for a compressed DICOM file of 24×17 pixels of 3 samples", n)
	}
}

// A key that takes more memory than is free is refused, with a way out; what the key before it left counts as free.
func TestKeyMemory(t *testing.T) {
	img := raster.NewImage(64, 64, 1, 8)
	g, err := newGenerator(GeneratorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	takes := g.model.Memory(runtime.GOMAXPROCS(0), img.Height, img.Width)
	for _, v := range []struct {
		name       string
		free, held int64
		known, ok  bool
	}{
		{"enough", takes, 0, true, true},
		{"too little", takes - 1, 0, true, false},
		{"none", 0, 0, true, false},
		{"nobody knows", 0, 0, false, true},
		{"what the last one left", 1, takes - 1, true, true},
		{"less than that", 1, takes - 2, true, false},
	} {
		g.free = func() (int64, bool) { return v.free, v.known }
		g.held.Store(v.held)
		g.ahead.Store(1)
		key, err := g.key(img)
		if (err == nil) != v.ok || (key != nil) != v.ok {
			t.Errorf("%s: error %v", v.name, err)
		}
		if !v.ok && (!errors.Is(err, errKeyMemory) || !strings.Contains(failure.HintOf(err), "--no-gan") || !strings.Contains(failure.HintOf(err), "--resize")) {
			t.Errorf("%s: error %v, hint %q", v.name, err, failure.HintOf(err))
		}
	}
}
