package batch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/regularfile"
)

var errOtherContent = errors.New("differs from what was encrypted")

// verify returns an error if a pair is not what encrypting the file at path gives.
func (e *encryption) verify(ctx context.Context, in job.Input, p pair) error {
	err := e.compare(ctx, in, p)
	if errors.Is(err, errOtherContent) {
		return fmt.Errorf("%s: its content is not that of %s", p.image, in.Path)
	}
	return err
}

func (e *encryption) compare(ctx context.Context, in job.Input, p pair) error {
	path := in.Path
	if !e.sealed() {
		if k, err := cipher.ReadKeyFile(p.key); err == nil && (k.Volume != nil || in.Series != nil) {
			files := in.Series
			if files == nil {
				files = []string{path}
			}
			return verifyVolume(ctx, files, p, k, e.Scheme)
		}
		m, err := openResearch(ctx, p.image, p.key, e.Scheme)
		if err != nil {
			return err
		}
		return sameImage(path, e.Resize, m)
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
	}
	return o.verify(ctx, path, e.Resize)
}

// how is what decides about a cipher image beside the input's content.
func (e *encryption) how() string {
	if e.Pixels {
		return fmt.Sprintf("pixels, resized to %d", e.Resize)
	}
	return "file"
}

// verify returns an error if the file at path, an image resized to side unless that is 0, is not what the cipher image holds. It reads
// both once.
func (o Opening) verify(ctx context.Context, path string, side int) error {
	if !o.isFile() {
		m, err := o.image(ctx)
		if err != nil {
			return err
		}
		return sameImage(path, side, m)
	}
	want, err := regularfile.Open(path)
	if err != nil {
		return err
	}
	defer want.Close()
	c := &comparer{want: job.UntilInterrupted{Ctx: ctx, R: want, Path: path}}
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

// sameImage returns an error if an image file, resized to side unless that is 0, does not hold exactly these samples.
func sameImage(path string, side int, want *raster.Image) error {
	got, err := readPlain(imagefile.ReadSamples, path, side)
	if err == nil && (got.String() != want.String() || !bytes.Equal(got.Pix, want.Pix)) {
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	return err
}
