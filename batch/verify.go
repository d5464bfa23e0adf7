package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"keygan/batch/keyfile"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/regularfile"
)

var errOtherContent = errors.New("differs from what was encrypted")

// verify returns an error if a pair is not what encrypting the file at path gives.
func (e *encryption) verify(ctx context.Context, path string, p pair) error {
	if !e.sealed() {
		m, err := openResearch(ctx, p.image, p.key, e.Scheme)
		return e.sameAsInput(path, p.image, m, err)
	}
	if e.TrustTimes {
		return verifyNote(path, p, e.how())
	}
	k, err := keyfile.Read(p.key, e.identities)
	if err != nil {
		return err
	}
	defer k.Wipe()
	if name := k.Header.Name; name != "" && name != filepath.Base(path) {
		return fmt.Errorf("%s: holds a file called %s", p.image, name)
	}
	o := Opening{Path: p.image, Key: k}
	switch {
	case o.isFile() && e.Pixels:
		return fmt.Errorf("%s: holds a file, not pixels", p.image)
	case !o.isFile() && !e.Pixels:
		return fmt.Errorf("%s: holds pixels, not a file", p.image)
	case o.isFile():
		return ofInput(path, p.image, o.verify(ctx, path))
	}
	m, err := o.image(ctx)
	return e.sameAsInput(path, p.image, m, err)
}

// how is what decides about a cipher image beside the input's content.
func (e *encryption) how() string {
	if e.Pixels {
		return fmt.Sprintf("pixels, resized to %d", e.Resize)
	}
	return "file"
}

// sameAsInput returns an error if an image, unless opening it failed, is not the one at path.
func (e *encryption) sameAsInput(path, output string, opened *raster.Image, err error) error {
	if err != nil {
		return err
	}
	m, err := readPlain(path, e.Resize)
	if err != nil {
		return err
	}
	return ofInput(path, output, samePixels(path, m, opened))
}

// ofInput turns the error about other content into the words of encrypt.
func ofInput(path, output string, err error) error {
	if errors.Is(err, errOtherContent) {
		return fmt.Errorf("%s: its content is not that of %s", output, path)
	}
	return err
}

// verify returns an error if the file at path is not what the cipher image holds. It reads both once.
func (o Opening) verify(ctx context.Context, path string) error {
	if !o.isFile() {
		m, err := o.image(ctx)
		if err != nil {
			return err
		}
		return sameImage(path, m)
	}
	want, err := regularfile.Open(path)
	if err != nil {
		return err
	}
	defer want.Close()
	c := &comparer{want: untilInterrupted{ctx, want, path}}
	switch err := o.writeTo(ctx, c); {
	case c.differs:
		return fmt.Errorf("%s: %w", path, errOtherContent)
	case err != nil:
		return err
	}
	if n, err := io.ReadFull(want, make([]byte, 1)); n > 0 || err != io.EOF {
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	return nil
}

// A comparer fails when what is written to it is not what want reads.
type comparer struct {
	want    io.Reader
	buf     []byte
	differs bool
}

func (c *comparer) Write(p []byte) (int, error) {
	c.buf = slices.Grow(c.buf[:0], len(p))[:len(p)]
	switch _, err := io.ReadFull(c.want, c.buf); {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return 0, err
	case err != nil || !bytes.Equal(c.buf, p):
		c.differs = true
		return 0, errOtherContent
	}
	return len(p), nil
}

// sameImage returns an error if an image file does not hold exactly these samples.
func sameImage(path string, want *raster.Image) error {
	got, err := imagefile.ReadImage(path)
	if err != nil {
		return err
	}
	return samePixels(path, got, want)
}

func samePixels(path string, got, want *raster.Image) error {
	if got.String() != want.String() || !bytes.Equal(got.Pix, want.Pix) {
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	return nil
}
