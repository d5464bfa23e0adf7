package main

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"

	"github.com/rogpeppe/go-internal/testscript"

	"keygan/data/imagefile"
	"keygan/data/raster"
)

// writeImage writes a PNG file, "image WIDTH HEIGHT SEED FILE": grey, or RGB where the seed is negative. The same seed gives the
// same file.
func writeImage(ts *testscript.TestScript, _ bool, args []string) {
	if len(args) != 4 {
		ts.Fatalf("usage: image WIDTH HEIGHT SEED FILE")
	}
	var n [3]int
	for i := range n {
		v, err := strconv.Atoi(args[i])
		ts.Check(err)
		n[i] = v
	}
	channels := 1
	if n[2] < 0 {
		channels = 3
	}
	m := raster.NewImage(n[0], n[1], channels, 8)
	r := rand.New(rand.NewPCG(1, uint64(n[2])))
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	path := ts.MkAbs(args[3])
	ts.Check(os.MkdirAll(filepath.Dir(path), 0o755))
	ts.Check(imagefile.WritePNG(path, m, false))
}
