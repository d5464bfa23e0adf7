package dataset

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/internal/imagetest"
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

// tree makes a folder of files like an unpacked data set and returns it.
func tree(t *testing.T, files map[string][]byte) string {
	t.Helper()
	root := t.TempDir()
	for name, b := range files {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		imagetest.Write(t, path, b)
	}
	return root
}
