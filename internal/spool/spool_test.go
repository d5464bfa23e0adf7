package spool

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// Whatever the length and wherever it lies, the content comes back, a piece at a time and from any place.
func TestContentComesBack(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, memory := range []int64{0, 1, blockSize, 2 * blockSize, 1 << 20} {
		for _, size := range []int{0, 1, blockSize - 1, blockSize, blockSize + 1, 3*blockSize + 7} {
			p := NewPool(memory, 1<<20)
			want := make([]byte, size)
			for i := range want {
				want[i] = byte(rand.Uint32())
			}
			c := p.New()
			if _, err := io.CopyBuffer(struct{ io.Writer }{c}, struct{ io.Reader }{bytes.NewReader(want)}, make([]byte, 10_007)); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				f, err := c.File()
				if err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(iotest.HalfReader(f))
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes of memory, %d of content: %d bytes, error %v", memory, size, len(got), err)
				}
				at := size / 2
				piece := make([]byte, size-at)
				if _, err := f.ReadAt(piece, int64(at)); (err != nil && err != io.EOF) || !bytes.Equal(piece, want[at:]) {
					t.Errorf("from byte %d of %d: error %v", at, size, err)
				}
			}
			if err := errors.Join(c.Close(), c.Close()); err != nil {
				t.Error(err)
			}
			if p.memory != memory || p.most != 1<<20 {
				t.Errorf("%d bytes of memory and %d altogether are left", p.memory, p.most)
			}
		}
	}
}

// Nothing that can be read is on the disk, and what is there has no name.
func TestDiskShowsNothing(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	c := NewPool(blockSize, 1<<30).New()
	defer c.Close()
	secret := strings.Repeat("the patient's name ", 20_000)
	if _, err := io.WriteString(c, secret); err != nil {
		t.Fatal(err)
	}
	if _, err := c.File(); err != nil {
		t.Fatal(err)
	}
	if names, err := os.ReadDir(dir); err != nil || len(names) > 0 {
		t.Errorf("%v, error %v", names, err)
	}
	disk, err := io.ReadAll(io.NewSectionReader(c.disk, 0, 1<<30))
	if err != nil || len(disk) < len(secret) || bytes.Contains(disk, []byte("patient")) {
		t.Errorf("%d bytes on the disk, error %v", len(disk), err)
	}
}

// Memory is zeroed when the content moves to the disk and when it is closed.
func TestMemoryIsWiped(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := NewPool(blockSize, 1<<30)
	moved, closed := p.New(), p.New()
	io.WriteString(moved, "secret")
	first := moved.blocks[0]
	io.Copy(moved, strings.NewReader(strings.Repeat("x", blockSize)))
	io.WriteString(closed, "secret")
	second := closed.blocks[0]
	moved.Close()
	closed.Close()
	for _, b := range [][]byte{first, second} {
		if len(bytes.Trim(b, "\x00")) > 0 {
			t.Errorf("%q is left", b[:10])
		}
	}
}

func TestFull(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	p := NewPool(0, 10)
	c := p.New()
	if _, err := io.WriteString(c, "more than ten bytes"); !errors.Is(err, ErrFull) {
		t.Errorf("error %v", err)
	}
	p = NewPool(blockSize, 10)
	if _, err := io.WriteString(p.New(), "more than ten bytes"); !errors.Is(err, ErrFull) {
		t.Errorf("in memory: error %v", err)
	}
}
