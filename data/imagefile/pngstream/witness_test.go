package pngstream

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"image"
	"image/png"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// byGo decodes with Go's decoder, which is the witness for ours.
func byGo(b []byte) (*raster.Image, error) {
	src, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	depth, channels := int(b[24]), Header{ColourType: b[25]}.Channels()
	var pix []byte
	from := 4 // channels of pix
	switch s := src.(type) {
	case *image.Gray:
		pix, from = s.Pix, 1
	case *image.Gray16:
		pix, from = s.Pix, 1
	case *image.RGBA:
		pix = s.Pix
	case *image.RGBA64:
		pix = s.Pix
	case *image.NRGBA:
		pix = s.Pix
	case *image.NRGBA64:
		pix = s.Pix
	default:
		return nil, fmt.Errorf("Go decodes to %T", src)
	}
	m := raster.NewImage(src.Bounds().Dx(), src.Bounds().Dy(), channels, depth)
	taken := [][]int{1: {0}, 2: {0, 3}, 3: {0, 1, 2}, 4: {0, 1, 2, 3}}[channels]
	wide := &raster.Image{Width: m.Width, Height: m.Height, Channels: from, Depth: depth, Pix: pix}
	for i := range m.Samples() {
		m.SetSample(i, wide.Sample(i/channels*from+taken[i%channels]))
	}
	return m, nil
}

// scanned decodes with Scan.
func scanned(b []byte) (*raster.Image, error) {
	m := &raster.Image{}
	err := Scan(bytes.NewReader(b), func(h Header) (func([]byte), error) {
		m = &raster.Image{Width: int(h.Width), Height: int(h.Height), Channels: h.Channels(), Depth: int(h.Depth)}
		return func(row []byte) { m.Pix = append(m.Pix, row...) }, nil
	})
	return m, err
}

func header(m *raster.Image) []byte {
	return imagetest.PNGHeader(uint32(m.Width), uint32(m.Height), byte(m.Depth), [...]byte{1: Grey, 2: GreyAlpha, 3: RGB, 4: RGBA}[m.Channels])
}

func pngBytes(t testing.TB, m *raster.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A caller can refuse an image before its rows are read, and learns what is unusual about one.
func TestScanStops(t *testing.T) {
	refusal := errors.New("too large")
	err := Scan(bytes.NewReader(pngBytes(t, raster.NewImage(3, 2, 1, 8))), func(h Header) (func([]byte), error) { return nil, refusal })
	if err != refusal {
		t.Error(err)
	}
	var unusual *UnusualError
	b := imagetest.RawPNG(3, 2, 4, Grey, make([]byte, 6), nil)
	if _, err := scanned(b); !errors.As(err, &unusual) || unusual.Header.Depth != 4 || unusual.Header.Width != 3 {
		t.Error(err)
	}
}

// Rows with any filter, in chunks of any length, are read as Go reads them.
func TestPNGReadAsByGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := imagetest.AnyImage(t)
		stride := len(m.Pix) / m.Height
		var z bytes.Buffer
		w, err := zlib.NewWriterLevel(&z, rapid.IntRange(0, 9).Draw(t, "level"))
		if err != nil {
			t.Fatal(err)
		}
		f := newRowFilter(stride, stride/m.Width)
		for y := range m.Height {
			f.filter(m.Pix[y*stride:][:stride])
			w.Write(f.rows[rapid.IntRange(0, 4).Draw(t, "filter")])
		}
		w.Close()
		chunks := [][]byte{imagetest.Chunk("IHDR", header(m)), imagetest.Chunk("gAMA", []byte{0, 0, 177, 143}), imagetest.Chunk("sBIT", []byte{5})}
		for n := rapid.IntRange(1, 200).Draw(t, "chunk"); z.Len() > 0; {
			chunks = append(chunks, imagetest.Chunk("IDAT", slices.Clone(z.Next(n))), imagetest.Chunk("IDAT", nil))
		}
		b := imagetest.PNG(append(chunks, imagetest.Chunk("tEXt", []byte("Comment\x00after")), imagetest.Chunk("IEND", nil))...)
		got, err := scanned(b)
		if err != nil {
			t.Fatal(err)
		}
		want, err := byGo(b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Fatal(diff)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("not as Go has it: %s", diff)
		}
	})
}
