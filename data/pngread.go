package data

import (
	"bufio"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/png"
	"io"
	"math"
)

// decodePNG gives every sample exactly as stored, with the channels and the depth of the file, except that grey of 1, 2 or
// 4 bits is spread to 8, that a palette's colours are written out, and that a transparent colour (tRNS) becomes an alpha
// channel. Gamma, colour profiles and significant bits (gAMA, cHRM, iCCP, sRGB, sBIT) are not applied: keygan works on the
// stored numbers. The file, of so many bytes, is read from its start. Of its content no more is in memory at a time than a
// few rows: a cipher image's file is as large as its pixels.
func decodePNG(file io.ReadSeeker, fileBytes int64) (*Image, error) {
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
	plain, err := chunks.toPixels()
	if err != nil {
		return nil, err
	}
	// Where nothing is needed beside the image, what counts is its bytes. Deflate packs at most 1032 bytes into one.
	bits, most := pngBits(depth, colourType), maxPixels
	if plain {
		most = maxSampleBytes * 8 / bits
	}
	if err := checkPixels(int(width), int(height), most, int(fileBytes), max(1, 1032*8/bits)); err != nil {
		return nil, err
	}
	if !plain {
		return decodeOddPNG(file, colourType)
	}
	m := NewImage(int(width), int(height), pngChannels[colourType], int(depth))
	if err := readRows(chunks, m); err != nil {
		return nil, err
	}
	return m, chunks.toEnd()
}

// pngBits is how many bits a pixel takes before compression. An unknown colour type counts as one sample: the decoder is
// going to refuse it.
func pngBits(depth, colourType byte) int {
	return max(1, int(depth)) * max(1, pngChannels[colourType])
}

// decodeOddPNG reads the files that few scanners write: interlaced ones, with a palette, with a transparent colour, of less
// than 8 bits; and says what is wrong with a header.
func decodeOddPNG(file io.ReadSeeker, colourType byte) (*Image, error) {
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
		if colourType == pngGreyAlpha || colourType == pngGrey {
			return pick(s.Pix, s.Stride, s.Rect, 8, 4, 0, 3), nil
		}
	case *image.NRGBA64:
		if colourType == pngGreyAlpha || colourType == pngGrey {
			return pick(s.Pix, s.Stride, s.Rect, 16, 4, 0, 3), nil
		}
	}
	return fromGo(src)
}

// pngChannels is how many channels the pixels of a colour type have; a palette's have none themselves.
var pngChannels = map[byte]int{pngGrey: 1, pngRGB: 3, pngGreyAlpha: 2, pngRGBA: 4}

// pngBuffer is how much of a file is read at a time, in bytes.
const pngBuffer = 1 << 16

// readRows inflates the rows into m and takes back their filters.
func readRows(chunks *pngChunks, m *Image) error {
	compressed := bufio.NewReaderSize(chunks, pngBuffer)
	z, err := zlib.NewReader(compressed)
	if err != nil {
		return err
	}
	pixel := m.Channels * m.Depth / 8
	stride := m.Width * pixel
	above := make([]byte, stride)
	var filter [1]byte
	for y := range m.Height {
		row := m.Pix[y*stride:][:stride]
		if _, err := io.ReadFull(z, filter[:]); err != nil {
			return err
		}
		if _, err := io.ReadFull(z, row); err != nil {
			return err
		}
		if err := unfilter(row, above, filter[0], pixel); err != nil {
			return err
		}
		above = row
	}
	// Only at its end does zlib compare the checksum.
	switch n, err := z.Read(filter[:]); {
	case n > 0:
		return errors.New("more rows than the header says")
	case err != io.EOF:
		return err
	}
	_, err = io.Copy(io.Discard, compressed)
	return err
}

// pngChunks reads a PNG chunk by chunk and compares their checksums (PNG specification, section 5.3).
type pngChunks struct {
	r    *bufio.Reader
	kind string
	left uint32 // bytes of the chunk's content that are still to be read
	sum  uint32 // of its kind and of what was read
	head [8]byte
}

// toPixels goes to the first chunk of pixels. It is false if something comes before that makes the file no plain one.
func (c *pngChunks) toPixels() (plain bool, err error) {
	if _, err := c.r.Discard(len(pngSignature)); err != nil {
		return false, err
	}
	if err := c.next(); err != nil {
		return false, err
	}
	var header [13]byte
	if c.kind != "IHDR" || c.left != uint32(len(header)) {
		return false, nil
	}
	if _, err := io.ReadFull(c, header[:]); err != nil {
		return false, err
	}
	depth, colourType := header[8], header[9]
	if (depth != 8 && depth != 16) || pngChannels[colourType] == 0 || header[10]|header[11]|header[12] != 0 { // the last: interlaced
		return false, nil
	}
	for {
		if err := c.next(); err != nil {
			return false, err
		}
		switch {
		case c.kind == "IDAT":
			return true, nil
		case c.kind == "tRNS" || critical(c.kind):
			return false, nil
		}
	}
}

// toEnd goes from the chunk after the pixels past the last one.
func (c *pngChunks) toEnd() error {
	for c.kind != "IEND" {
		if critical(c.kind) || c.kind == "tRNS" {
			return fmt.Errorf("a chunk %q after the pixels", c.kind)
		}
		if err := c.next(); err != nil {
			return err
		}
	}
	return c.skip()
}

// critical reports whether a chunk must be understood to show the image: its kind starts with a capital.
func critical(kind string) bool { return kind[0]&0x20 == 0 }

// next goes to the next chunk.
func (c *pngChunks) next() error {
	if c.kind != "" {
		if err := c.skip(); err != nil {
			return err
		}
	}
	if _, err := io.ReadFull(c.r, c.head[:]); err == io.EOF {
		return io.ErrUnexpectedEOF // and not the end of the pixels
	} else if err != nil {
		return err
	}
	c.left = binary.BigEndian.Uint32(c.head[:4])
	if c.left > math.MaxInt32 {
		return fmt.Errorf("a chunk of %d bytes", c.left)
	}
	c.kind = string(c.head[4:])
	c.sum = crc32.ChecksumIEEE(c.head[4:])
	return nil
}

// skip reads what is left of a chunk, and compares its checksum.
func (c *pngChunks) skip() error {
	var b [512]byte
	for c.left > 0 {
		if _, err := c.content(b[:]); err != nil {
			return err
		}
	}
	if _, err := io.ReadFull(c.r, c.head[:4]); err != nil {
		return err
	}
	if sum := binary.BigEndian.Uint32(c.head[:4]); sum != c.sum {
		return fmt.Errorf("the checksum of a chunk %q is wrong", c.kind)
	}
	return nil
}

// content reads from the current chunk.
func (c *pngChunks) content(p []byte) (int, error) {
	n, err := c.r.Read(p[:min(len(p), int(c.left))])
	c.left -= uint32(n)
	c.sum = crc32.Update(c.sum, crc32.IEEETable, p[:n])
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// Read reads from the current chunk or, when it is one of pixels, from those after it, too: the stream goes on there.
func (c *pngChunks) Read(p []byte) (int, error) {
	for c.left == 0 {
		if c.kind != "IDAT" {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
		if c.kind != "IDAT" {
			return 0, io.EOF
		}
	}
	if len(p) == 0 {
		return 0, nil
	}
	return c.content(p)
}
