package batch

import (
	"bytes"
	"context"
	"io"
	"os"
	"testing"
	"time"

	"keygan/batch/job"
)

// counting counts the bytes that are read.
type counting struct {
	*bytes.Reader
	n int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.Reader.ReadAt(p, at)
	c.n += n
	return n, err
}

// A service counts a compressed DICOM image with its pixels, and reads a long file only when there is memory for it.
func TestServiceMemory(t *testing.T) {
	s, err := NewService(Host{}, GeneratorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile("../data/imagefile/dicom/testdata/rgb-ls-is.dcm")
	if err != nil {
		t.Fatal(err)
	}
	file := &counting{Reader: bytes.NewReader(append(b, make([]byte, 10<<20)...))}
	whole := Content{Name: "a.dcm", File: io.NewSectionReader(file, 0, int64(len(b)))}
	if stack, memory, err := s.outline(t.Context(), whole); stack || memory != 4*4*24*17*3 || err != nil {
		t.Errorf("stack %v, %d bytes, error %v", stack, memory, err)
	}

	long := Content{Name: "a.dcm", File: io.NewSectionReader(file, 0, file.Size())}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if err := s.memory.Acquire(ctx, job.MemoryBudget()); err != nil { // other work takes it all
		t.Fatal(err)
	}
	for what, do := range map[string]func() error{
		"Encrypt":   func() error { _, _, err := s.Encrypt(ctx, long, nil, io.Discard); return err },
		"Thumbnail": func() error { _, err := s.Thumbnail(ctx, long, 64); return err },
		"Picture":   func() error { _, err := s.Picture(ctx, long, 64, 64); return err },
		"Decode":    func() error { _, err := s.Decode(ctx, long); return err },
	} {
		if file.n = 0; do() == nil || file.n > 1<<20 {
			t.Errorf("%s reads %d bytes while there is no memory", what, file.n)
		}
	}
}
