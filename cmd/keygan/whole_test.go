package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
)

func writeStoredFile(t testing.TB, path string, m *raster.Image) {
	t.Helper()
	var b bytes.Buffer
	if err := encodeStored(&b, m); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// recipientIn makes an identity in a folder and returns its file and its recipient.
func recipientIn(t testing.TB, dir string) (identity, recipient string) {
	t.Helper()
	identity = filepath.Join(dir, "me.key")
	var said bytes.Buffer
	inProcess(t, &said, "keypair", "-o", identity)
	at := bytes.Index(said.Bytes(), []byte("age1"))
	if at < 0 {
		t.Fatalf("keypair said %q", said.String())
	}
	return identity, string(bytes.Fields(said.Bytes()[at:])[0])
}

// inProcess runs a command as the program does, in this process.
func inProcess(t testing.TB, stderr io.Writer, args ...string) {
	t.Helper()
	a := newTestApp(io.Discard, stderr)
	if code := a.Run(t.Context(), a.command(), args...); code != 0 {
		t.Fatalf("keygan %v: exit code %d", args, code)
	}
}

// A sealed image takes at most four times its samples in memory, to encrypt and to decrypt. What is counted is all that is ever allocated:
// whatever the garbage collector does, there is never more.
func TestMemoryOfSealed(t *testing.T) {
	const (
		width, height = 1500, 1000
		beside        = 4 << 20 // bytes, however large the image is: buffers, tables, age, the command line
	)
	dir := t.TempDir()
	identity, recipient := recipientIn(t, dir)
	for _, test := range []struct {
		name            string
		channels, depth int
		exact           bool
	}{
		{"grey", 1, 8, false}, {"grey16", 1, 16, false}, {"rgb", 3, 8, false}, {"rgba16", 4, 16, false}, {"file", 3, 8, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := raster.NewImage(width, height, test.channels, test.depth)
			for i := range m.Pix {
				m.Pix[i] = byte(i >> 12)
			}
			path, out := filepath.Join(dir, test.name+".png"), filepath.Join(dir, test.name)
			writeStoredFile(t, path, m)
			args := []string{"encrypt", path, "-o", out, "-r", recipient, "--no-gan"}
			made := filepath.Join(out, test.name+".png.cipher.png")
			if !test.exact {
				args, made = append(args, "--pixels"), filepath.Join(out, test.name+".cipher.png")
			}
			allocates(t, "encrypt", 4*len(m.Pix)+beside, func() { inProcess(t, io.Discard, args...) })
			back := filepath.Join(out, "back")
			allocates(t, "decrypt", 4*len(m.Pix)+beside, func() { inProcess(t, io.Discard, "decrypt", made, "-o", back, "-i", identity) })
			got, err := imagefile.ReadImage(filepath.Join(back, test.name+".png"))
			if err != nil || !bytes.Equal(got.Pix, m.Pix) {
				t.Errorf("not what it was: %v", err)
			}
		})
	}
}

// allocates fails if f allocates more than so many bytes, in all.
func allocates(t *testing.T, what string, most int, f func()) {
	t.Helper()
	runtime.GC() // twice empties what is kept from one image to the next
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	if n := int(after.TotalAlloc - before.TotalAlloc); n > most {
		t.Errorf("%s: %d bytes were allocated, want at most %d", what, n, most)
	}
}

// encodeStored writes an image as a PNG without compression.
func encodeStored(w io.Writer, m *raster.Image) error {
	p, err := pngstream.NewWriter(w, m.Width, m.Height, m.Channels, m.Depth)
	if err != nil {
		return err
	}
	if _, err := p.Write(m.Pix); err != nil {
		return err
	}
	return p.Close()
}
