package scripts

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"hash/crc32"
	"io"
	"os"
	"slices"
	"testing"
)

// A rawPNG is a PNG's shape and samples: rows from the top, channels interleaved, 16-bit samples high byte first. Go's image/png neither
// writes grey with alpha nor gives samples as they are.
type rawPNG struct {
	width, height, channels, depth int
	samples                        []byte
}

var colourTypes = []byte{1: 0, 2: 4, 3: 2, 4: 6} // by channels

// filtered gives the rows with filter bytes in front, as they are before compression. With filters, row y has filter y mod 5.
func (p rawPNG) filtered(filters bool) []byte {
	pixel := p.channels * p.depth / 8
	n := p.width * pixel
	above := make([]byte, n)
	var out []byte
	for y := 0; (y+1)*n <= len(p.samples); y++ {
		row := p.samples[y*n : (y+1)*n]
		filter := 0
		if filters {
			filter = y % 5
		}
		out = append(out, byte(filter))
		for i, v := range row {
			var left, corner int
			if i >= pixel {
				left, corner = int(row[i-pixel]), int(above[i-pixel])
			}
			out = append(out, v-predict(filter, left, int(above[i]), corner))
		}
		above = row
	}
	return out
}

// predict is what section 9 of the PNG specification predicts for a byte.
func predict(filter, left, up, corner int) byte {
	switch filter {
	case 1:
		return byte(left)
	case 2:
		return byte(up)
	case 3:
		return byte((left + up) / 2)
	case 4:
		p := left + up - corner
		distance := func(v int) int { return max(v-p, p-v) }
		switch nearest := min(distance(left), distance(up), distance(corner)); nearest {
		case distance(left):
			return byte(left)
		case distance(up):
			return byte(up)
		}
		return byte(corner)
	}
	return 0
}

// write makes a PNG of filtered rows, which need not be as many as the shape says.
func (p rawPNG) write(t *testing.T, path string, rows []byte) {
	t.Helper()
	var b, compressed bytes.Buffer
	chunk := func(name string, data []byte) {
		data = append([]byte(name), data...)
		b.Write(binary.BigEndian.AppendUint32(nil, uint32(len(data)-4)))
		b.Write(data)
		b.Write(binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(data)))
	}
	z := zlib.NewWriter(&compressed)
	if _, err := z.Write(rows); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	b.WriteString("\x89PNG\r\n\x1a\n")
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(p.width)), uint32(p.height))
	chunk("IHDR", append(header, byte(p.depth), colourTypes[p.channels], 0, 0, 0))
	for data := range slices.Chunk(compressed.Bytes(), 1000) { // the stream may be cut anywhere
		chunk("IDAT", data)
	}
	chunk("IEND", nil)
	writeBytes(t, path, b.Bytes())
}

// readRawPNG reads a PNG without filters.
func readRawPNG(t *testing.T, path string) rawPNG {
	t.Helper()
	b := readBytes(t, path)
	var p rawPNG
	var compressed []byte
	for rest := b[8:]; len(rest) > 0; {
		n := binary.BigEndian.Uint32(rest)
		name, data := string(rest[4:8]), rest[8:8+n]
		if crc32.ChecksumIEEE(rest[4:8+n]) != binary.BigEndian.Uint32(rest[8+n:]) {
			t.Fatalf("%s: wrong checksum of %s", path, name)
		}
		switch rest = rest[12+n:]; name {
		case "IHDR":
			p.width, p.height = int(binary.BigEndian.Uint32(data)), int(binary.BigEndian.Uint32(data[4:]))
			p.depth, p.channels = int(data[8]), bytes.IndexByte(colourTypes[1:], data[9])+1
		case "IDAT":
			compressed = append(compressed, data...)
		}
	}
	z, err := zlib.NewReader(bytes.NewReader(compressed))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	n := 1 + p.width*p.channels*p.depth/8
	if len(rows) != n*p.height {
		t.Fatalf("%s: %d bytes of rows for %d rows of %d", path, len(rows), p.height, n)
	}
	for ; len(rows) > 0; rows = rows[n:] {
		if rows[0] != 0 {
			t.Fatalf("%s: filter %d", path, rows[0])
		}
		p.samples = append(p.samples, rows[1:n]...)
	}
	return p
}

func readBytes(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func writeBytes(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}
