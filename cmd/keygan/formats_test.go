package main

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"

	"github.com/google/go-cmp/cmp"
)

// Images of every kind come back as the pixels that they decode to, and those that are PNGs already as what they were.
func TestSealedImageFormats(t *testing.T) {
	dir := t.TempDir()
	identity, recipient := recipientIn(t, dir)
	rect := image.Rect(0, 0, 11, 7)
	paletted := func(colours ...color.Color) image.Image {
		m := image.NewPaletted(rect, colours)
		for i := range m.Pix {
			m.Pix[i] = byte(i*i) % byte(len(colours))
		}
		return m
	}
	files := map[string][]byte{}
	for name, m := range map[string]image.Image{
		"palette.png":     paletted(color.RGBA{1, 2, 3, 255}, color.RGBA{4, 5, 6, 255}, color.RGBA{7, 8, 9, 255}),
		"transparent.png": paletted(color.NRGBA{1, 2, 3, 0}, color.NRGBA{4, 5, 6, 128}),
		"black-white.png": paletted(color.Black, color.White),
	} {
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			t.Fatal(err)
		}
		files[name] = b.Bytes()
	}
	for name, channels := range map[string]int{"grey16.png": 1, "grey-alpha16.png": 2, "rgb16.png": 3, "rgba16.png": 4} {
		m := raster.NewImage(13, 5, channels, 16)
		for i := range m.Pix {
			m.Pix[i] = byte(i * i)
		}
		var b bytes.Buffer
		if err := imagefile.EncodePNG(&b, m); err != nil {
			t.Fatal(err)
		}
		files[name] = b.Bytes()
	}
	for _, name := range []string{"progressive.jpg", "deflate16.tif", "lzw.tif", "packbits.tif", "palette.bmp", "grey-alpha.png"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "data", "imagefile", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = b
	}
	for name, content := range files {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, name)
			if err := os.WriteFile(path, content, 0o600); err != nil {
				t.Fatal(err)
			}
			stem := name[:len(name)-len(filepath.Ext(name))]
			out, back := filepath.Join(folder, "out"), filepath.Join(folder, "back")
			inProcess(t, io.Discard, "encrypt", path, "-o", out, "-r", recipient, "--no-gan", "--pixels")
			inProcess(t, io.Discard, "decrypt", out, "-o", back, "-i", identity)
			want, got := readBack(t, path), readBack(t, filepath.Join(back, stem+".png"))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			cipher := readBack(t, filepath.Join(out, stem+".cipher.png"))
			if cipher.String() != want.String() || bytes.Equal(cipher.Pix, want.Pix) {
				t.Errorf("the cipher image is %v, of an image of %v", cipher, want)
			}
		})
	}
}

func readBack(t *testing.T, path string) *raster.Image {
	t.Helper()
	m, err := imagefile.ReadImage(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}
