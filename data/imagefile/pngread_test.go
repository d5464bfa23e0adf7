package imagefile

import (
	"bytes"
	"encoding/binary"
	"image/png"
	"io"
	"keygan/data/imagefile/pngstream"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// byGo decodes with Go's decoder only, which is the witness for ours.
func byGo(b []byte) (*raster.Image, error) {
	return decodeOddPNG(fileOf(b), pngstream.Header{ColourType: b[25]})
}

func byUs(b []byte) (*raster.Image, error) { return decodePNG(fileOf(b)) }

func fileOf(b []byte) *io.SectionReader {
	return io.NewSectionReader(bytes.NewReader(b), 0, int64(len(b)))
}

func header(m *raster.Image) []byte {
	return imagetest.PNGHeader(uint32(m.Width), uint32(m.Height), byte(m.Depth), [...]byte{1: pngstream.Grey, pngstream.GreyAlpha, pngstream.RGB, pngstream.RGBA}[m.Channels])
}

// What a file can have wrong, and what it can have that does not matter.
func TestPNGChunks(t *testing.T) {
	m := &raster.Image{Width: 2, Height: 2, Channels: 1, Depth: 8, Pix: []byte{1, 2, 3, 4}}
	rows := []byte{0, 1, 2, 0, 3, 4}
	ihdr, iend := imagetest.Chunk("IHDR", header(m)), imagetest.Chunk("IEND", nil)
	pixels := imagetest.Deflated(rows)
	idat := imagetest.Chunk("IDAT", pixels)
	badSum := slices.Clone(pixels)
	badSum[len(badSum)-1]++
	flipped := func(kind string) []byte { // with a wrong checksum for the chunk of this kind
		b := imagetest.PNG(ihdr, imagetest.Chunk("tIME", make([]byte, 7)), idat, iend)
		at := bytes.Index(b, []byte(kind))
		b[at+4+int(binary.BigEndian.Uint32(b[at-4:]))]++
		return b
	}
	for _, test := range []struct {
		name string
		file []byte
		err  string // "" for none
	}{
		{"plain", imagetest.PNG(ihdr, idat, iend), ""},
		{"colour and its meaning", imagetest.PNG(ihdr, imagetest.Chunk("gAMA", make([]byte, 4)), imagetest.Chunk("sBIT", []byte{5}), imagetest.Chunk("iCCP", []byte("x\x00\x00y")),
			imagetest.Chunk("cHRM", make([]byte, 32)), imagetest.Chunk("pHYs", make([]byte, 9)), idat, iend), ""},
		{"text after the pixels", imagetest.PNG(ihdr, idat, imagetest.Chunk("zTXt", []byte("a\x00\x00b")), iend), ""},
		{"bytes after the end", append(imagetest.PNG(ihdr, idat, iend), "more"...), ""},
		{"bytes after the rows", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", append(slices.Clone(pixels), 0, 0, 0)), iend), ""},
		{"a row too many", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", imagetest.Deflated(append(rows, 0, 5, 6))), iend), "more rows"},
		{"a row too few", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", imagetest.Deflated(rows[:3])), iend), "truncated"},
		{"a filter there is not", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", imagetest.Deflated([]byte{0, 1, 2, 5, 3, 4})), iend), "filter 5"},
		{"no pixels", imagetest.PNG(ihdr, iend), "not a readable PNG"},
		{"no end", imagetest.PNG(ihdr, idat), "truncated"},
		{"a second header", imagetest.PNG(ihdr, ihdr, idat, iend), "not a readable PNG"},
		{"a palette after the pixels", imagetest.PNG(ihdr, idat, imagetest.Chunk("PLTE", make([]byte, 3)), iend), "PLTE"},
		{"transparency after the pixels", imagetest.PNG(ihdr, idat, imagetest.Chunk("tRNS", []byte{0, 1}), iend), "tRNS"},
		{"pixels in two places", imagetest.PNG(ihdr, idat, imagetest.Chunk("tIME", make([]byte, 7)), idat, iend), "IDAT"},
		{"a checksum of zlib", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", badSum), iend), "checksum"},
		{"a checksum of the header", flipped("IHDR"), "checksum"},
		{"a checksum of the pixels", flipped("IDAT"), "checksum"},
		{"a checksum of what is read over", flipped("tIME"), "checksum"},
		{"a checksum of the end", flipped("IEND"), "checksum"},
		{"no compression that there is", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", []byte("no zlib")), iend), "zlib"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "a.png")
			imagetest.Write(t, path, test.file)
			got, err := ReadImage(path)
			switch {
			case test.err == "" && err != nil:
				t.Error(err)
			case test.err == "" && !cmp.Equal(m, got):
				t.Errorf("read as %v", got.Pix)
			case test.err != "" && (err == nil || !strings.HasPrefix(err.Error(), path+": not a readable PNG: ") || !strings.Contains(err.Error(), test.err)):
				t.Errorf("error %v, want %q", err, test.err)
			}
		})
	}
}

// adam7 are the seven images that an interlaced one is sent as: of pixels from (x, y) on, in steps (PNG specification, section 8.2).
var adam7 = [7]struct{ x, y, stepX, stepY int }{{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4}, {1, 0, 2, 2}, {0, 1, 1, 2}}

// interlaced writes an image as seven smaller ones.
func interlaced(m *raster.Image) []byte {
	size := m.Channels * m.Depth / 8
	var rows []byte
	for _, p := range adam7 {
		for y := p.y; y < m.Height && p.x < m.Width; y += p.stepY {
			rows = append(rows, 0)
			for x := p.x; x < m.Width; x += p.stepX {
				rows = append(rows, m.Pix[(y*m.Width+x)*size:][:size]...)
			}
		}
	}
	ihdr := header(m)
	ihdr[12] = 1
	return imagetest.PNG(imagetest.Chunk("IHDR", ihdr), imagetest.Chunk("IDAT", imagetest.Deflated(rows)), imagetest.Chunk("IEND", nil))
}

func TestPNGInterlaced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := imagetest.AnyImage(t)
		got, err := Decode(interlaced(m))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(m, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Whatever Go's decoder takes, ours takes, and both see the same pixels.
//
//	go test -run '^$' -fuzz 'FuzzPNGAsByGo$' -fuzztime 20s -fuzzminimizetime 10x ./data/imagefile
func FuzzPNGAsByGo(f *testing.F) {
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			m := raster.NewImage(5, 3, channels, depth)
			for i := range m.Pix {
				m.Pix[i] = byte(i * i)
			}
			f.Add(pngBytes(f, m))
			f.Add(interlaced(m))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if c, err := png.DecodeConfig(bytes.NewReader(b)); err != nil || c.Width > 1000 || c.Height > 1000 {
			return // what both refuse, and what only costs time
		}
		want, err := guard(func() (*raster.Image, error) { return byGo(b) })
		if err != nil {
			return
		}
		got, err := guard(func() (*raster.Image, error) { return byUs(b) })
		if err != nil {
			t.Fatalf("Go reads it, we do not: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// What bounds a PNG that is read row by row is the bytes of its samples, 2·10⁹; what bounds others is their pixels, 2²⁸. The header
// decides, before there is any memory for the image.
func TestPNGLimits(t *testing.T) {
	for _, test := range []struct {
		width, height uint32
		depth, colour byte
		fits          bool
	}{
		{44721, 44721, 8, pngstream.Grey, true}, {44722, 44722, 8, pngstream.Grey, false},
		{31622, 31622, 16, pngstream.Grey, true}, {31623, 31623, 16, pngstream.Grey, false},
		{25819, 25819, 8, pngstream.RGB, true}, {25820, 25820, 8, pngstream.RGB, false},
		{15811, 15811, 16, pngstream.RGBA, true}, {15812, 15812, 16, pngstream.RGBA, false},
		{16384, 16384, 8, pngstream.Palette, true}, {16385, 16384, 8, pngstream.Palette, false},
		{16384, 16384, 1, pngstream.Grey, true}, {16385, 16384, 1, pngstream.Grey, false},
	} {
		palette := map[string][]byte{}
		if test.colour == pngstream.Palette {
			palette["PLTE"] = make([]byte, 3)
		}
		b := imagetest.RawPNG(test.width, test.height, test.depth, test.colour, []byte{0}, palette)
		_, err := byUs(b)
		want := map[bool]string{true: "cannot be in a file of", false: "pixels that keygan reads"}[test.fits]
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d×%d, %d bits, colour type %d: %v, want %q", test.width, test.height, test.depth, test.colour, err, want)
		}
	}
}
