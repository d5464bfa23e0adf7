package imagefile

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"keygan/data/imagefile/pngstream"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"keygan/data/synthetic"
	"keygan/internal/atomicfile"
)

func TestPNGRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := imagetest.AnyImage(t)
		var b bytes.Buffer
		if err := EncodePNG(&b, m); err != nil {
			t.Fatal(err)
		}
		back, err := Decode(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back); diff != "" {
			t.Fatal(diff)
		}
		b.Reset()
		if err := encodeStored(&b, m); err != nil {
			t.Fatal(err)
		}
		// A row more for the filters, 5 bytes for each of deflate's blocks, 12 for each chunk.
		if most := len(m.Pix) + m.Height + 200; b.Len() > most {
			t.Fatalf("%d bytes, want at most %d", b.Len(), most)
		}
		if back, err = byGo(b.Bytes()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, back); diff != "" {
			t.Fatal(diff)
		}
	})
}

// An opaque alpha channel must stay: the cipher image of an RGBA image is RGBA.
func TestPNGKeepsOpaqueAlpha(t *testing.T) {
	for _, channels := range []int{2, 4} {
		for _, depth := range []int{8, 16} {
			m := raster.NewImage(3, 2, channels, depth)
			for i := range m.Pix {
				m.Pix[i] = 255
			}
			if back := roundTrip(t, m); !cmp.Equal(m, back) {
				t.Errorf("%v came back as %v", m, back)
			}
		}
	}
}

func roundTrip(t *testing.T, m *raster.Image) *raster.Image {
	t.Helper()
	back, err := Decode(pngBytes(t, m))
	if err != nil {
		t.Fatal(err)
	}
	return back
}

// What Go's encoder wrote, in each of its pixel formats.
func TestPNGFromGo(t *testing.T) {
	rect := image.Rect(0, 0, 2, 1)
	tests := []struct {
		name            string
		src             image.Image
		channels, depth int
		pix             []byte
	}{
		{"grey", &image.Gray{Pix: []byte{7, 200}, Stride: 2, Rect: rect}, 1, 8, []byte{7, 200}},
		{"grey 16", &image.Gray16{Pix: []byte{1, 2, 3, 4}, Stride: 4, Rect: rect}, 1, 16, []byte{1, 2, 3, 4}},
		{"RGB", &image.NRGBA{Pix: []byte{1, 2, 3, 255, 4, 5, 6, 255}, Stride: 8, Rect: rect}, 3, 8, []byte{1, 2, 3, 4, 5, 6}},
		{"RGBA", &image.NRGBA{Pix: []byte{1, 2, 3, 4, 5, 6, 7, 0}, Stride: 8, Rect: rect}, 4, 8, []byte{1, 2, 3, 4, 5, 6, 7, 0}},
		{"RGB 16", &image.NRGBA64{Pix: []byte{1, 2, 3, 4, 5, 6, 255, 255, 1, 1, 2, 2, 3, 3, 255, 255}, Stride: 16, Rect: rect},
			3, 16, []byte{1, 2, 3, 4, 5, 6, 1, 1, 2, 2, 3, 3}},
		{"palette", &image.Paletted{Pix: []byte{1, 0}, Stride: 2, Rect: rect,
			Palette: color.Palette{color.NRGBA{9, 8, 7, 255}, color.NRGBA{1, 2, 3, 255}}}, 3, 8, []byte{1, 2, 3, 9, 8, 7}},
		{"palette with alpha", &image.Paletted{Pix: []byte{1, 0}, Stride: 2, Rect: rect,
			Palette: color.Palette{color.NRGBA{9, 8, 7, 255}, color.NRGBA{1, 2, 3, 4}}}, 4, 8, []byte{1, 2, 3, 4, 9, 8, 7, 255}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var b bytes.Buffer
			if err := png.Encode(&b, test.src); err != nil {
				t.Fatal(err)
			}
			got, err := Decode(b.Bytes())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&raster.Image{Width: 2, Height: 1, Channels: test.channels, Depth: test.depth, Pix: test.pix}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPNGSmallDepthsAndTransparency(t *testing.T) {
	tests := []struct {
		name              string
		width             uint32
		depth, colourType byte
		row               []byte
		extra             map[string][]byte
		want              *raster.Image
	}{
		{"1 bit", 4, 1, pngstream.Grey, []byte{0b10100000}, nil, &raster.Image{Width: 4, Height: 1, Channels: 1, Depth: 8, Pix: []byte{255, 0, 255, 0}}},
		{"2 bits", 4, 2, pngstream.Grey, []byte{0b00011011}, nil, &raster.Image{Width: 4, Height: 1, Channels: 1, Depth: 8, Pix: []byte{0, 85, 170, 255}}},
		{"4 bits", 2, 4, pngstream.Grey, []byte{0x1f}, nil, &raster.Image{Width: 2, Height: 1, Channels: 1, Depth: 8, Pix: []byte{17, 255}}},
		{"grey with a transparent level", 2, 8, pngstream.Grey, []byte{5, 9}, map[string][]byte{"tRNS": {0, 9}}, &raster.Image{Width: 2, Height: 1, Channels: 2, Depth: 8, Pix: []byte{5, 255, 9, 0}}},
		{"16-bit grey with a transparent level", 2, 16, pngstream.Grey, []byte{5, 6, 9, 1}, map[string][]byte{"tRNS": {9, 1}},
			&raster.Image{Width: 2, Height: 1, Channels: 2, Depth: 16, Pix: []byte{5, 6, 255, 255, 9, 1, 0, 0}}},
		{"RGB with a transparent colour", 2, 8, pngstream.RGB, []byte{1, 2, 3, 4, 5, 6}, map[string][]byte{"tRNS": {0, 1, 0, 2, 0, 3}},
			&raster.Image{Width: 2, Height: 1, Channels: 4, Depth: 8, Pix: []byte{1, 2, 3, 0, 4, 5, 6, 255}}},
		{"palette of 2 bits", 2, 2, pngstream.Palette, []byte{0b01000000}, map[string][]byte{"PLTE": {1, 2, 3, 4, 5, 6}},
			&raster.Image{Width: 2, Height: 1, Channels: 3, Depth: 8, Pix: []byte{4, 5, 6, 1, 2, 3}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := imagetest.RawPNG(test.width, 1, test.depth, test.colourType, append([]byte{0}, test.row...), test.extra)
			got, err := Decode(b)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Go's decoder is the witness that what we write is PNG: checksums, filters, chunks of more than one buffer.
func TestPNGReadableByOthers(t *testing.T) {
	src, err := synthetic.New("spectrogram", 1, 256, 1)
	if err != nil {
		t.Fatal(err)
	}
	m, _ := src.Image(0)
	b := pngBytes(t, m)
	if bytes.Count(b, []byte("IDAT")) < 2 {
		t.Fatalf("one chunk of %d bytes does not try the chunking", len(b))
	}
	got, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	for i := range m.Width * m.Height {
		r, g, b, _ := got.At(i%m.Width, i/m.Width).RGBA()
		if byte(r) != m.Pix[3*i] || byte(g) != m.Pix[3*i+1] || byte(b) != m.Pix[3*i+2] {
			t.Fatalf("pixel %d differs", i)
		}
	}
	if len(b) >= len(m.Pix) {
		t.Errorf("%d bytes for %d of pixels: the filters did not help", len(b), len(m.Pix))
	}
}

func TestWritePNGKeepsAnExistingFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.png")
	if err := WritePNG(path, raster.NewImage(1, 1, 1, 8), false); err != nil {
		t.Fatal(err)
	}
	if err := WritePNG(path, raster.NewImage(2, 2, 3, 16), false); !errors.Is(err, atomicfile.ErrExists) {
		t.Fatalf("second write: %v", err)
	}
	if m, err := ReadImage(path); err != nil || m.Width != 1 {
		t.Fatalf("%v, %v", m, err)
	}
	if err := WritePNG(path, raster.NewImage(2, 2, 3, 16), true); err != nil {
		t.Fatal(err)
	}
	if m, err := ReadImage(path); err != nil || m.Depth != 16 {
		t.Fatalf("%v, %v", m, err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o644 {
		t.Errorf("permissions %v", info.Mode().Perm())
	}
}

func TestEncodePNGRefusesImpossibleImages(t *testing.T) {
	for _, m := range []*raster.Image{
		{Height: 1, Channels: 1, Depth: 8},
		{Width: 1, Height: 1, Channels: 5, Depth: 8, Pix: make([]byte, 5)},
		{Width: 1, Height: 1, Channels: 1, Depth: 12, Pix: make([]byte, 2)},
		{Width: 2, Height: 2, Channels: 1, Depth: 8, Pix: make([]byte, 3)},
	} {
		if err := EncodePNG(&bytes.Buffer{}, m); err == nil {
			t.Errorf("no error for %d×%d, %d channels, %d bits, %d bytes", m.Width, m.Height, m.Channels, m.Depth, len(m.Pix))
		}
	}
}

func BenchmarkEncodePNG(b *testing.B) {
	for _, kind := range []string{"xray", "noise"} {
		b.Run(kind, func(b *testing.B) {
			src, _ := synthetic.New("xray", 1, 512, 1)
			m, _ := src.Image(0)
			if kind == "noise" {
				for i, state := 0, uint32(1); i < len(m.Pix); i++ {
					state = state*1664525 + 1013904223
					m.Pix[i] = byte(state >> 24)
				}
			}
			b.SetBytes(int64(len(m.Pix)))
			for b.Loop() {
				pngBytes(b, m)
			}
		})
	}
}

func BenchmarkDecodePNG(b *testing.B) {
	src, _ := synthetic.New("xray", 1, 512, 1)
	m, _ := src.Image(0)
	for name, encode := range map[string]func(io.Writer, *raster.Image) error{"compressed": EncodePNG, "stored": encodeStored} {
		b.Run(name, func(b *testing.B) {
			var file bytes.Buffer
			if err := encode(&file, m); err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(m.Pix)))
			for b.Loop() {
				if _, err := Decode(file.Bytes()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func pngBytes(t testing.TB, m *raster.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := EncodePNG(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
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
