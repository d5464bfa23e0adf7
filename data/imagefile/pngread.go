package imagefile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"image"
	"image/png"
	"io"
	"keygan/data/raster"
	"math"
)

// decodePNG gives every sample exactly as stored, with the channels and the depth of the file, except that grey of 1, 2 or
// 4 bits is spread to 8, that a palette's colours are written out, and that a transparent colour (tRNS) becomes an alpha
// channel. Gamma, colour profiles and significant bits (gAMA, cHRM, iCCP, sRGB, sBIT) are not applied: keygan works on the
// stored numbers. The file, of so many bytes, is read from its start. Of its content no more is in memory at a time than a
// few rows: a cipher image's file is as large as its pixels.
func decodePNG(file io.ReadSeeker, fileBytes int64) (*raster.Image, error) {
	var m *raster.Image
	odd, err := scanPNG(file, fileBytes, func(h pngHeader) func(y int, row []byte) {
		m = raster.NewImage(int(h.width), int(h.height), pngChannels[h.colourType], int(h.depth))
		stride := len(m.Pix) / m.Height
		return func(y int, row []byte) { copy(m.Pix[y*stride:], row) }
	})
	if odd != nil {
		m = odd
	}
	return m, err
}

// scanPNG decodes like decodePNG, but row by row: it calls start with the header, and what start returns with each row. It returns an
// image, and does not call start, if the file is one that decodeOddPNG must read.
func scanPNG(file io.ReadSeeker, fileBytes int64, start func(pngHeader) func(y int, row []byte)) (*raster.Image, error) {
	var head [len(pngSignature) + 8 + 13]byte
	if _, err := io.ReadFull(file, head[:]); err != nil {
		return nil, err
	}
	width, height := binary.BigEndian.Uint32(head[16:]), binary.BigEndian.Uint32(head[20:])
	if width > math.MaxInt32 || height > math.MaxInt32 {
		return nil, fmt.Errorf("no PNG is %d×%d", width, height)
	}
	depth, colourType := head[24], head[25]
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	chunks := &pngChunks{r: bufio.NewReaderSize(file, pngBuffer)}
	h, odd, err := chunks.toPixels()
	if err != nil {
		return nil, err
	}
	// Where nothing is needed beside the image, what counts is its bytes. Deflate packs at most 1032 bytes into one.
	bits, most := pngBits(depth, colourType), maxPixels
	if odd == "" {
		most = maxSampleBytes * 8 / bits
	}
	if err := checkPixels(int(width), int(height), most, int(fileBytes), max(1, 1032*8/bits)); err != nil {
		return nil, err
	}
	if odd != "" {
		return decodeOddPNG(file, colourType)
	}
	if err := scanRows(chunks, h, start(h)); err != nil {
		return nil, err
	}
	return nil, chunks.toEnd()
}

// pngBits is how many bits a pixel takes before compression. An unknown colour type counts as one sample: the decoder is
// going to refuse it.
func pngBits(depth, colourType byte) int {
	return max(1, int(depth)) * max(1, pngChannels[colourType])
}

// decodeOddPNG reads the files that few scanners write: interlaced ones, with a palette, with a transparent colour, of less
// than 8 bits; and says what is wrong with a header.
func decodeOddPNG(file io.ReadSeeker, colourType byte) (*raster.Image, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	src, err := png.Decode(bufio.NewReaderSize(file, pngBuffer))
	if err != nil {
		return nil, err
	}
	// Go widens grey with alpha to RGBA, and RGB to RGB with an opaque alpha: take only the channels that the file has.
	switch s := src.(type) {
	case *image.NRGBA:
		if colourType == pngGreyAlpha || colourType == PngGrey {
			return pick(s.Pix, s.Stride, s.Rect, 8, 4, 0, 3), nil
		}
	case *image.NRGBA64:
		if colourType == pngGreyAlpha || colourType == PngGrey {
			return pick(s.Pix, s.Stride, s.Rect, 16, 4, 0, 3), nil
		}
	}
	return fromGo(src)
}

// pngChannels is how many channels the pixels of a colour type have; a palette's have none themselves.
var pngChannels = map[byte]int{PngGrey: 1, pngRGB: 3, pngGreyAlpha: 2, PngRGBA: 4}

// pngBuffer is how much of a file is read at a time, in bytes.
const pngBuffer = 1 << 16

// scanRows calls do with each row.
func scanRows(chunks *pngChunks, h pngHeader, do func(y int, row []byte)) error {
	pixel := pngChannels[h.colourType] * int(h.depth) / 8
	pixels, err := newPNGInflater(chunks)
	if err != nil {
		return err
	}
	inflated, stop := readAhead(pixels.next)
	defer stop()
	rows := newPNGRows(inflated, int(h.width)*pixel, pixel)
	for y := range int(h.height) {
		row, err := rows.next()
		if err != nil {
			return err
		}
		do(y, row)
	}
	if err := rows.end(); err != nil {
		return err
	}
	return chunks.pastPixels()
}
