package imagefile

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"keygan/data/imagefile/pngstream"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// found is what LeftBehind finds in the content of a file: the names, or why it refuses the file.
func found(t *testing.T, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	imagetest.Write(t, path, content)
	b, err := LeftBehind(path)
	var not *NotPixelsError
	switch {
	case errors.As(err, &not):
		if not.Path != path || err.Error() != path+": "+not.Why || b != nil {
			t.Errorf("%+v, %v", b, err)
		}
		return "refused: " + not.Why
	case err != nil:
		t.Fatal(err)
	}
	return strings.Join(b, ", ")
}

func TestLeftBehindInFilesFromPillow(t *testing.T) {
	for name, want := range map[string]string{
		"beside/full.png":        "EXIF, EXIF orientation, ICC profile, XMP, resolution, text",
		"beside/upright.png":     "EXIF",
		"beside/frames.png":      "refused: holds 3 frames",
		"beside/palette.png":     "palette",
		"beside/bilevel.png":     "bit depth of 1",
		"beside/transparent.png": "transparent colour as a colour",
		"grey-alpha.png":         "",

		"beside/full.jpg":        "EXIF, EXIF orientation, ICC profile, resolution, text",
		"beside/gps.jpg":         "EXIF, GPS position",
		"beside/plain.jpg":       "",
		"beside/progressive.jpg": "",
		"beside/cmyk.jpg":        "refused: is CMYK",
		"beside/two.jpg":         "refused: holds 2 pictures",

		"beside/full.tif":    "ICC profile, IPTC, XMP, orientation, resolution, text",
		"beside/plain.tif":   "",
		"beside/sixteen.tif": "",
		"beside/palette.tif": "palette",
		"beside/bilevel.tif": "bit depth of 1",
		"beside/pages.tif":   "refused: holds 3 pages",
		"beside/cmyk.tif":    "refused: is CMYK",
		"beside/float.tif":   "refused: has floating-point samples",
		"beside/signed.tif":  "refused: has signed samples",

		"beside/plain.bmp":      "",
		"beside/resolution.bmp": "resolution",
		"beside/palette.bmp":    "palette",

		"stack.npy": "refused: holds several pictures or is a volume",
	} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, found(t, b)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// chunkOf makes one of a PNG; its checksum may be anything.
func chunkOf(kind, content string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(content)))) + kind + content + "\x00\x00\x00\x00"
}

func pngOf(depth, colourType byte, chunks ...string) []byte {
	head := chunkOf("IHDR", "\x00\x00\x00\x01\x00\x00\x00\x01"+string([]byte{depth, colourType, 0, 0, 0}))
	return []byte(pngstream.Signature + head + strings.Join(chunks, "") + chunkOf("IEND", ""))
}

func TestLeftBehindInPNG(t *testing.T) {
	pixels := chunkOf("IDAT", "x")
	for want, content := range map[string][]byte{
		"":                        pngOf(16, pngstream.Grey, pixels),
		"text":                    pngOf(8, pngstream.Grey, chunkOf("zTXt", ""), pixels, chunkOf("iTXt", "Title\x00"), chunkOf("tEXt", "")),
		"XMP":                     pngOf(8, pngstream.Grey, pixels, chunkOf("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00<x/>")),
		"gamma":                   pngOf(8, pngstream.Grey, chunkOf("gAMA", "1234"), pixels),
		"colour space":            pngOf(8, pngstream.Grey, chunkOf("cHRM", ""), chunkOf("sRGB", "\x00"), chunkOf("cICP", "1234"), pixels),
		"modification time":       pngOf(8, pngstream.Grey, pixels, chunkOf("tIME", "1234567")),
		"significant bits":        pngOf(16, pngstream.Grey, chunkOf("sBIT", "\x0c"), pixels),
		"background colour":       pngOf(8, pngstream.Grey, chunkOf("bKGD", "\x00\x00"), pixels),
		"calibration of samples":  pngOf(16, pngstream.Grey, chunkOf("pCAL", ""), pixels),
		"private data":            pngOf(8, pngstream.Grey, chunkOf("prVt", "secret"), pixels),
		"bit depth of 4":          pngOf(4, pngstream.Grey, pixels),
		"palette":                 pngOf(2, pngstream.Palette, chunkOf("PLTE", "123"), chunkOf("tRNS", "\x00"), pixels),
		"animation":               pngOf(8, pngstream.Grey, chunkOf("acTL", "\x00\x00\x00\x01\x00\x00\x00\x00"), pixels),
		"data after the picture":  append(pngOf(8, pngstream.Grey, pixels), 0),
		"refused: holds 7 frames": pngOf(8, pngstream.Grey, chunkOf("acTL", "\x00\x00\x00\x07\x00\x00\x00\x00"), pixels),
		// The one frame of this animation is not the picture that other programs show.
		"refused: holds several frames": pngOf(8, pngstream.Grey, chunkOf("acTL", "\x00\x00\x00\x01\x00\x00\x00\x00"), pixels, chunkOf("fdAT", "1234x")),
	} {
		if got := found(t, content); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

// segment makes one of a JPEG.
func segment(marker byte, content string) string {
	return "\xff" + string([]byte{marker, byte((len(content) + 2) >> 8), byte(len(content) + 2)}) + content
}

// jpegOf is a JPEG whose coded pixels hold what looks like markers and is none.
func jpegOf(bits, components byte, segments ...string) []byte {
	frame := segment(jpegSOF0, string([]byte{bits, 0, 1, 0, 1, components}))
	return []byte("\xff\xd8" + strings.Join(segments, "") + frame + segment(jpegSOS, "123456") + "\x01\xff\x00\xfe\xff\xd0\x02\xff\xff\xd9")
}

func TestLeftBehindInJPEG(t *testing.T) {
	jfif := func(units, x, y, thumbnail byte) string {
		return segment(jpegAPP0, "JFIF\x00\x01\x02"+string([]byte{units, 0, x, 0, y, thumbnail, thumbnail})+strings.Repeat("\x00", int(thumbnail)*int(thumbnail)*3))
	}
	for want, content := range map[string][]byte{
		"":             jpegOf(8, 3, jfif(0, 1, 1, 0), segment(0xee, "Adobe\x00")),
		"resolution":   jpegOf(8, 1, jfif(2, 72, 72, 0)),
		"thumbnail":    jpegOf(8, 1, jfif(0, 1, 1, 2), segment(jpegAPP0, "JFXX\x00\x10")),
		"XMP":          jpegOf(8, 1, segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00<x/>")),
		"IPTC":         jpegOf(8, 1, segment(0xed, "Photoshop 3.0\x00")),
		"text":         jpegOf(8, 1, segment(jpegCOM, "hello")),
		"private data": jpegOf(8, 1, segment(0xe5, "?")),
		"EXIF, EXIF orientation, thumbnail": jpegOf(8, 1, segment(0xe1, "Exif\x00\x00"+
			string(tiffOf(binary.BigEndian, nil, []field{{tagOrientation, tiffShort, []uint32{8}}}, []field{{256, tiffShort, []uint32{1}}})))),
		"EXIF":                            jpegOf(8, 1, segment(0xe1, "Exif\x00")),
		"data after the picture":          append(jpegOf(8, 1), "trailer"...),
		"refused: is CMYK":                jpegOf(8, 4),
		"refused: has 12 bits a sample":   jpegOf(12, 1),
		"refused: holds several pictures": jpegOf(8, 1, segment(0xe2, "MPF\x00MM")),
		"refused: holds 3 pictures": jpegOf(8, 1, segment(0xe2, "MPF\x00"+
			string(tiffOf(binary.LittleEndian, nil, []field{{mpfPictures, tiffLong, []uint32{3}}})))),
	} {
		if got := found(t, content); got != want {
			t.Errorf("want %q, got %q", want, got)
		}
	}
}

func TestPlanarTIFFIsRefusedWithTheReason(t *testing.T) {
	for planes, want := range map[uint32]string{1: "not enough pixel data", 2: "planar"} { // the picture has no pixels
		b := tiffOf(binary.BigEndian, []field{{256, tiffShort, []uint32{2}}, {257, tiffShort, []uint32{2}}, {tagBitsPerSample, tiffShort, []uint32{8, 8, 8}},
			{tagPhotometric, tiffShort, []uint32{2}}, {273, tiffLong, []uint32{8}}, {277, tiffShort, []uint32{3}}, {278, tiffShort, []uint32{2}},
			{279, tiffLong, []uint32{4}}, {tagPlanar, tiffShort, []uint32{planes}}}, nil)
		if _, err := Decode(b); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("planar configuration %d: %v, want %q", planes, err, want)
		}
	}
}

type field struct {
	tag, kind uint16
	values    []uint32
}

// tiffOf lays directories out one after the other, the fields of a usual grey picture in front of those of the first.
func tiffOf(order binary.AppendByteOrder, usual []field, directories ...[]field) []byte {
	b := []byte("II*\x00\x08\x00\x00\x00")
	if order.AppendUint16(nil, 1)[0] == 0 {
		b = []byte("MM\x00*\x00\x00\x00\x08")
	}
	for i, fields := range directories {
		if i == 0 {
			fields = slices.Concat(usual, fields)
		}
		values := len(b) + 2 + 12*len(fields) + 4 // where values go that are too long for a field
		var long []byte
		b = order.AppendUint16(b, uint16(len(fields)))
		for _, f := range fields {
			var v []byte
			for _, x := range f.values {
				if f.kind == tiffShort {
					v = order.AppendUint16(v, uint16(x))
				} else {
					v = order.AppendUint32(v, x)
				}
			}
			b = order.AppendUint32(order.AppendUint16(order.AppendUint16(b, f.tag), f.kind), uint32(len(f.values)))
			if len(v) > 4 {
				b = order.AppendUint32(b, uint32(values+len(long)))
				long = append(long, v...)
			} else {
				b = append(b, append(v, 0, 0, 0, 0)[:4]...)
			}
		}
		next := uint32(0)
		if i < len(directories)-1 {
			next = uint32(values + len(long))
		}
		b = append(order.AppendUint32(b, next), long...)
	}
	return b
}

func TestLeftBehindInTIFF(t *testing.T) {
	grey := []field{{256, tiffShort, []uint32{1}}, {tagBitsPerSample, tiffShort, []uint32{8}}, {tagPhotometric, tiffShort, []uint32{1}}}
	rgb := []field{{tagBitsPerSample, tiffShort, []uint32{16, 16, 16}}, {tagPhotometric, tiffShort, []uint32{2}}, {tagSampleFormat, tiffShort, []uint32{1, 1, 1}}}
	of := func(bits, photometric uint32) []field {
		return []field{{tagBitsPerSample, tiffShort, []uint32{bits}}, {tagPhotometric, tiffShort, []uint32{photometric}}}
	}
	short := func(tag uint16, values ...uint32) []field { return []field{{tag, tiffShort, values}} }
	for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
		for _, test := range []struct {
			want    string
			content []byte
		}{
			{"", tiffOf(order, grey, nil)},
			{"", tiffOf(order, rgb, short(tagOrientation, 1))},
			{"orientation", tiffOf(order, grey, short(tagOrientation, 6))},
			{"EXIF, GPS position", tiffOf(order, grey, []field{{34665, tiffLong, []uint32{8}}, {tagGPS, tiffLong, []uint32{8}}})},
			{"premultiplied alpha", tiffOf(order, rgb, short(tagExtraSamples, 1))},
			{"", tiffOf(order, rgb, short(tagExtraSamples, 2))},
			{"private data", tiffOf(order, grey, short(50838, 1))},
			{"bit depth of 4", tiffOf(order, of(4, 1), nil)},
			{"palette", tiffOf(order, of(4, 3), nil)},
			{"white stored as zero", tiffOf(order, of(8, 0), nil)},
			{"refused: has 12 bits a sample", tiffOf(order, of(12, 1), nil)},
			{"refused: has 32 bits a sample", tiffOf(order, nil, short(tagBitsPerSample, 8, 8, 32))},
			{"refused: is CMYK", tiffOf(order, of(8, 5), nil)},
			{"refused: has signed samples", tiffOf(order, grey, short(tagSampleFormat, 2))},
			{"refused: has samples that are not unsigned integers", tiffOf(order, grey, short(tagSampleFormat, 6))},
			{"refused: holds 2 pages", tiffOf(order, grey, nil, short(256, 1))},
			{"refused: holds 4 pages", tiffOf(order, grey, []field{{tagSubIFDs, tiffLong, []uint32{8, 8, 8}}})},
			{"refused: holds several pages", tiffOf(order, grey, []field{{tagSubIFDs, tiffLong, make([]uint32, 5000)}})},
		} {
			if got := found(t, test.content); got != test.want {
				t.Errorf("%v: want %q, got %q", order, test.want, got)
			}
		}
	}
}

func TestLeftBehindInBMP(t *testing.T) {
	of := func(header, bits int, change func(b []byte)) []byte {
		b := make([]byte, 14+header, 14+header+1024)
		copy(b, "BM")
		b[14], b[28] = byte(header), byte(bits)
		for i := range 256 {
			b = append(b, byte(i), byte(i), byte(i), 0)
		}
		if change != nil {
			change(b)
		}
		return b
	}
	for _, test := range []struct {
		want    string
		content []byte
	}{
		{"", of(40, 24, nil)},
		{"", of(40, 8, nil)},
		{"", of(108, 24, nil)},
		{"resolution", of(40, 24, func(b []byte) { b[43] = 1 })},
		{"palette", of(40, 8, func(b []byte) { b[14+40+4*200] = 0 })},
		{"palette", of(40, 8, func(b []byte) { b[46] = 2 })},
		{"palette", of(40, 4, nil)},
		{"colour space", of(108, 24, func(b []byte) { b[14+56+4] = 1 })},
		{"colour space", of(124, 24, func(b []byte) { copy(b[14+56:], "BGRs") })},
		{"ICC profile", of(124, 24, func(b []byte) { copy(b[14+56:], "DEBM") })},
		{"ICC profile", of(124, 24, func(b []byte) { copy(b[14+56:], "KNIL") })},
	} {
		if got := found(t, test.content); got != test.want {
			t.Errorf("want %q, got %q", test.want, got)
		}
	}
}

// Nothing is beside the samples in what this package writes.
func TestNothingIsLeftBehindInEncodedPNG(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		m := raster.NewImage(rapid.IntRange(1, 9).Draw(rt, "width"), rapid.IntRange(1, 9).Draw(rt, "height"),
			rapid.IntRange(1, 4).Draw(rt, "channels"), rapid.SampledFrom([]int{8, 16}).Draw(rt, "depth"))
		if got := found(t, pngBytes(t, m)); got != "" {
			rt.Fatalf("%v: %s", m, got)
		}
	})
}

func TestLeftBehindInOtherFiles(t *testing.T) {
	for _, content := range []string{"", "B", "BM", "hello", "\xff\xd8\xff", "\x89PNG\r\n\x1a\n", "II*\x00", "II+\x00\x08\x00\x00\x00", "MM\x00*\xff\xff\xff\xff"} {
		if got := found(t, []byte(content)); got != "" {
			t.Errorf("%q: %s", content, got)
		}
	}
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Join(dir, "missing")} {
		_, err := LeftBehind(path)
		if not := (*NotPixelsError)(nil); err == nil || errors.As(err, &not) || !strings.HasPrefix(err.Error(), path+": ") {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// A chain of directories that leads back, or on and on, ends.
func TestLeftBehindInARingOfPages(t *testing.T) {
	ring := tiffOf(binary.LittleEndian, nil, []field{{256, tiffShort, []uint32{1}}}, []field{{256, tiffShort, []uint32{1}}})
	binary.LittleEndian.PutUint32(ring[len(ring)-4:], 8)
	if got := found(t, ring); got != "refused: holds 2 pages" {
		t.Error(got)
	}
	many := make([][]field, 5000)
	for i := range many {
		many[i] = []field{{256, tiffShort, []uint32{1}}}
	}
	if got := found(t, tiffOf(binary.LittleEndian, nil, many...)); got != "refused: holds several pages" {
		t.Error(got)
	}
}

// countedReads counts the reads of a file.
type countedReads struct {
	io.ReaderAt
	reads int
}

func (c *countedReads) ReadAt(p []byte, at int64) (int, error) {
	c.reads++
	return c.ReaderAt.ReadAt(p, at)
}

// Whatever the bytes, the search ends after a number of reads that goes with their number.
func FuzzLeftBehind(f *testing.F) {
	seeds, err := filepath.Glob("testdata/beside/*.*")
	if err != nil || len(seeds) < 20 {
		f.Fatal(len(seeds), err)
	}
	for _, path := range seeds {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	for _, b := range imagetest.Samples(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		file := &countedReads{ReaderAt: bytes.NewReader(b)}
		var found Findings
		section := io.NewSectionReader(file, 0, int64(len(b)))
		if format, _ := formatOf(section); format != nil && format.Inspect != nil {
			format.Inspect(&found, section)
		}
		if most := len(b) + 2*mostPages; file.reads > most {
			t.Errorf("%d bytes were read %d times", len(b), file.reads)
		}
		for name := range found.metadata {
			if name == "" || len(name) > 40 {
				t.Errorf("metadata %q", name)
			}
		}
	})
}
