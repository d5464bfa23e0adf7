package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image/png"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// byGo decodes with Go's decoder alone, which is the witness for ours.
func byGo(b []byte) (*raster.Image, error) { return decodeOddPNG(bytes.NewReader(b), b[25]) }

func byUs(b []byte) (*raster.Image, error) { return decodePNG(bytes.NewReader(b), int64(len(b))) }

// Rows with any filter, in chunks of any length, are read as Go reads them.
func TestPNGReadAsByGo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyImage(t)
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
		chunks := []chunk{{"IHDR", header(m)}, {"gAMA", []byte{0, 0, 177, 143}}, {"sBIT", []byte{5}}}
		for n := rapid.IntRange(1, 200).Draw(t, "chunk"); z.Len() > 0; {
			chunks = append(chunks, chunk{"IDAT", slices.Clone(z.Next(n))}, chunk{"IDAT", nil})
		}
		b := chunked(append(chunks, chunk{"tEXt", []byte("Comment\x00after")}, chunk{"IEND", nil})...)
		got, err := byUs(b)
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

type chunk struct {
	kind    string
	content []byte
}

func chunked(chunks ...chunk) []byte {
	b := bytes.NewBufferString(pngSignature)
	for _, c := range chunks {
		writeChunk(b, c.kind, c.content) // a bytes.Buffer takes everything
	}
	return b.Bytes()
}

func header(m *raster.Image) []byte {
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(m.Width)), uint32(m.Height))
	return append(b, byte(m.Depth), [...]byte{0, PngGrey, pngGreyAlpha, pngRGB, PngRGBA}[m.Channels], 0, 0, 0)
}

func deflated(rows []byte) []byte {
	var z bytes.Buffer
	w := zlib.NewWriter(&z)
	w.Write(rows)
	w.Close()
	return z.Bytes()
}

// What a file can have wrong, and what it can have that does not matter.
func TestPNGChunks(t *testing.T) {
	m := &raster.Image{Width: 2, Height: 2, Channels: 1, Depth: 8, Pix: []byte{1, 2, 3, 4}}
	rows := []byte{0, 1, 2, 0, 3, 4}
	ihdr, iend := chunk{"IHDR", header(m)}, chunk{"IEND", nil}
	idat := chunk{"IDAT", deflated(rows)}
	badSum := slices.Clone(idat.content)
	badSum[len(badSum)-1]++
	flipped := func(kind string) []byte { // with a wrong checksum for the chunk of this kind
		b := chunked(ihdr, chunk{"tIME", make([]byte, 7)}, idat, iend)
		at := bytes.Index(b, []byte(kind))
		b[at+4+int(binary.BigEndian.Uint32(b[at-4:]))]++
		return b
	}
	for _, test := range []struct {
		name string
		file []byte
		err  string // "" for none
	}{
		{"plain", chunked(ihdr, idat, iend), ""},
		{"colour and its meaning", chunked(ihdr, chunk{"gAMA", make([]byte, 4)}, chunk{"sBIT", []byte{5}}, chunk{"iCCP", []byte("x\x00\x00y")},
			chunk{"cHRM", make([]byte, 32)}, chunk{"pHYs", make([]byte, 9)}, idat, iend), ""},
		{"text after the pixels", chunked(ihdr, idat, chunk{"zTXt", []byte("a\x00\x00b")}, iend), ""},
		{"bytes after the end", append(chunked(ihdr, idat, iend), "more"...), ""},
		{"bytes after the rows", chunked(ihdr, chunk{"IDAT", append(slices.Clone(idat.content), 0, 0, 0)}, iend), ""},
		{"a row too many", chunked(ihdr, chunk{"IDAT", deflated(append(rows, 0, 5, 6))}, iend), "more rows"},
		{"a row too few", chunked(ihdr, chunk{"IDAT", deflated(rows[:3])}, iend), "truncated"},
		{"a filter there is not", chunked(ihdr, chunk{"IDAT", deflated([]byte{0, 1, 2, 5, 3, 4})}, iend), "filter 5"},
		{"no pixels", chunked(ihdr, iend), "not a readable PNG"},
		{"no end", chunked(ihdr, idat), "truncated"},
		{"a second header", chunked(ihdr, ihdr, idat, iend), "not a readable PNG"},
		{"a palette after the pixels", chunked(ihdr, idat, chunk{"PLTE", make([]byte, 3)}, iend), "PLTE"},
		{"transparency after the pixels", chunked(ihdr, idat, chunk{"tRNS", []byte{0, 1}}, iend), "tRNS"},
		{"pixels in two places", chunked(ihdr, idat, chunk{"tIME", make([]byte, 7)}, idat, iend), "IDAT"},
		{"a checksum of zlib", chunked(ihdr, chunk{"IDAT", badSum}, iend), "checksum"},
		{"a checksum of the header", flipped("IHDR"), "checksum"},
		{"a checksum of the pixels", flipped("IDAT"), "checksum"},
		{"a checksum of what is read over", flipped("tIME"), "checksum"},
		{"a checksum of the end", flipped("IEND"), "checksum"},
		{"no compression that there is", chunked(ihdr, chunk{"IDAT", []byte("no zlib")}, iend), "zlib"},
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
	return chunked(chunk{"IHDR", ihdr}, chunk{"IDAT", deflated(rows)}, chunk{"IEND", nil})
}

func TestPNGInterlaced(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := anyImage(t)
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
//	go test -run '^$' -fuzz 'FuzzPNGAsByGo$' -fuzztime 20s -fuzzminimizetime 10x ./data
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
		{44721, 44721, 8, PngGrey, true}, {44722, 44722, 8, PngGrey, false},
		{31622, 31622, 16, PngGrey, true}, {31623, 31623, 16, PngGrey, false},
		{25819, 25819, 8, pngRGB, true}, {25820, 25820, 8, pngRGB, false},
		{15811, 15811, 16, PngRGBA, true}, {15812, 15812, 16, PngRGBA, false},
		{16384, 16384, 8, pngPalette, true}, {16385, 16384, 8, pngPalette, false},
		{16384, 16384, 1, PngGrey, true}, {16385, 16384, 1, PngGrey, false},
	} {
		palette := map[string][]byte{}
		if test.colour == pngPalette {
			palette["PLTE"] = make([]byte, 3)
		}
		b := imagetest.RawPNG(t, test.width, test.height, test.depth, test.colour, []byte{0}, palette)
		_, err := byUs(b)
		want := map[bool]string{true: "cannot be in a file of", false: "pixels that keygan reads"}[test.fits]
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%d×%d, %d bits, colour type %d: %v, want %q", test.width, test.height, test.depth, test.colour, err, want)
		}
	}
}
