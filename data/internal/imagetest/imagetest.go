// Package imagetest makes image files for tests without any of the code that they test.
package imagetest

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"pgregory.net/rapid"

	"keygan/data/raster"
)

// Chunk is a part of a PNG.
func Chunk(kind string, content []byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	b = append(append(b, kind...), content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[4:]))
}

// PNG joins chunks to a file.
func PNG(chunks ...[]byte) []byte {
	return append([]byte("\x89PNG\r\n\x1a\n"), slices.Concat(chunks...)...)
}

// PNGHeader is the content of IHDR.
func PNGHeader(width, height uint32, depth, colourType byte) []byte {
	b := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, width), height)
	return append(b, depth, colourType, 0, 0, 0)
}

// Deflated is a zlib stream.
func Deflated(b []byte) []byte {
	var z bytes.Buffer
	packed := zlib.NewWriter(&z)
	packed.Write(b)
	packed.Close()
	return z.Bytes()
}

// RawPNG is an image with any header, unfiltered rows and extra chunks, which no encoder here writes.
func RawPNG(width, height uint32, depth, colourType byte, rows []byte, extra map[string][]byte) []byte {
	chunks := [][]byte{Chunk("IHDR", PNGHeader(width, height, depth, colourType))}
	for _, kind := range []string{"PLTE", "tRNS"} {
		if extra[kind] != nil {
			chunks = append(chunks, Chunk(kind, extra[kind]))
		}
	}
	return PNG(append(chunks, Chunk("IDAT", Deflated(rows)), Chunk("IEND", nil))...)
}

// AnyImage draws an image of any shape. Its content is noise, a ramp or flat, since filters treat them differently.
func AnyImage(t *rapid.T) *raster.Image {
	m := raster.NewImage(rapid.IntRange(1, 40).Draw(t, "width"), rapid.IntRange(1, 40).Draw(t, "height"),
		rapid.IntRange(1, 4).Draw(t, "channels"), rapid.SampledFrom([]int{8, 16}).Draw(t, "depth"))
	step := rapid.IntRange(0, 7).Draw(t, "step")
	noise := rapid.Bool().Draw(t, "noise")
	state := rapid.Uint32().Draw(t, "state")
	for i := range m.Pix {
		m.Pix[i] = byte(i * step / 3)
		if noise {
			state = state*1664525 + 1013904223
			m.Pix[i] = byte(state >> 24)
		}
	}
	return m
}

// A TestVolume is a NIfTI-1 file in the making.
type TestVolume struct {
	Order        binary.AppendByteOrder
	Code         int16
	Dim          []int16
	Slope, Inter float32
	Sform        *[3][3]float32
	Quaternion   *[4]float32 // b, c, d, qfac
	Values       []float64
}

// Bytes is the file.
func (v TestVolume) Bytes() []byte {
	bo, put := v.Order, v.Order.(binary.ByteOrder)
	h := make([]byte, 352)
	float := func(at int, f float32) { put.PutUint32(h[at:], math.Float32bits(f)) }
	put.PutUint32(h, 348)
	put.PutUint16(h[40:], uint16(len(v.Dim)))
	for i, d := range v.Dim {
		put.PutUint16(h[42+2*i:], uint16(d))
	}
	put.PutUint16(h[70:], uint16(v.Code))
	float(108, 352)
	float(112, v.Slope)
	float(116, v.Inter)
	if v.Quaternion != nil {
		put.PutUint16(h[252:], 1)
		for i := range 3 {
			float(256+4*i, v.Quaternion[i])
		}
		float(76, v.Quaternion[3])
	}
	if v.Sform != nil {
		put.PutUint16(h[254:], 1)
		for r := range 3 {
			for c := range 3 {
				float(280+16*r+4*c, v.Sform[r][c])
			}
		}
	}
	copy(h[344:], "n+1\x00")
	for _, x := range v.Values {
		switch v.Code {
		case 2, 256:
			h = append(h, byte(int64(x)))
		case 4, 512:
			h = bo.AppendUint16(h, uint16(int64(x)))
		case 8, 768:
			h = bo.AppendUint32(h, uint32(int64(x)))
		case 1024, 1280:
			h = bo.AppendUint64(h, uint64(int64(x)))
		case 16:
			h = bo.AppendUint32(h, math.Float32bits(float32(x)))
		case 64:
			h = bo.AppendUint64(h, math.Float64bits(x))
		}
	}
	return h
}

// Cornered is a 2×3×4 volume whose voxel (x, y, z) holds 10 + x + 10·y + 60·z; every slice shows something.
func Cornered() TestVolume {
	v := TestVolume{Order: binary.LittleEndian, Code: 2, Dim: []int16{2, 3, 4}}
	for i := range 2 * 3 * 4 {
		x, y, z := i%2, i/2%3, i/6
		v.Values = append(v.Values, float64(10+x+10*y+60*z))
	}
	return v
}

// Gzipped is a gzip file.
func Gzipped(b []byte) []byte {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.Bytes()
}

// Write writes a file.
func Write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// SpectrogramFile is a table like those of the HMS-HBAC set. power gives the value in region r at frequency f in row t. parquet-go sorts
// columns by name: "LL_10.16" comes before "LL_2.0".
func SpectrogramFile(t testing.TB, rows, frequencies int, power func(r, f, t int) float32) []byte {
	t.Helper()
	group := parquet.Group{"time": parquet.Leaf(parquet.Int64Type)}
	values := map[string]func(row int) parquet.Value{"time": func(row int) parquet.Value { return parquet.Int64Value(int64(2*row + 1)) }}
	for r, region := range []string{"LL", "RL", "LP", "RP"} {
		for f := range frequencies {
			name := fmt.Sprintf("%s_%.2f", region, 0.59+float64(f)*19.33/float64(max(1, frequencies-1)))
			group[name] = parquet.Compressed(parquet.Optional(parquet.Leaf(parquet.FloatType)), &parquet.Snappy)
			values[name] = func(row int) parquet.Value { return parquet.FloatValue(power(r, f, row)) }
		}
	}
	schema := parquet.NewSchema("schema", group)
	var out bytes.Buffer
	w := parquet.NewWriter(&out, schema)
	for row := range rows {
		var r parquet.Row
		for i, path := range schema.Columns() {
			level := 1
			if path[0] == "time" {
				level = 0
			}
			r = append(r, values[path[0]](row).Level(0, level, i))
		}
		if _, err := w.WriteRows([]parquet.Row{r}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// Array is a .npy file.
func Array(descr, shape string, body []byte) []byte {
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': %s, }", descr, shape)
	head += strings.Repeat(" ", 63-(10+len(head))%64) + "\n"
	length := binary.LittleEndian.AppendUint16(nil, uint16(len(head)))
	return slices.Concat([]byte("\x93NUMPY\x01\x00"), length, []byte(head), body)
}

// Samples gives a small whole file of each format.
func Samples(t testing.TB) map[string][]byte {
	t.Helper()
	grey := image.NewGray(image.Rect(0, 0, 24, 18))
	for i := range grey.Pix {
		grey.Pix[i] = byte(i * i)
	}
	var portable, tif, bm bytes.Buffer
	err := errors.Join(png.Encode(&portable, grey), tiff.Encode(&tif, grey, &tiff.Options{Compression: tiff.Deflate}), bmp.Encode(&bm, grey))
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"a.png": portable.Bytes(), "a.jpg": JpegBytes(t, grey), "a.tif": tif.Bytes(), "a.bmp": bm.Bytes(),
		"a.npy": Array("|u1", "(3, 4, 5)", grey.Pix[:60]), "a.nii": Cornered().Bytes(), "a.nii.gz": Gzipped(Cornered().Bytes()),
	}
}

// JpegBytes is a JPEG file.
func JpegBytes(t testing.TB, m image.Image) []byte {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
