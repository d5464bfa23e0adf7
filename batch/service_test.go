package batch

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"io"
	"math"
	"os"
	"testing"
	"time"

	"keygan/batch/job"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/raster"
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
		"Thumbnail": func() error { _, err := s.Thumbnail(ctx, long, 64, 0, 0); return err },
		"Picture":   func() error { _, _, err := s.Picture(ctx, long, 64, 0, 0); return err },
		"Decode":    func() error { _, _, err := s.Decode(ctx, long); return err },
	} {
		if file.n = 0; do() == nil || file.n > 1<<20 {
			t.Errorf("%s reads %d bytes while there is no memory", what, file.n)
		}
	}
}

// A cipher image of pixels, which is opened as a whole, waits until there is memory for all of it.
func TestServiceMemoryOfPixels(t *testing.T) {
	s, err := NewService(Host{}, GeneratorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	plain := raster.NewImage(3000, 3000, 1, 8)
	sealedImage, key, err := sealed.SealImage(plain, sealed.Options{Name: "a.png"})
	if err != nil {
		t.Fatal(err)
	}
	var png bytes.Buffer
	if err := imagefile.EncodePNG(&png, sealedImage); err != nil {
		t.Fatal(err)
	}
	file := &counting{Reader: bytes.NewReader(png.Bytes())}
	c := Content{Name: "a.cipher.png", File: io.NewSectionReader(file, 0, file.Size())}
	keys := []NamedKey{{Name: "a.key.age", Key: key}}
	others := job.MemoryBudget() - streamMemory
	if err := s.memory.Acquire(t.Context(), others); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer stop()
	if _, err := s.Decrypt(ctx, c, keys, io.Discard); err == nil || file.n > 1<<20 {
		t.Errorf("it reads %d bytes while there is no memory, error %v", file.n, err)
	}
	s.memory.Release(others)
	var out bytes.Buffer
	if _, err := s.Decrypt(t.Context(), c, keys, &out); err != nil {
		t.Fatal(err)
	}
	if back, err := imagefile.Decode(out.Bytes()); err != nil || !bytes.Equal(back.Pix, plain.Pix) {
		t.Errorf("another image, error %v", err)
	}
}

// A volume that is packed to a thousandth is counted as it is unpacked.
func TestServiceMemoryOfPackedVolume(t *testing.T) {
	head := make([]byte, 352)
	binary.LittleEndian.PutUint32(head, 348)
	for i, v := range []uint16{3, 200, 200, 100} {
		binary.LittleEndian.PutUint16(head[40+2*i:], v)
	}
	binary.LittleEndian.PutUint16(head[70:], 16) // float32
	binary.LittleEndian.PutUint32(head[108:], math.Float32bits(352))
	copy(head[344:], "n+1\x00")
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write(head)
	z.Write(make([]byte, 200*200*100*4))
	z.Close()
	s, err := NewService(Host{}, GeneratorOptions{})
	if err != nil {
		t.Fatal(err)
	}
	c := Content{Name: "a.nii.gz", File: io.NewSectionReader(bytes.NewReader(packed.Bytes()), 0, int64(packed.Len()))}
	if stack, memory, err := s.outline(t.Context(), c); !stack || memory < 2*200*200*100*4 || err != nil {
		t.Errorf("stack %v, %d bytes, error %v", stack, memory, err)
	}
	if m, _, err := s.Picture(t.Context(), c, 64, 0, 0); err != nil || m.Width != 64 {
		t.Errorf("%v, error %v", m, err)
	}
}
