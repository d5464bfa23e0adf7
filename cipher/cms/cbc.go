package cms

import (
	"bufio"
	"crypto/cipher"
	"errors"
	"io"
)

// A cbcWriter encrypts whole blocks.
type cbcWriter struct {
	w    io.Writer
	mode cipher.BlockMode
	buf  []byte // not yet encrypted
}

func (c *cbcWriter) Write(p []byte) (n int, err error) {
	for n < len(p) {
		taken := copy(c.buf[len(c.buf):cap(c.buf)], p[n:])
		c.buf, n = c.buf[:len(c.buf)+taken], n+taken
		if len(c.buf) == cap(c.buf) {
			if err := c.flush(); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

func (c *cbcWriter) flush() error {
	c.mode.CryptBlocks(c.buf, c.buf)
	_, err := c.w.Write(c.buf)
	clear(c.buf)
	c.buf = c.buf[:0]
	return err
}

var errPadding = errors.New("no whole blocks, or no padding of CBC")

// A cbcReader decrypts CBC mode and takes the padding off (RFC 5652, section 6.3).
type cbcReader struct {
	r    *bufio.Reader
	mode cipher.BlockMode
	buf  []byte // a multiple of the block size
	rest []byte // decrypted, not yet read
	err  error
}

func (c *cbcReader) Read(p []byte) (int, error) {
	if len(c.rest) == 0 && c.err == nil {
		c.next()
	}
	if len(c.rest) == 0 {
		return 0, c.err
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// next decrypts another part. The last one gives io.EOF or, if the padding is wrong, all of it and another error.
func (c *cbcReader) next() {
	n, err := io.ReadFull(c.r, c.buf)
	last := err == io.EOF || err == io.ErrUnexpectedEOF
	if err == nil {
		_, err = c.r.Peek(1)
		last = err == io.EOF
	}
	if err != nil && !last {
		c.err = err
		return
	}
	if c.mode == nil || n%c.mode.BlockSize() != 0 || n == 0 {
		c.err = errPadding
		return
	}
	c.rest = c.buf[:n]
	c.mode.CryptBlocks(c.rest, c.rest)
	if !last {
		return
	}
	padding, wrong := int(c.rest[n-1]), 0
	if padding == 0 || padding > c.mode.BlockSize() {
		padding, wrong = 1, 1
	}
	for _, b := range c.rest[n-padding:] {
		wrong |= int(b) ^ padding
	}
	if c.rest, c.err = c.rest[:n-padding], io.EOF; wrong != 0 {
		c.err = errPadding
	}
}
