package pngstream

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
)

// A chunkReader reads a PNG chunk by chunk and checks their checksums (PNG specification, section 5.3).
type chunkReader struct {
	r    *bufio.Reader
	kind string
	left uint32 // unread bytes of the chunk's content
	sum  uint32 // CRC of its kind and of what was read
	head [8]byte
	text []Text // the first texts before the pixels
}

// toPixels goes to the first chunk of pixels. What is unusual about the image, in the header or before the pixels, is an *UnusualError.
func (c *chunkReader) toPixels() (Header, error) {
	if err := c.next(); err != nil {
		return Header{}, err
	}
	if c.kind != "IHDR" || c.left != headerBytes {
		return Header{}, errors.New("it has no header at the start")
	}
	b, err := c.rest()
	if err != nil {
		return Header{}, err
	}
	h := Header{binary.BigEndian.Uint32(b), binary.BigEndian.Uint32(b[4:]), b[8], b[9], b[10], b[11], b[12]}
	if what := h.unusual(); what != "" {
		return h, cmp.Or(c.skip(), error(&UnusualError{h, what}))
	}
	for {
		if err := c.next(); err != nil {
			return h, err
		}
		switch {
		case c.kind == "IDAT":
			return h, nil
		case c.kind == "tRNS":
			return h, &UnusualError{h, "a transparent colour"}
		case critical(c.kind):
			return h, &UnusualError{h, fmt.Sprintf("a chunk %q before the pixels", c.kind)}
		case c.kind == "tEXt" && c.left <= maxTextBytes && len(c.text) < maxTexts:
			b, err := c.rest()
			if err != nil {
				return h, err
			}
			if t, ok := parseText(b); ok {
				c.text = append(c.text, t)
			}
		}
	}
}

// toEnd skips what is left of the pixels and goes past the last chunk.
func (c *chunkReader) toEnd() error {
	for c.kind == "IDAT" {
		if err := c.next(); err != nil {
			return err
		}
	}
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

// critical reports whether a decoder must understand a chunk to show the image. Its kind starts with a capital.
func critical(kind string) bool { return kind[0]&0x20 == 0 }

// next goes to the next chunk.
func (c *chunkReader) next() error {
	if c.kind != "" {
		if err := c.skip(); err != nil {
			return err
		}
	}
	if _, err := io.ReadFull(c.r, c.head[:]); err != nil {
		return noEOF(err) // io.EOF would be the end of the pixels
	}
	c.left = binary.BigEndian.Uint32(c.head[:4])
	if c.left > math.MaxInt32 {
		return fmt.Errorf("a chunk of %d bytes", c.left)
	}
	c.kind = string(c.head[4:])
	c.sum = crc32.ChecksumIEEE(c.head[4:])
	return nil
}

// skip reads the rest of a chunk and checks its checksum.
func (c *chunkReader) skip() error {
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

// content returns unread bytes of the current chunk, at least one. They are valid until the next call of any method.
func (c *chunkReader) content() ([]byte, error) {
	if _, err := c.r.Peek(1); err != nil {
		return nil, noEOF(err)
	}
	b, _ := c.r.Peek(min(c.r.Buffered(), int(c.left)))
	c.r.Discard(len(b))
	c.left -= uint32(len(b))
	c.sum = crc32.Update(c.sum, crc32.IEEETable, b)
	return b, nil
}

// rest returns the unread content of the current chunk, which the caller knows to be small.
func (c *chunkReader) rest() ([]byte, error) {
	b := make([]byte, c.left)
	if _, err := io.ReadFull(c.r, b); err != nil {
		return nil, noEOF(err)
	}
	c.left, c.sum = 0, crc32.Update(c.sum, crc32.IEEETable, b)
	return b, nil
}

// pixels returns bytes of the current IDAT or of those that follow. At the first chunk of another kind it returns io.EOF.
func (c *chunkReader) pixels() ([]byte, error) {
	for c.kind == "IDAT" {
		if c.left > 0 {
			return c.content()
		}
		if err := c.next(); err != nil {
			return nil, err
		}
	}
	return nil, io.EOF
}

// writeChunk writes length, kind, content and checksum (PNG specification, section 5.3).
func writeChunk(w io.Writer, kind string, content []byte) error {
	_, err := w.Write(appendChunk(nil, kind, content))
	return err
}

func appendChunk(b []byte, kind string, content []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(content)))
	start := len(b)
	b = append(append(b, kind...), content...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[start:]))
}
