// Package spool keeps content that is not a file: uploads, standard input, results that wait for somebody to fetch them.
//
//	pool := spool.NewPool(64<<20, 1<<40)
//	c := pool.New()
//	defer c.Close()
//	_, err := io.Copy(c, upload)
//	file, err := c.File() // reads it, as often as needed
//
// Content lies in memory while the pool has room, and then in a temporary file, encrypted with age under a key that only this process has.
// The file has no name: it is gone when the process ends, however it ends. Windows cannot remove a file that is open. There a process
// that was killed leaves the file, which nobody can decrypt.
package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"filippo.io/age"
)

// A Pool bounds what all its contents take together.
type Pool struct {
	mu           sync.Mutex
	memory, most int64 // bytes left, in memory and altogether
}

// NewPool returns a pool for at most this many bytes, of which some may lie in memory.
func NewPool(memory, most int64) *Pool { return &Pool{memory: memory, most: most} }

// ErrFull reports that a pool has no room left.
var ErrFull = errors.New("too much waits to be fetched")

// take takes bytes from the pool, or gives them back. It reports whether they may lie in memory.
func (p *Pool) take(memory, bytes int64) (inMemory bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if bytes > p.most {
		return false, ErrFull
	}
	p.most -= bytes
	if memory > p.memory {
		return false, nil
	}
	p.memory -= memory
	return true, nil
}

// New returns an empty content.
func (p *Pool) New() *Content { return &Content{pool: p} }

// blockSize is how much memory a content takes at a time, in bytes.
const blockSize = 64 << 10

// Content is written once from start to end, then read. Only readers may share it.
type Content struct {
	pool   *Pool
	size   int64
	blocks [][]byte // of blockSize each, unless disk is set

	disk   *os.File
	remove func() error
	id     *age.X25519Identity
	enc    io.WriteCloser // writes to disk
	plain  io.ReaderAt    // reads from it
}

// Write adds to the content.
func (c *Content) Write(b []byte) (int, error) {
	written := 0
	for len(b) > 0 {
		var n int
		var err error
		if c.enc == nil && c.plain == nil {
			n, err = c.keep(b)
		}
		if err == nil && c.enc != nil {
			n, err = c.store(b)
		}
		written += n
		if err != nil {
			return written, err
		}
		b = b[n:]
	}
	return written, nil
}

// store writes b to the disk.
func (c *Content) store(b []byte) (int, error) {
	if _, err := c.pool.take(0, int64(len(b))); err != nil {
		return 0, err
	}
	c.size += int64(len(b))
	return c.enc.Write(b)
}

// keep keeps the beginning of b in memory. If there is no room, it moves the content to the disk and keeps nothing.
func (c *Content) keep(b []byte) (int, error) {
	at := int(c.size % blockSize)
	block := int64(0)
	if at == 0 {
		block = blockSize
	}
	b = b[:min(len(b), blockSize-at)]
	inMemory, err := c.pool.take(block, int64(len(b)))
	switch {
	case err != nil:
		return 0, err
	case !inMemory:
		c.pool.take(0, -int64(len(b)))
		return 0, c.spill()
	case at == 0:
		c.blocks = append(c.blocks, make([]byte, blockSize))
	}
	c.size += int64(copy(c.blocks[len(c.blocks)-1][at:], b))
	return len(b), nil
}

// spill moves the content to the disk.
func (c *Content) spill() (err error) {
	f, err := os.CreateTemp("", ".keygan-spool-*")
	if err != nil {
		return err
	}
	c.disk, c.remove = f, func() error { return nil }
	if os.Remove(f.Name()) != nil { // Windows removes no open file
		c.remove = func() error { return os.Remove(f.Name()) }
	}
	if c.id, err = age.GenerateX25519Identity(); err != nil {
		return err
	}
	if c.enc, err = age.Encrypt(f, c.id.Recipient()); err != nil {
		return err
	}
	_, err = io.Copy(c.enc, c.memory())
	c.forget()
	return err
}

// memory reads what lies in memory.
func (c *Content) memory() *io.SectionReader { return io.NewSectionReader(blocks(c.blocks), 0, c.size) }

// forget zeroes what lies in memory and gives the memory back.
func (c *Content) forget() {
	for _, b := range c.blocks {
		clear(b)
	}
	c.pool.take(-int64(len(c.blocks))*blockSize, 0)
	c.blocks = nil
}

// Size returns how many bytes have been written.
func (c *Content) Size() int64 { return c.size }

// File returns the whole content. Nothing may be written after it. Each reader has a place of its own.
func (c *Content) File() (*io.SectionReader, error) {
	if c.disk == nil {
		return c.memory(), nil
	}
	if c.plain == nil {
		if err := c.enc.Close(); err != nil {
			return nil, err
		}
		info, err := c.disk.Stat()
		if err != nil {
			return nil, err
		}
		plain, size, err := age.DecryptReaderAt(c.disk, info.Size(), c.id)
		if err == nil && size != c.size {
			err = fmt.Errorf("%d bytes are left of %d", size, c.size)
		}
		if err != nil {
			return nil, err
		}
		c.enc, c.plain = nil, plain
	}
	return io.NewSectionReader(c.plain, 0, c.size), nil
}

// Close forgets the content and gives its room back. It may be called twice.
func (c *Content) Close() error {
	c.forget()
	c.pool.take(0, -c.size)
	c.size = 0
	if c.disk == nil {
		return nil
	}
	disk := c.disk
	c.disk, c.enc, c.plain, c.id = nil, nil, nil, nil
	return errors.Join(disk.Close(), c.remove())
}

// blocks reads from blocks of blockSize bytes.
type blocks [][]byte

func (b blocks) ReadAt(p []byte, at int64) (n int, err error) {
	for n < len(p) && at < int64(len(b))*blockSize {
		m, _ := bytes.NewReader(b[at/blockSize]).ReadAt(p[n:], at%blockSize)
		n, at = n+m, at+int64(m)
	}
	if n < len(p) {
		err = io.EOF
	}
	return n, err
}
