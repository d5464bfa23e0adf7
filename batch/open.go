package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"keygan/batch/job"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"
)

// An Opening is a sealed cipher image and the key that opens it.
type Opening struct {
	Path string // or "-" for standard input
	Key  *sealed.Key

	reads   []string          // the key files that were tried
	content *io.SectionReader // of the cipher image, if it is not a file; Path is then only its name
}

func (o Opening) isFile() bool { return o.Key.Header.Kind == "file" }

// perm returns the permissions of what is inside, before the umask: never more than the original had, if that was recorded.
func (o Opening) perm() fs.FileMode {
	if mode := o.Key.Header.Mode; mode != 0 {
		return Public & mode
	}
	return Public
}

// shapeBytes returns how many bytes of samples the cipher image has.
func (o Opening) shapeBytes() int64 {
	h := &o.Key.Header
	return int64(h.Width) * int64(h.Height) * int64(h.Channels*h.Depth/8)
}

// memory returns how many bytes it takes to open the cipher image. Files of version 2 and later are opened piece by piece.
func (o Opening) memory() int64 {
	if o.isFile() && o.Key.Header.Version > 1 {
		return streamMemory
	}
	return copies * o.shapeBytes()
}

// samples opens the cipher image.
func (o Opening) samples(ctx context.Context) (*pngstream.Reader, io.Closer, error) {
	h := &o.Key.Header
	check := func(shape *raster.Image, size int64) error {
		if shape.Width != h.Width || shape.Height != h.Height || shape.Channels != h.Channels || shape.Depth != h.Depth {
			return sealed.ErrRefused
		}
		if size >= 0 && size < o.shapeBytes() { // a cipher image is noise: no file can be shorter than its samples
			return sealed.ErrRefused
		}
		return nil
	}
	if o.content != nil {
		again := io.NewSectionReader(o.content, 0, o.content.Size())
		png, err := readCipherImage(ctx, again, again.Size(), check)
		return png, io.NopCloser(nil), o.failed(err)
	}
	png, closer, err := openCipherImage(ctx, o.Path, check)
	return png, closer, o.failed(err)
}

// openCipherImage opens a cipher image, "-" for standard input. Its errors do not name it. check compares the header and the length in
// bytes (−1 for standard input) with the key file first, so that a wrong file costs nothing.
func openCipherImage(
	ctx context.Context, path string, check func(shape *raster.Image, size int64) error,
) (*pngstream.Reader, io.Closer, error) {
	f, size := os.Stdin, int64(-1)
	if path != "-" {
		var err error
		if f, err = regularfile.Open(path); err != nil {
			return nil, nil, errors.Unwrap(err) // the caller names the file
		}
		info, err := f.Stat()
		if err != nil {
			f.Close()
			return nil, nil, err
		}
		size = info.Size()
	}
	png, err := readCipherImage(ctx, f, size, check)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return png, f, nil
}

// readCipherImage reads the header of a cipher image of this many bytes, and checks it.
func readCipherImage(
	ctx context.Context, r io.Reader, size int64, check func(shape *raster.Image, size int64) error,
) (*pngstream.Reader, error) {
	png, err := pngstream.NewReader(job.UntilInterrupted{Ctx: ctx, R: r})
	if err != nil {
		return nil, fmt.Errorf("not a cipher image: %w", err)
	}
	return png, check(&raster.Image{Width: png.Width, Height: png.Height, Channels: png.Channels, Depth: png.Depth}, size)
}

// failed names the cipher image in an error.
func (o Opening) failed(err error) error {
	switch {
	case err == nil || errors.Is(err, failure.ErrInterrupted) || errors.Is(err, errOtherContent):
		return err
	case errors.Is(err, sealed.ErrRefused):
		err = sealed.ErrRefused
	}
	if o.Path == "-" {
		return fileerr.Named("standard input", err)
	}
	return fileerr.Named(o.Path, err)
}

// writeTo writes the file inside, or the image inside as a PNG, each piece after it is authenticated.
func (o Opening) writeTo(ctx context.Context, w io.Writer) error {
	if !o.isFile() {
		m, err := o.image(ctx)
		if err != nil {
			return err
		}
		return imagefile.EncodePNG(w, m)
	}
	samples, closer, err := o.samples(ctx)
	if err != nil {
		return err
	}
	defer closer.Close()
	to := &fileerr.Writer{W: w}
	if err := o.Key.DecryptFile(to, samples); to.Err == nil {
		return o.failed(err)
	}
	return to.Err
}

// image returns the image inside.
func (o Opening) image(ctx context.Context) (*raster.Image, error) {
	samples, closer, err := o.samples(ctx)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	m, err := decodeSamples(samples)
	if err != nil {
		return nil, o.failed(err)
	}
	plain, err := sealed.OpenImage(m, o.Key)
	return plain, o.failed(err)
}

// decodeSamples reads the rest of a PNG.
func decodeSamples(png *pngstream.Reader) (*raster.Image, error) {
	m := raster.NewImage(png.Width, png.Height, png.Channels, png.Depth)
	if _, err := io.ReadFull(png, m.Pix); err != nil {
		return nil, err
	}
	if _, err := png.Read(make([]byte, 1)); err != io.EOF { // which comes after the last checksum
		return nil, err
	}
	return m, nil
}

// Opens reports whether the key opens the cipher image.
func (o Opening) Opens() bool { return o.writeTo(context.Background(), io.Discard) == nil }
