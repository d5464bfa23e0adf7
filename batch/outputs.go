package batch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"keygan/batch/job"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
)

// Permissions, before the umask. A key opens a cipher image and is for its owner only.
const (
	Public = 0o666
	Secret = 0o600
)

func pngFile(path string, perm fs.FileMode, m *raster.Image) atomicfile.File {
	return atomicfile.File{Path: path, Perm: perm, Write: func(w io.Writer) error { return imagefile.EncodePNG(w, m) }}
}

// a pair is the names of a cipher image and its key file.
type pair struct{ root, image, key string }

// write writes both files, or neither.
func (p pair) write(ctx context.Context, host *job.Host, force bool, key, image atomicfile.File) error {
	key.Path, image.Path = p.key, p.image
	if force {
		if err := p.checkKey(); err != nil {
			return err
		}
	}
	if filepath.Dir(p.key) == filepath.Dir(p.image) {
		// The key file goes first, so that a cipher image never appears without it.
		return host.Write(ctx, p.root, force, key, image)
	}
	// Two folders cannot change together. So a key file elsewhere, which may open what is about to be replaced, is never replaced.
	return neverReplaced(p.key, host.Guarded(ctx, func() error {
		return atomicfile.WriteBefore(key, func() error { return atomicfile.WriteAll(p.root, force, image) })
	}))
}

// neverReplaced gives the error for a key file that exists its own hint.
func neverReplaced(key string, err error) error {
	if errors.Is(err, atomicfile.ErrExists) && strings.HasPrefix(err.Error(), key+": ") {
		return failure.Hint(err, "a key file that does not lie beside its cipher image is never replaced; --key-out names another")
	}
	return err
}

// checkKey refuses to replace a key file that may open something else than the cipher image that is replaced with it. s.key.age belongs
// to s.cipher.png, and to s.png where -o named it so.
func (p pair) checkKey() error {
	refuse := func(format string, args ...any) error {
		return failure.Hint(fmt.Errorf("%s: %w, and %s", p.key, atomicfile.ErrExists, fmt.Sprintf(format, args...)),
			"if it opens nothing any more, remove it; --key-out names another key file")
	}
	stem := withoutKeySuffix(p.key)
	beside := []string{stem + CipherSuffix, stem + ".png"}
	switch {
	case !job.Exists(p.key) || job.IsFolder(p.key):
		return nil
	case !job.Exists(p.image):
		return refuse("%s does not: it may be the key of another cipher image", p.image)
	case !slices.Contains(beside, p.image):
		return refuse("its name is not that of the key of %s", p.image)
	}
	for _, other := range beside {
		if other != p.image && job.Exists(other) && (IsCipherImage(other) || hasNote(other)) {
			return refuse("it may be the key of %s", other)
		}
	}
	return nil
}

// readPlain reads an image in one of imagefile's ways, and resizes it if side is not 0.
func readPlain(read func(string) (*raster.Image, error), path string, side int) (*raster.Image, error) {
	m, err := read(path)
	if err != nil {
		return nil, err
	}
	if side != 0 && (m.Width != side || m.Height != side) {
		m = m.Resize(side, side)
	}
	return m, nil
}

// MaxSide bounds the sides that images are resized to, in pixels: a mistyped number must not ask for all memory.
const MaxSide = 16384

func checkResize(given bool, side int) error {
	if given && (side < 1 || side > MaxSide) {
		return failure.Usagef("--resize %d: it must be 1 to %d pixels", side, MaxSide)
	}
	return nil
}
