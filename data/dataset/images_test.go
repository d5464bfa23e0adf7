package dataset

import (
	"bytes"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/data/synthetic"
)

func pngBytes(t testing.TB, m *raster.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := imagefile.EncodePNG(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func synthesize(t testing.TB, kind string, n, size int, seed uint64) []*raster.Image {
	t.Helper()
	src, err := synthetic.New(kind, n, size, seed)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]*raster.Image, n)
	for i := range out {
		out[i], _ = src.Image(i)
	}
	return out
}
