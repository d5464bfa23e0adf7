package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"keygan/batch/job"
	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"
)

// ResearchSchemes returns the names of the schemes whose key files are not encrypted.
func ResearchSchemes() []string { return cipher.Writable()[1:] }

// schemeNamed returns a research scheme, or nil for the default, which seals files.
func schemeNamed(name string) (*cipher.Research, error) {
	c, err := cipher.WritableByName(name)
	if err != nil {
		return nil, &failure.UsageError{Err: err}
	}
	r, _ := c.(*cipher.Research)
	return r, nil
}

func (e *encryption) sealed() bool { return e.scheme == nil }

// encryptResearch encrypts the pixels of an image with a scheme whose key files are not encrypted.
func (e *encryption) encryptResearch(ctx context.Context, in job.Input, write writePair) (comment string, err error) {
	path := in.Path
	if comment, is, err := e.encryptVolume(ctx, in, write); is || err != nil {
		return comment, err
	}
	plain, before, comment, err := e.readPixels(path, "without --scheme, and without --pixels, any file is encrypted as it is")
	if err != nil {
		return "", err
	}
	keyFile, image, err := e.sealPlain(path, plain)
	if err != nil {
		return "", err
	}
	return comment, write(keyFile, before.Unchanged(image))
}

// sealPlain encrypts the image in the file at path.
func (e *encryption) sealPlain(path string, plain *raster.Image) (key, image file, err error) {
	keyImage, err := e.researchKey(plain)
	if err != nil {
		return key, image, fileerr.Named(path, err)
	}
	cipherImage, keyFile, err := e.scheme.Seal(cipher.Input{Plain: plain, Key: keyImage, Params: e.params})
	if err != nil {
		return key, image, fmt.Errorf("%s: %w", path, err)
	}
	keyFile.Name = filepath.Base(path)
	return file{Perm: Secret, Write: keyFile.Write}, pngFile("", Public, cipherImage), nil
}

// researchKey makes the key image of an image, or nil if the scheme takes none. It checks first whether the image can be encrypted.
func (e *encryption) researchKey(plain *raster.Image) (*raster.Image, error) {
	if err := e.scheme.Check(plain, e.params); err != nil || e.generator == nil {
		return nil, err
	}
	if c := e.generator.model.Arch().Channels; c < plain.Channels {
		return nil, failure.Hint(fmt.Errorf("the image is %s, the generator's keys are grey", plain),
			"convert the image to grey, or use a generator trained on RGB")
	}
	return e.generator.key(plain)
}

// readPixels reads an image whose pixels are to be encrypted. The comment says what they leave behind, or "". It refuses a file of which
// pixels would keep only a part: one slice of a volume, one page of several.
func (e *encryption) readPixels(path, hint string) (plain *raster.Image, before job.Snapshot, comment string, err error) {
	fail := func(err error, hint string) (*raster.Image, job.Snapshot, string, error) {
		return nil, before, "", failure.Hint(err, hint)
	}
	stack, err := imagefile.HoldsStack(path)
	if err != nil {
		return nil, before, "", err
	}
	if stack {
		return fail(fmt.Errorf("%s: a volume or array is not an image; only one slice of it, as grey levels, could be encrypted", path),
			"export the slices as PNG images first; "+hint)
	}
	beside, err := imagefile.LeftBehind(path)
	if comment, err = leftBehind(beside, err); err != nil {
		return fail(err, hint)
	}
	if before, err = job.TakeSnapshot(path); err != nil {
		return nil, before, "", err
	}
	if plain, err = readPlain(imagefile.ReadSamples, path, e.Resize); err != nil {
		return fail(err, hint)
	}
	return plain, before, comment, nil
}

// leftBehind says what pixels leave behind, or that they would keep only a part.
func leftBehind(metadata []string, err error) (comment string, _ error) {
	if only := (*imagefile.NotPixelsError)(nil); errors.As(err, &only) {
		err = fmt.Errorf("%w, which pixels do not keep", err)
	}
	if len(metadata) > 0 {
		comment = "left behind: " + strings.Join(metadata, ", ")
	}
	return comment, err
}

// openResearch decrypts a cipher image of a research scheme.
func openResearch(ctx context.Context, path, keyPath, scheme string) (*raster.Image, error) {
	keyFile, err := cipher.ReadKeyFile(keyPath)
	if err != nil {
		return nil, err
	}
	png, closer, err := researchSamples(ctx, path, keyFile, keyPath, scheme)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	m, err := decodeSamples(png)
	if err != nil {
		return nil, fileerr.Named(path, err)
	}
	plain, err := cipher.Decrypt(m, keyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return plain, nil
}

// researchSamples opens a cipher image of a research scheme, which must be the one named.
func researchSamples(
	ctx context.Context, path string, keyFile *cipher.KeyFile, keyPath, scheme string,
) (*pngstream.Reader, io.Closer, error) {
	if keyFile.Scheme != scheme {
		return nil, nil, failure.Hint(fmt.Errorf("%s: its scheme is %s, not %s", keyPath, keyFile.Scheme, scheme),
			"--scheme "+keyFile.Scheme+" opens it")
	}
	png, closer, err := openCipherImage(ctx, path, researchShape(keyFile))
	return png, closer, fileerr.Named(path, err)
}

// researchShape checks the shape of a cipher image, and its length in bytes, before its samples are read.
func researchShape(keyFile *cipher.KeyFile) func(shape *raster.Image, size int64) error {
	return func(shape *raster.Image, size int64) error {
		if err := keyFile.CheckShape(shape); err != nil {
			return err
		}
		// Deflate packs at most 1032 bytes into one.
		if samples := int64(shape.Samples()) * int64(shape.Depth/8); samples > 1032*size {
			return fmt.Errorf("has %d bytes, too few for %s", size, shape)
		}
		return nil
	}
}

// refuseResearch refuses key files of research schemes, whatever they are called.
func refuseResearch(path, keyFile string) error {
	if regularfile.StartsWith(keyFile, "PK\x03\x04") {
		return researchKeyError(path, keyFile)
	}
	return nil
}

func researchKeyError(path, keyFile string) error {
	return failure.Hint(fmt.Errorf("%s: its key file %s belongs to a research scheme, which only --scheme opens: anybody could have made it",
		path, keyFile),
		"keygan inspect tells which scheme it is; --scheme "+strings.Join(ResearchSchemes(), ", --scheme ")+" open such files")
}
