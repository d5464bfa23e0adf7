package imagefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"keygan/data/imagefile/pngstream"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// A file cut off anywhere is an error that names it, however it is read.
func TestTruncatedFiles(t *testing.T) {
	dir := t.TempDir()
	for name, whole := range imagetest.Samples(t) {
		path := filepath.Join(dir, name)
		imagetest.Write(t, path, whole)
		if _, err := ReadImage(path); err != nil {
			t.Fatalf("the whole file: %v", err)
		}
		for _, keep := range []int{0, 1, 7, 20, len(whole) / 4, len(whole) / 2, len(whole) * 3 / 4, len(whole) - 25} { // the last 20 bytes of this TIFF are its resolution
			imagetest.Write(t, path, whole[:keep])
			if _, err := ReadImage(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%d of %d bytes: got %v", keep, len(whole), err)
			}
		}
	}
}

// A few bytes that ask for gigabytes are refused before anything is allocated.
func TestAbsurdSizes(t *testing.T) {
	files := imagetest.Samples(t)
	patch := func(name string, at int, s string) []byte {
		b := bytes.Clone(files[name])
		copy(b[at:], s)
		return b
	}
	jpegSize := bytes.Index(files["a.jpg"], []byte("\xff\xc0")) + 5
	array := func(shape string) []byte {
		head := fmt.Sprintf("{'descr': '|u1', 'fortran_order': False, 'shape': %s, }\n", shape)
		return append(append([]byte("\x93NUMPY\x01\x00"), binary.LittleEndian.AppendUint16(nil, uint16(len(head)))...), head...)
	}
	tests := map[string][]byte{
		"PNG":           imagetest.RawPNG(1<<31-1, 1<<31-1, 8, pngstream.Grey, []byte{0, 1}, nil),
		"PNG 16k":       imagetest.RawPNG(16384, 16384, 16, pngstream.RGBA, []byte{0, 1}, nil),
		"PNG padded":    append(imagetest.RawPNG(16384, 16384, 16, pngstream.RGBA, []byte{0, 1}, nil), make([]byte, 1<<20)...),
		"PNG zero":      imagetest.RawPNG(0, 1, 8, pngstream.Grey, []byte{0}, nil),
		"JPEG":          patch("a.jpg", jpegSize, "\xff\xff\xff\xff"),
		"JPEG 16k":      patch("a.jpg", jpegSize, "\x40\x00\x40\x00"),
		"BMP":           patch("a.bmp", 18, "\xff\xff\xff\x7f\xff\xff\xff\x7f"),
		"BMP 16k":       patch("a.bmp", 18, "\x00\x40\x00\x00\x00\x40\x00\x00"),
		"NIfTI":         patch("a.nii", 42, "\x00\x10\x00\x10\x0f\x00"),
		"npy":           array("(16000, 16000)"),
		"npy overflow":  array("(4294967296, 4294967296, 3)"),
		"npy negative":  array("(-4, -4)"),
		"npy empty":     array("(0, 4)"),
		"npy no number": array("(a, 4)"),
		"npy scalar":    array("()"),
		"npy five axes": array("(1, 1, 1, 1, 3)"),
		"npy long head": []byte("\x93NUMPY\x02\x00\xff\xff\xff\xff{'descr': '|u1'}"),
		"npy no head":   []byte("\x93NUMPY\x01\x00\x00\x00          "),
		"npy version 9": []byte("\x93NUMPY\x09\x00\x02\x00\x00\x00{}          "),
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, b := range tests {
		if m, err := Decode(b); err == nil {
			t.Errorf("%s: no error but %v", name, m)
		}
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("%d MB were allocated", used>>20)
	}
}

func TestFilesThatAreNoImages(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.png")
	imagetest.Write(t, text, []byte("hello, world"))
	for path, want := range map[string]string{
		text:                          "not an image in a known format (PNG, JPEG",
		filepath.Join(dir, "missing"): "no such file",
		dir:                           "not a regular file",
	} {
		if _, err := ReadImage(path); err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// The content decides, not the name.
func TestWrongExtension(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.jpg")
	imagetest.Write(t, path, pngBytes(t, raster.NewImage(3, 3, 3, 16)))
	if m, err := ReadImage(path); err != nil || m.Depth != 16 {
		t.Errorf("%v, %v", m, err)
	}
}

// One target for each parser, seeded with a whole file. Whatever the bytes, there is an image of honest size or an error.
//
//	go test -run '^$' -fuzz 'FuzzTIFF$' -fuzztime 20s -fuzzminimizetime 10x ./data/imagefile
func fuzz(f *testing.F, names ...string) {
	for _, name := range names {
		f.Add(imagetest.Samples(f)[name])
	}
	matches, err := filepath.Glob("testdata/*" + filepath.Ext(names[0]))
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range matches {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := Decode(b)
		if err == nil && len(m.Pix) != m.Samples()*m.Depth/8 {
			t.Errorf("%v with %d bytes", m, len(m.Pix))
		}
	})
}

func FuzzPNG(f *testing.F)   { fuzz(f, "a.png") }
func FuzzJPEG(f *testing.F)  { fuzz(f, "a.jpg") }
func FuzzTIFF(f *testing.F)  { fuzz(f, "a.tif") }
func FuzzBMP(f *testing.F)   { fuzz(f, "a.bmp") }
func FuzzNPY(f *testing.F)   { fuzz(f, "a.npy") }
func FuzzNIfTI(f *testing.F) { fuzz(f, "a.nii", "a.nii.gz") }
