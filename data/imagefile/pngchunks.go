package imagefile

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// pngChunks reads a PNG chunk by chunk and compares their checksums (PNG specification, section 5.3).
type pngChunks struct {
	r    *bufio.Reader
	kind string
	left uint32 // bytes of the chunk's content that are still to be read
	sum  uint32 // of its kind and of what was read
	head [8]byte
	text []Text // the first ones before the pixels
}

// A pngHeader is the content of IHDR (PNG specification, section 11.2.2).
type pngHeader struct {
	width, height                                     uint32
	depth, colourType, compression, filter, interlace byte
}

// oddity is what is unusual about the image, or "": then it has 1 to 4 channels of 8 or 16 bits, row by row.
func (h pngHeader) oddity() string {
	switch {
	case h.width == 0 || h.height == 0 || h.width > math.MaxInt32 || h.height > math.MaxInt32:
		return fmt.Sprintf("%d×%d pixels", h.width, h.height)
	case h.colourType == pngPalette:
		return "a palette"
	case pngChannels[h.colourType] == 0:
		return fmt.Sprintf("the colour type %d", h.colourType)
	case h.depth != 8 && h.depth != 16:
		return fmt.Sprintf("%d bits a sample", h.depth)
	case h.compression != 0 || h.filter != 0:
		return "a compression or filters that PNG does not have"
	case h.interlace != 0:
		return "interlaced rows"
	}
	return ""
}

// toPixels goes to the first chunk of pixels. It stops at what is unusual, in the header or before the pixels, and says what that is.
func (c *pngChunks) toPixels() (h pngHeader, oddity string, err error) {
	if _, err := c.r.Discard(len(pngSignature)); err != nil {
		return h, "", noEOF(err)
	}
	if err := c.next(); err != nil {
		return h, "", err
	}
	if c.kind != "IHDR" || int(c.left) != binary.Size(h) {
		return h, "no header at the start", nil
	}
	b, err := c.rest()
	if err != nil {
		return h, "", err
	}
	h = pngHeader{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), b[8], b[9], b[10], b[11], b[12]}
	if oddity := h.oddity(); oddity != "" {
		return h, oddity, c.skip()
	}
	for {
		if err := c.next(); err != nil {
			return h, "", err
		}
		switch {
		case c.kind == "IDAT":
			return h, "", nil
		case c.kind == "tRNS":
			return h, "a transparent colour", nil
		case critical(c.kind):
			return h, fmt.Sprintf("a chunk %q before the pixels", c.kind), nil
		case c.kind == "tEXt" && c.left <= maxTextBytes && len(c.text) < maxTexts:
			b, err := c.rest()
			if err != nil {
				return h, "", err
			}
			if t, ok := parseText(b); ok {
				c.text = append(c.text, t)
			}
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
	if c.left > 0 {
		return fmt.Errorf("the chunk %q has %d bytes of content", c.kind, c.left)
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
	if _, err := io.ReadFull(c.r, c.head[:]); err != nil {
		return noEOF(err) // it is not the end of the pixels
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
	for c.left > 0 {
		if _, err := c.content(); err != nil {
			return err
		}
	}
	if _, err := io.ReadFull(c.r, c.head[:4]); err != nil {
		return noEOF(err)
	}
	if sum := binary.BigEndian.Uint32(c.head[:4]); sum != c.sum {
		return fmt.Errorf("the checksum of a chunk %q is wrong", c.kind)
	}
	return nil
}

// content returns bytes of the current chunk, at least one. They are valid until the next call of any method.
func (c *pngChunks) content() ([]byte, error) {
	if _, err := c.r.Peek(1); err != nil {
		return nil, noEOF(err)
	}
	b, _ := c.r.Peek(min(c.r.Buffered(), int(c.left)))
	c.r.Discard(len(b))
	c.left -= uint32(len(b))
	c.sum = crc32.Update(c.sum, crc32.IEEETable, b)
	return b, nil
}

// rest returns what is left of the current chunk, which must be known to be small.
func (c *pngChunks) rest() ([]byte, error) {
	var all []byte
	for c.left > 0 {
		b, err := c.content()
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}

// pixels returns bytes of the current chunk, an IDAT, or of those that follow it. At the first chunk that is none, it returns io.EOF.
func (c *pngChunks) pixels() ([]byte, error) {
	for c.left == 0 {
		if c.kind != "IDAT" {
			return nil, io.EOF
		}
		if err := c.next(); err != nil {
			return nil, err
		}
	}
	if c.kind != "IDAT" {
		return nil, io.EOF
	}
	return c.content()
}

// pastPixels goes to the chunk after the last IDAT, whatever is left in those.
func (c *pngChunks) pastPixels() error {
	for c.kind == "IDAT" {
		if err := c.next(); err != nil {
			return err
		}
	}
	return nil
}
