package pngstream

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"keygan/data/internal/imagetest"
	"keygan/data/raster"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// zlibOf makes a zlib stream of stored blocks of these lengths and, if there is more, a compressed rest that refers back to them.
func zlibOf(raw []byte, stored ...int) []byte {
	z := []byte{0x78, 0x01}
	at := 0
	for _, n := range stored {
		last := byte(0)
		if at+n == len(raw) {
			last = 1
		}
		z = binary.LittleEndian.AppendUint16(append(z, last), uint16(n))
		z = binary.LittleEndian.AppendUint16(z, ^uint16(n))
		z = append(z, raw[at:at+n]...)
		if at += n; last == 1 {
			break
		}
	}
	if at < len(raw) {
		var rest bytes.Buffer
		w, err := flate.NewWriter(&rest, 9)
		if err != nil {
			panic(err) // there is the level 9
		}
		w.Write(raw[:at])
		w.Flush() // to the end of a byte
		rest.Reset()
		w.Write(raw[at:])
		w.Close()
		z = append(z, rest.Bytes()...)
	}
	return binary.BigEndian.AppendUint32(z, adler32(1, raw))
}

// Compressed blocks after stored ones refer to what those held. There may be more than a window of that, in chunks of any length.
func TestPNGMixedBlocks(t *testing.T) {
	m := raster.NewImage(300, 500, 1, 8)
	var raw []byte
	state := uint32(1)
	for y := range m.Height {
		row := m.Pix[y*m.Width:][:m.Width]
		for x := range row {
			state = state*1664525 + 1013904223
			row[x] = byte(state >> 24)
		}
		const back = 99 // rows: nearly a window
		if y >= back {
			copy(row, m.Pix[(y-back)*m.Width:])
		}
		raw = append(append(raw, 0), row...)
	}
	all := len(raw)
	for _, stored := range [][]int{
		nil, {0}, {1}, {32767}, {32768}, {32769}, {40000}, {65535}, {20000, 20000, 0, 20000}, {50000, 1, 2, 10000},
		{65535, 65535, all - 2*65535}, {65535, 65535, all - 2*65535 - 1}, {0, 65535, 0, 65535, all - 2*65535}, slices.Repeat([]int{7}, 6000), slices.Repeat([]int{1000}, 99),
		{65480, 65535}, // the second lies in one buffer, and goes round in the window more than twice
	} {
		for _, length := range []int{1000, 30_000, 200_000} {
			z := zlibOf(raw, stored...)
			chunks := [][]byte{imagetest.Chunk("IHDR", header(m))}
			for len(z) > 0 {
				n := min(length, len(z))
				chunks = append(chunks, imagetest.Chunk("IDAT", z[:n]))
				z = z[n:]
			}
			b := imagetest.PNG(append(chunks, imagetest.Chunk("IEND", nil))...)
			for name, read := range map[string]func([]byte) (*raster.Image, error){"Go": byGo, "stream": readPNGStream, "scan": scanned} {
				if got, err := read(b); err != nil || !bytes.Equal(m.Pix, got.Pix) {
					t.Errorf("blocks of %d, chunks of %d, %s: other samples, or %v", stored[:min(len(stored), 9)], length, name, err)
				}
			}
		}
	}
}

// What a stream of pixels can have wrong. The checksums of the chunks are right.
func TestPNGStreamRefuses(t *testing.T) {
	m := &raster.Image{Width: 2, Height: 2, Channels: 1, Depth: 8, Pix: []byte{1, 2, 3, 4}}
	rows := []byte{0, 1, 2, 0, 3, 4}
	ihdr, iend := imagetest.Chunk("IHDR", header(m)), imagetest.Chunk("IEND", nil)
	stored := zlibOf(rows, 3, 3)
	good := imagetest.Chunk("IDAT", stored)
	with := func(at int, b byte) []byte {
		c := slices.Clone(stored)
		c[at] = b
		return imagetest.Chunk("IDAT", c)
	}
	head := func(at int, b byte) []byte {
		c := header(m)
		c[at] = b
		return imagetest.Chunk("IHDR", c)
	}
	for _, test := range []struct {
		name string
		file []byte
		want string // in the error
	}{
		{"no PNG", []byte("GIF89a.."), "start"},
		{"nothing", nil, "start"},
		{"no header", imagetest.PNG(good, iend), "header"},
		{"no pixels", imagetest.PNG(ihdr, iend), "IEND"},
		{"a palette's colour type", imagetest.PNG(head(9, Palette), good, iend), "palette"},
		{"an unknown colour type", imagetest.PNG(head(9, 5), good, iend), "colour type 5"},
		{"4 bits", imagetest.PNG(head(8, 4), good, iend), "4 bits"},
		{"interlaced", imagetest.PNG(head(12, 1), good, iend), "interlaced"},
		{"another compression", imagetest.PNG(head(10, 1), good, iend), "compression"},
		{"other filters", imagetest.PNG(head(11, 1), good, iend), "filters"},
		{"no width", imagetest.PNG(head(3, 0), good, iend), "0×2"},
		{"too wide", imagetest.PNG(head(1, 0x20), good, iend), "2097154×2"},
		{"too high", imagetest.PNG(head(5, 0x20), good, iend), "2×2097154"},
		{"a palette", imagetest.PNG(ihdr, imagetest.Chunk("PLTE", make([]byte, 3)), good, iend), "PLTE"},
		{"a transparent colour", imagetest.PNG(ihdr, imagetest.Chunk("tRNS", make([]byte, 2)), good, iend), "transparent"},
		{"a critical chunk after the pixels", imagetest.PNG(ihdr, good, imagetest.Chunk("ABCD", nil), iend), "ABCD"},
		{"pixels in two places", imagetest.PNG(ihdr, good, imagetest.Chunk("tIME", make([]byte, 7)), imagetest.Chunk("IDAT", nil), iend), "IDAT"},
		{"an end with content", imagetest.PNG(ihdr, good, imagetest.Chunk("IEND", []byte{1})), "IEND"},
		{"bytes after the end", append(imagetest.PNG(ihdr, good, iend), 0), "after the end"},
		{"bytes after the stream", imagetest.PNG(ihdr, good, imagetest.Chunk("IDAT", []byte{0}), iend), "after the compressed"},
		{"a header of zlib with a wrong sum", imagetest.PNG(ihdr, with(1, 2), iend), "zlib"},
		{"a header of zlib for another method", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", append([]byte{0x79, 0x07}, stored[2:]...)), iend), "zlib"},
		{"a header of zlib for a larger window", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", append([]byte{0x88, 0x1c}, stored[2:]...)), iend), "zlib"},
		{"a header of zlib with a dictionary", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", append([]byte{0x78, 0x20}, stored[2:]...)), iend), "zlib"},
		{"a block of two lengths", imagetest.PNG(ihdr, with(5, 0), iend), "two lengths"},
		{"a block of no kind", imagetest.PNG(ihdr, with(2, 6), iend), "flate"},
		{"a wrong sum", imagetest.PNG(ihdr, with(len(stored)-1, stored[len(stored)-1]^1), iend), "checksum"},
		{"a row too few", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", zlibOf(rows[:3], 3)), iend), "truncated"},
		{"a row too many", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", zlibOf(append(slices.Clone(rows), rows...), 12)), iend), "more rows"},
		{"a row too many, compressed", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", imagetest.Deflated(append(slices.Clone(rows), rows...))), iend), "more rows"},
		{"a block too many, of nothing but one byte", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", zlibOf(append(slices.Clone(rows), 0), 6, 1)), iend), "more rows"},
		{"a stream without an end", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", stored[:len(stored)-4]), iend), "truncated"},
		{"a filter there is not", imagetest.PNG(ihdr, imagetest.Chunk("IDAT", zlibOf([]byte{0, 1, 2, 5, 3, 4}, 6)), iend), "filter 5"},
	} {
		got, err := readPNGStream(test.file)
		if err == nil || !strings.HasPrefix(err.Error(), "not a readable PNG: ") || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, error %v, want %q", test.name, got, err, test.want)
		}
	}
	if got, err := readPNGStream(imagetest.PNG(ihdr, good, iend)); err != nil || !cmp.Equal(m, got) {
		t.Errorf("the file that is right: %v, %v", got, err)
	}
}

// What NewReader takes is never more samples than the header says, and Go's decoder sees the same ones.
//
//	go test -run '^$' -fuzz 'FuzzPNGStream$' -fuzztime 20s -fuzzminimizetime 10x ./data/imagefile/pngstream
func FuzzPNGStream(f *testing.F) {
	for channels := 1; channels <= 4; channels++ {
		for _, depth := range []int{8, 16} {
			m := raster.NewImage(5, 3, channels, depth)
			for i := range m.Pix {
				m.Pix[i] = byte(i * i)
			}
			var stored bytes.Buffer
			if err := encodeStored(&stored, m); err != nil {
				f.Fatal(err)
			}
			f.Add(stored.Bytes())
			f.Add(pngBytes(f, m))
		}
	}
	ihdr := imagetest.Chunk("IHDR", header(raster.NewImage(4, 4, 1, 8)))
	f.Add(imagetest.PNG(ihdr, imagetest.Chunk("tEXt", []byte("a\x00b")), imagetest.Chunk("IDAT", zlibOf(make([]byte, 20), 3, 0, 7)), imagetest.Chunk("IEND", nil)))
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := NewReader(bytes.NewReader(b))
		if err != nil || p.Width > 1<<12 || p.Height > 1<<12 {
			return // what is refused, and what only costs time
		}
		got := &raster.Image{Width: p.Width, Height: p.Height, Channels: p.Channels, Depth: p.Depth, Pix: nil}
		most := p.Width * p.Height * p.Channels * p.Depth / 8
		var piece [1000]byte
		for err == nil {
			var n int
			n, err = p.Read(piece[:])
			if got.Pix = append(got.Pix, piece[:n]...); len(got.Pix) > most {
				t.Fatalf("more than the %d bytes of samples that the header says", most)
			}
		}
		if err != io.EOF {
			if len(got.Pix) == most {
				t.Fatalf("all samples were given of a file with an error: %v", err)
			}
			return
		}
		want, err := byGo(b)
		if err != nil {
			t.Fatalf("we read it, Go does not: %v", err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(diff)
		}
	})
}

// encodeStored writes an image as a PNG without compression.
func encodeStored(w io.Writer, m *raster.Image) error {
	p, err := NewWriter(w, m.Width, m.Height, m.Channels, m.Depth)
	if err != nil {
		return err
	}
	if _, err := p.Write(m.Pix); err != nil {
		return err
	}
	return p.Close()
}
