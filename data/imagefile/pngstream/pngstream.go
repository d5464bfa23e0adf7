// Package pngstream reads and writes the samples of PNGs as a stream, so that an image of any size needs memory for a few rows.
//
//	w, err := pngstream.NewWriter(file, width, height, 1, 8) // stored, without compression
//	_, err = w.Write(samples)
//	err = w.Close()
//
//	r, err := pngstream.NewReader(file)
//	_, err = io.Copy(out, r)
//
// A Reader gives the last row only after it has found the whole file right. Scan reads row by row for decoders that also take
// files with something behind the image. Encode writes an image that is in memory.
//
// The package handles images of 1 to 4 channels with 8 or 16 bits a sample, which is what keygan writes. Palettes, transparent
// colours, interlaced rows and fewer bits are an UnusualError.
package pngstream

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"keygan/data/raster"
)

// Signature is what every PNG starts with.
const Signature = "\x89PNG\r\n\x1a\n"

// The colour types of PNG (PNG specification, section 11.2.2).
const Grey, RGB, Palette, GreyAlpha, RGBA = 0, 2, 3, 4, 6

// bufferBytes is how much of a file is read at a time, and the most that a compressed chunk holds.
const bufferBytes = 1 << 16

// A Header is the content of IHDR (PNG specification, section 11.2.2).
type Header struct {
	Width, Height                                     uint32
	Depth, ColourType, compression, filter, interlace byte
}

// headerBytes is the length of IHDR's content.
const headerBytes = 13

// Channels is the number of samples a pixel, or 0 if the colour type has a palette or is unknown.
func (h Header) Channels() int {
	return map[byte]int{Grey: 1, RGB: 3, GreyAlpha: 2, RGBA: 4}[h.ColourType]
}

// pixelBytes is the size of a pixel of a usual image.
func (h Header) pixelBytes() int { return h.Channels() * int(h.Depth) / 8 }

// unusual names what this package does not decode, or is "".
func (h Header) unusual() string {
	switch {
	case h.Width == 0 || h.Height == 0 || h.Width > math.MaxInt32 || h.Height > math.MaxInt32:
		return fmt.Sprintf("%d×%d pixels", h.Width, h.Height)
	case h.ColourType == Palette:
		return "a palette"
	case h.Channels() == 0:
		return fmt.Sprintf("the colour type %d", h.ColourType)
	case h.Depth != 8 && h.Depth != 16:
		return fmt.Sprintf("%d bits a sample", h.Depth)
	case h.compression != 0 || h.filter != 0:
		return "an unknown compression or unknown filters"
	case h.interlace != 0:
		return "interlaced rows"
	}
	return ""
}

// An UnusualError reports a PNG that this package does not decode.
type UnusualError struct {
	Header Header
	What   string // for example "a palette"
}

func (e *UnusualError) Error() string { return "it has " + e.What }

// compression is zlib's level. On chest X-rays and MRIs, 4 takes a quarter of the time of 6, the default, for files 5 % larger.
const compression = 4

// Encode writes an image as a compressed PNG. Go's own encoder has no grey with alpha and drops an opaque alpha channel.
func Encode(w io.Writer, m *raster.Image) error {
	head, err := fileHead(m.Width, m.Height, m.Channels, m.Depth)
	if err != nil {
		return err
	}
	if want := m.Width * m.Channels * m.Depth / 8 * m.Height; len(m.Pix) != want {
		return fmt.Errorf("%v takes %d bytes, not %d", m, want, len(m.Pix))
	}
	if _, err := w.Write(head); err != nil {
		return err
	}
	if err := writeCompressed(w, m); err != nil {
		return err
	}
	return writeChunk(w, "IEND", nil)
}

// fileHead is a PNG's signature and header.
func fileHead(width, height, channels, depth int) ([]byte, error) {
	if width <= 0 || height <= 0 || width > math.MaxInt32 || height > math.MaxInt32 ||
		channels < 1 || channels > 4 || (depth != 8 && depth != 16) {
		return nil, fmt.Errorf("a PNG cannot be %d×%d with %d channels of %d bits", width, height, channels, depth)
	}
	header := binary.BigEndian.AppendUint32(nil, uint32(width))
	header = binary.BigEndian.AppendUint32(header, uint32(height))
	colourType := [...]byte{1: Grey, 2: GreyAlpha, 3: RGB, 4: RGBA}[channels]
	header = append(header, byte(depth), colourType, 0, 0, 0) // deflate, the five filters, not interlaced
	return appendChunk([]byte(Signature), "IHDR", header), nil
}

// writeCompressed writes the rows, filtered and compressed, as IDAT chunks.
func writeCompressed(w io.Writer, m *raster.Image) error {
	chunks := bufio.NewWriterSize(idatWriter{w}, bufferBytes)
	z, err := zlib.NewWriterLevel(chunks, compression)
	if err != nil {
		return err
	}
	pixel := m.Channels * m.Depth / 8
	stride := m.Width * pixel
	f := newRowFilter(stride, pixel)
	for y := range m.Height {
		if _, err := z.Write(f.filter(m.Pix[y*stride:][:stride])); err != nil {
			return err
		}
	}
	if err := z.Close(); err != nil {
		return err
	}
	return chunks.Flush()
}

// An idatWriter writes each piece as an IDAT chunk.
type idatWriter struct{ w io.Writer }

func (w idatWriter) Write(p []byte) (int, error) { return len(p), writeChunk(w.w, "IDAT", p) }
