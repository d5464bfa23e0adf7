package batch

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
)

// research prepares an encryption with a scheme for research.
func (e *encryption) research() (err error) {
	if e.scheme, err = schemeNamed(e.Scheme); err != nil {
		return err
	}
	if e.scheme == nil || e.HideNames {
		return failure.Usagef("the scheme %s is not one for research, or the name is to be hidden", e.Scheme)
	}
	if e.scheme.About.Takes == cipher.Nothing {
		e.generator = nil
	}
	return e.checkResearch()
}

// sealPlain is encryptResearch for a content. It leaves volumes and DICOM, whose voxels lie in a file, to the command.
func (s *Service) sealPlain(ctx context.Context, e *encryption, c Content, write writePair) (comment string, err error) {
	stack, memory, err := s.outline(ctx, c)
	switch {
	case err != nil:
		return "", fileerr.Named(c.Name, err)
	case stack || imagefile.VoxelsIn(c.again()):
		return "", fmt.Errorf("%s: only the command keygan encrypt encrypts DICOM, volumes and arrays with a scheme for research", c.Name)
	}
	keys := int64(0) // that are still to be begun
	if e.generator != nil {
		keys = 1
		s.generator.ahead.Add(keys)
	}
	err = s.Work(ctx, c.File.Size()+2*memory, func() error {
		beside, err := imagefile.LeftBehindOf(c.Name, c.again())
		if comment, err = leftBehind(beside, err); err != nil {
			return err
		}
		plain, err := imagefile.SamplesOf(c.again())
		if err != nil {
			return fileerr.Named(c.Name, err)
		}
		if keys > 0 && e.scheme.Check(plain, e.params) == nil && s.Arch().Channels >= plain.Channels {
			keys = 0 // the generator counts it from here on
		}
		key, image, err := e.sealPlain(c.Name, plain)
		if err != nil {
			return err
		}
		return write(key, image)
	})
	s.generator.ahead.Add(-keys)
	return comment, err
}

// A ResearchKey is a key file of a scheme for research, and which cipher image it is for. It is not held in memory.
type ResearchKey struct {
	Content
	Scheme string
	shape  raster.Image // of the cipher image, without samples
	digest [sha256.Size]byte
}

// ResearchKey reads a key file. Its name must be that of one.
func (s *Service) ResearchKey(ctx context.Context, c Content) (k *ResearchKey, err error) {
	err = s.readResearchKey(ctx, c, 0, func(f *cipher.KeyFile) error {
		shape := raster.Image{Width: f.Width, Height: f.Height, Channels: f.Channels, Depth: f.Depth}
		k = &ResearchKey{Content: c, Scheme: f.Scheme, shape: shape, digest: f.SHA256}
		return nil
	})
	return k, err
}

// readResearchKey calls do with a key file while there is memory for it, and for as many bytes more.
func (s *Service) readResearchKey(ctx context.Context, c Content, more int64, do func(*cipher.KeyFile) error) error {
	return s.Work(ctx, copies*c.File.Size()+more, func() error {
		b, err := io.ReadAll(c.again())
		if err != nil {
			return fileerr.Named(c.Name, err)
		}
		f, err := cipher.ParseKeyFile(c.Name, b)
		if err != nil {
			return err
		}
		if f.Volume != nil {
			return fmt.Errorf("%s: opens a volume, which only the command keygan decrypt does", c.Name)
		}
		return do(f)
	})
}

// DecryptResearch finds the key file of a cipher image of a scheme, and writes the image in it to w as a PNG.
func (s *Service) DecryptResearch(ctx context.Context, c Content, scheme string, keys []ResearchKey, w io.Writer) (Decrypted, error) {
	return s.openResearch(ctx, c, scheme, keys, func(_ string, plain *raster.Image) error { return imagefile.EncodePNG(w, plain) })
}

// DecryptResearchInto writes the image into a folder, or below it. It replaces nothing.
func (s *Service) DecryptResearchInto(ctx context.Context, folder string, c Content, scheme string, keys []ResearchKey) (Decrypted, error) {
	return s.openResearch(ctx, c, scheme, keys, func(name string, plain *raster.Image) error {
		out := filepath.Join(folder, filepath.FromSlash(name))
		s.clean(folder, out)
		return s.host.Write(ctx, folder, false, pngFile(out, Public, plain))
	})
}

func (s *Service) openResearch(
	ctx context.Context, c Content, scheme string, keys []ResearchKey, do func(name string, plain *raster.Image) error,
) (d Decrypted, err error) {
	if err := c.check(); err != nil {
		return d, err
	}
	if r, err := schemeNamed(scheme); r == nil {
		return d, errors.Join(err, failure.Usagef("the scheme %s is not one for research", scheme))
	}
	key, err := s.researchKeyOf(ctx, c, keys)
	if err != nil {
		return d, err
	}
	if key.Scheme != scheme {
		return d, failure.Hint(fmt.Errorf("%s: its scheme is %s, not %s", key.Name, key.Scheme, scheme), "Choose the scheme "+key.Scheme+".")
	}
	d = Decrypted{Key: key.Name, Name: filepath.ToSlash(filepath.Join(filepath.FromSlash(c.Folder), stem(c.Name)+".png"))}
	err = s.readResearchKey(ctx, key.Content, copies*imageBytes(&key.shape), func(f *cipher.KeyFile) error {
		m, err := researchImage(ctx, c, f)
		if err != nil {
			return err
		}
		plain, err := cipher.Decrypt(m, f)
		if err != nil {
			return fmt.Errorf("%s: %w", c.Name, err)
		}
		return do(d.Name, plain)
	})
	return d, err
}

func imageBytes(m *raster.Image) int64 {
	return int64(m.Width) * int64(m.Height) * int64(m.Channels*m.Depth/8)
}

// researchKeyOf finds the key file that was made with a cipher image, whatever it is called.
func (s *Service) researchKeyOf(ctx context.Context, c Content, keys []ResearchKey) (key ResearchKey, err error) {
	if len(keys) == 0 {
		return key, fmt.Errorf("%s: its key file is missing", c.Name)
	}
	shape := &raster.Image{}
	if _, err := readCipherImage(ctx, c.again(), 0, func(m *raster.Image, _ int64) error { shape = m; return nil }); err != nil {
		return key, fileerr.Named(c.Name, err)
	}
	i := slices.IndexFunc(keys, func(k ResearchKey) bool { return k.shape.String() == shape.String() })
	if i >= 0 {
		f := &cipher.KeyFile{Width: shape.Width, Height: shape.Height, Channels: shape.Channels, Depth: shape.Depth}
		err = s.Work(ctx, imageBytes(shape), func() error {
			m, err := researchImage(ctx, c, f)
			if err == nil {
				digest := cipher.Digest(m)
				i = slices.IndexFunc(keys, func(k ResearchKey) bool { return k.digest == digest })
			}
			return err
		})
	}
	switch {
	case err != nil:
		return key, err
	case i < 0:
		return key, fmt.Errorf("%s: %w", c.Name, cipher.ErrMismatch)
	}
	return keys[i], nil
}

// researchImage reads a cipher image that has the shape in a key file.
func researchImage(ctx context.Context, c Content, f *cipher.KeyFile) (*raster.Image, error) {
	png, err := readCipherImage(ctx, c.again(), c.File.Size(), researchShape(f))
	if err != nil {
		return nil, fileerr.Named(c.Name, err)
	}
	m, err := decodeSamples(png)
	return m, fileerr.Named(c.Name, err)
}

// IsResearchKey reports whether a content is a key file of a scheme for research, by its name and its first bytes.
func IsResearchKey(c Content) bool {
	return strings.HasSuffix(strings.ToLower(c.Name), ResearchKeySuffix) && strings.HasPrefix(string(first(c)), "PK\x03\x04")
}
