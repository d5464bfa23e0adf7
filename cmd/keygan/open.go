package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"keygan/cipher"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"

	"filippo.io/age"
)

// opening is a cipher image of the scheme sealed and the key that opens it.
type opening struct {
	path  string // or - for standard input
	key   *sealed.Key
	reads []string // the key files
}

func (o opening) isFile() bool { return o.key.Header.Kind == "file" }

// perm are the permissions of what is inside, before the umask: never more than the original had, where that was recorded.
func (o opening) perm() fs.FileMode {
	if mode := o.key.Header.Mode; mode != 0 {
		return public & mode
	}
	return public
}

// shapeBytes is how many bytes of samples the cipher image has.
func (o opening) shapeBytes() int64 {
	h := &o.key.Header
	return int64(h.Width) * int64(h.Height) * int64(h.Channels*h.Depth/8)
}

// streams says whether the cipher image is opened piece by piece, and not held in memory.
func (o opening) streams() bool { return o.isFile() && o.key.Header.Version > 1 }

func (o opening) memory() int64 {
	if o.streams() {
		return streamMemory
	}
	return copies * o.shapeBytes()
}

// samples opens the cipher image. It compares what its header and length say with the key file before anything is made of them, so that
// a file that cannot be the right one costs nothing.
func (o opening) samples(ctx context.Context) (*pngstream.Reader, io.Closer, error) {
	f := os.Stdin
	if o.path != "-" {
		var err error
		if f, err = openRegular(o.path); err != nil {
			return nil, nil, err
		}
		// A cipher image is noise. No file can be shorter than its samples.
		if info, err := f.Stat(); err != nil || info.Size() < o.shapeBytes() {
			f.Close()
			return nil, nil, o.failed(errors.Join(err, sealed.ErrRefused))
		}
	}
	png, err := pngstream.NewReader(untilInterrupted{ctx, f, ""})
	if err != nil {
		f.Close()
		return nil, nil, o.failed(fmt.Errorf("not a cipher image: %w", err))
	}
	h := &o.key.Header
	if png.Width != h.Width || png.Height != h.Height || png.Channels != h.Channels || png.Depth != h.Depth {
		f.Close()
		return nil, nil, o.failed(sealed.ErrRefused)
	}
	return png, f, nil
}

func (o opening) failed(err error) error {
	switch {
	case err == nil || errors.Is(err, errInterrupted) || errors.Is(err, errOtherContent):
		return err
	case errors.Is(err, sealed.ErrRefused):
		err = sealed.ErrRefused
	}
	if o.path == "-" {
		return named("standard input", err)
	}
	return named(o.path, err)
}

// writeTo writes the file inside, or the image inside as a PNG, each piece after it is authenticated.
func (o opening) writeTo(ctx context.Context, w io.Writer) error {
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
	to := &checkedWriter{w: w}
	if err := o.key.DecryptFile(to, samples); to.err == nil {
		return o.failed(err)
	}
	return to.err
}

// image is the image inside.
func (o opening) image(ctx context.Context) (*raster.Image, error) {
	samples, closer, err := o.samples(ctx)
	if err != nil {
		return nil, err
	}
	defer closer.Close()
	m, err := decodeSamples(samples)
	if err != nil {
		return nil, o.failed(err)
	}
	plain, err := sealed.OpenImage(m, o.key)
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

// opens says whether the key opens the cipher image.
func (o opening) opens() bool { return o.writeTo(context.Background(), io.Discard) == nil }

// verify says why a file is not what is inside.
func (o opening) verify(ctx context.Context, out string) error {
	if !o.isFile() {
		m, err := o.image(ctx)
		if err != nil {
			return err
		}
		return sameImage(out, m)
	}
	f, err := openRegular(out)
	if err != nil {
		return err
	}
	defer f.Close()
	return o.compare(ctx, out, f)
}

// refusal is an error about a key file as one about the pair: which of the two is at fault is not known.
func refusal(path string, err error) error {
	version := (*sealed.VersionError)(nil)
	switch {
	case errors.As(err, &version):
		return fmt.Errorf("%s: %w", path, version)
	case errors.Is(err, sealed.ErrRefused):
		return fmt.Errorf("%s: %w", path, sealed.ErrRefused)
	}
	return err
}

// errNoIdentity is the error for a key file of age when -i names no identity.
var errNoIdentity = errors.New("this key file is encrypted, and no identity or passphrase is given")

const (
	ageIntro = "age-encryption.org/"
	ageArmor = "-----BEGIN AGE ENCRYPTED FILE-----"
)

// readSealedKey opens a key file of age or, where no identity is given, an unencrypted one.
func readSealedKey(path string, identities []age.Identity) (*sealed.Key, error) {
	switch plain := isUnencrypted(path); {
	case plain && len(identities) > 0:
		return nil, fmt.Errorf("%s: %w", path, errUnencrypted)
	case plain:
		return readUnencryptedKey(path)
	case len(identities) == 0:
		return nil, hinted{fmt.Errorf("%s: %w", path, errNoIdentity),
			"-i FILE names the identity that opens it, as keygan keypair made it, or an SSH private key; -p asks for a passphrase"}
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	k, err := sealed.ReadKey(f, identities...)
	if err != nil {
		return nil, named(path, err)
	}
	return k, nil
}

// openResearch opens a cipher image of a research scheme, which must be the one named.
func openResearch(path, keyPath, scheme string) (*raster.Image, error) {
	keyFile, err := cipher.ReadKeyFile(keyPath)
	if err != nil {
		return nil, err
	}
	if keyFile.Scheme != scheme {
		return nil, hinted{fmt.Errorf("%s: of the scheme %s, not %s", keyPath, keyFile.Scheme, scheme), "--scheme " + keyFile.Scheme + " opens it"}
	}
	f, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, named(path, err)
	}
	png, err := pngstream.NewReader(f)
	if err != nil {
		return nil, named(path, fmt.Errorf("not a cipher image: %w", err))
	}
	shape := raster.Image{Width: png.Width, Height: png.Height, Channels: png.Channels, Depth: png.Depth}
	if err := keyFile.CheckShape(&shape); err != nil {
		return nil, named(path, err)
	}
	// Deflate packs at most 1032 bytes into one.
	if samples := int64(shape.Samples()) * int64(shape.Depth/8); samples > 1032*info.Size() {
		return nil, fmt.Errorf("%s: has %d bytes, too few for %s", path, info.Size(), &shape)
	}
	m, err := decodeSamples(png)
	if err != nil {
		return nil, named(path, err)
	}
	plain, err := cipher.Decrypt(m, keyFile)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return plain, nil
}
