package batch

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"keygan/batch/job"
	"keygan/batch/keyfile"
	"keygan/cipher/sealed"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
	"keygan/internal/regularfile"
	"keygan/internal/spool"
)

// maxSamples bounds an image's samples, in bytes. A cipher image cannot be compressed, and imagefile reads files of at most 2³¹ bytes: a
// larger one could be written and not be read again.
const maxSamples = 2_000_000_000

type file = atomicfile.File

// a writePair writes a key file and a cipher image, whose Path is not set yet, or neither.
type writePair func(key, image file) error

// sealFile encrypts a file as it is.
func (e *encryption) sealFile(ctx context.Context, input job.Input, write writePair) (comment string, err error) {
	in, err := openSource(input.Path)
	if err != nil {
		return "", err
	}
	defer in.close()
	if err := e.hide(&in.options, input); err != nil {
		return "", err
	}
	if comment, err = e.lookAt(&in.options, input.Path); err != nil {
		return "", err
	}
	return comment, e.sealSource(ctx, in, input.Path, write)
}

// sealSource encrypts a file that errors call name.
func (e *encryption) sealSource(ctx context.Context, in *source, name string, write writePair) error {
	defer clear(in.options.NetworkKey)
	key, err := sealed.NewFileKey(in.size, in.options)
	if err != nil {
		return fileerr.Named(name, err)
	}
	defer key.Wipe()
	return e.writePair(key, in.before, write, func(image *pngstream.Writer) error {
		err := key.EncryptFile(image, job.UntilInterrupted{Ctx: ctx, R: in, Path: name})
		if errors.Is(err, sealed.ErrLength) {
			err = job.ErrInputChanged
		}
		return err
	})
}

// sealPixels encrypts the samples of an image.
func (e *encryption) sealPixels(_ context.Context, in job.Input, write writePair) (comment string, err error) {
	path := in.Path
	plain, before, comment, err := e.readPixels(path, "without --pixels any file is encrypted as it is")
	if err != nil {
		return "", err
	}
	o, err := sealOptions(before)
	if err == nil {
		err = e.hide(&o, in)
	}
	if err != nil {
		return "", err
	}
	o.Modified = time.Time{} // decrypting writes another file
	if len(plain.Pix) > maxSamples {
		return "", fmt.Errorf("%s: too large for a cipher image: %d bytes of samples; at most %d are possible",
			path, len(plain.Pix), maxSamples)
	}
	if e.generator != nil {
		side := e.generator.side()
		if err := e.mix(&o, path, plain.Resize(side, side)); err != nil {
			return "", err
		}
		defer clear(o.NetworkKey)
	}
	cipherImage, key, err := sealed.SealImage(plain, o)
	if err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	defer key.Wipe()
	return comment, e.writePair(key, before, write, func(image *pngstream.Writer) error {
		_, err := image.Write(cipherImage.Pix)
		return err
	})
}

// writePair writes the key file and the cipher image of a file as it was before. samples writes the samples of the PNG.
func (e *encryption) writePair(key *sealed.Key, before job.Snapshot, write writePair, samples func(*pngstream.Writer) error) error {
	var keyFile bytes.Buffer
	if e.UnencryptedKey {
		keyFile.Write(key.Marshal())
	} else if err := key.Encrypt(&keyFile, e.recipients...); err != nil {
		return fileerr.Named(cmp.Or(before.Path, "standard input"), err)
	}
	var note []pngstream.Text
	if before.Info != nil && !e.HideNames { // not for standard input, and not where a guess of the path must not be checked
		note = noteOf(before, e.how())
	}
	h := &key.Header
	image := file{Perm: Public, Write: func(w io.Writer) error {
		png, err := pngstream.NewWriter(w, h.Width, h.Height, h.Channels, h.Depth, note...)
		if err != nil {
			return err
		}
		if err := samples(png); err != nil {
			return err
		}
		return png.Close()
	}}
	if before.Info != nil {
		image = before.Unchanged(image)
	}
	return write(file{Perm: Secret, Write: func(w io.Writer) error {
		_, err := w.Write(keyFile.Bytes())
		return err
	}}, image)
}

// sealOptions returns what a key file says of a file.
func sealOptions(before job.Snapshot) (sealed.Options, error) {
	name := filepath.Base(before.Path)
	if err := sealed.CheckName(name); err != nil {
		return sealed.Options{}, unusableName(before.Path, err)
	}
	mode := before.Info.Mode().Perm()
	if mode == 0 { // which stands for no record; only root can read such a file
		mode = 0o400
	}
	return sealed.Options{Name: name, Mode: mode, Modified: before.Info.ModTime()}, nil
}

func unusableName(path string, err error) error {
	return failure.Hint(fmt.Errorf("%s: %w", path, err), "rename it, or encrypt an archive (tar) of it")
}

const noKeyImage = "no key image: it cannot be decoded"

// lookAt has the generator make a key of a thumbnail of the image at path, and adds it to the options. A file that is not an image or
// cannot be decoded gets none; then the comment says why.
func (e *encryption) lookAt(o *sealed.Options, path string) (comment string, err error) {
	if e.generator == nil || !imagefile.ImageName(path) {
		return "", nil
	}
	if stack, err := imagefile.HoldsStack(path); err != nil || stack {
		return "", err
	}
	side := e.generator.side()
	thumbnail, err := imagefile.Thumbnail(path, side, side)
	if err != nil { // the file is encrypted all the same
		return noKeyImage, nil
	}
	return "", e.mix(o, path, thumbnail)
}

// mix adds the generator's key of a thumbnail, material for a derivation, to the options. Its channels and bits need not be the image's.
func (e *encryption) mix(o *sealed.Options, path string, thumbnail *raster.Image) error {
	key, err := e.generator.key(thumbnail)
	if err != nil {
		return fileerr.Named(path, err)
	}
	o.NetworkKey, o.Generator = key.Pix, e.generator.model.Hash()
	o.NetworkInput = fmt.Sprintf("%dx%d", thumbnail.Width, thumbnail.Height)
	return nil
}

// memory returns how many bytes an input takes at its peak.
func (e *encryption) memory(in job.Input) (bytes int64) {
	path := in.Path
	for _, path := range in.Series {
		if info, err := os.Stat(path); err == nil {
			bytes += copies * info.Size()
		}
	}
	switch {
	case in.Series != nil:
		return bytes
	case !e.sealed() || e.Pixels:
		return memoryOf(path)
	case e.generator == nil || !imagefile.ImageName(path):
		return streamMemory
	case regularfile.StartsWith(path, "\x89PNG"): // made smaller while it is read
		return 2 * streamMemory
	}
	return streamMemory + memoryOf(path)/2 // for the thumbnail
}

// a source is a file to be sealed, or standard input.
type source struct {
	io.Reader
	close   func() error
	size    int64 // bytes
	options sealed.Options
	before  job.Snapshot // zero for standard input
}

// openSource opens a file, or for "-" standard input, whose length it finds out.
func openSource(path string) (*source, error) {
	if path == "-" {
		in, err := spoolInput(os.Stdin)
		return in, fileerr.Named("standard input", err)
	}
	if err := keyfile.RefuseIdentity(path); err != nil {
		return nil, err
	}
	f, err := regularfile.Open(path)
	if err != nil {
		return nil, err
	}
	in := &source{Reader: f, close: f.Close}
	info, err := f.Stat()
	if err = fileerr.Named(path, err); err == nil {
		in.size, in.before = info.Size(), job.Snapshot{Path: path, Info: info}
		in.options, err = sealOptions(in.before)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return in, nil
}

// spoolInput keeps standard input until its length is known, which a PNG says in its header.
func spoolInput(r io.Reader) (in *source, err error) {
	kept := spool.NewPool(0, math.MaxInt64).New()
	defer func() {
		if err != nil {
			kept.Close()
		}
	}()
	buffered := bufio.NewReaderSize(r, keyfile.MaxIdentity)
	start, _ := buffered.Peek(keyfile.MaxIdentity)
	if err := keyfile.RefuseIdentityIn(start); err != nil {
		return nil, err
	}
	if _, err := io.Copy(kept, buffered); err != nil {
		return nil, err
	}
	file, err := kept.File()
	return &source{Reader: file, close: kept.Close, size: kept.Size()}, err
}

// checkStream checks the options if "-" stands for standard input or output.
func (e *encryption) checkStream(paths []string) error {
	switch {
	case e.Output != "-" && !slices.Contains(paths, "-"):
	case e.HideNames:
		return failure.Usagef("- (standard input or output) has no name that --hide-names could hide")
	case !e.sealed() || e.Pixels:
		return failure.Usagef("- (standard input or output) works only with the scheme sealed, without --pixels")
	case len(paths) != 1:
		return failure.Usagef("- must be the only input, but %d are given", len(paths))
	case e.Resume || e.Shard.Count > 1:
		return failure.Usagef("--resume and --shard are for folders")
	case e.Output == "-" && e.KeyOutput == "":
		return failure.Hint(failure.Usagef("the cipher image goes to standard output, but the key file needs a name"),
			"--key-out FILE names it")
	}
	return nil
}

// toStdout writes the cipher image to standard output. It never replaces a key file, as the cipher image may not arrive.
func (e *encryption) toStdout(ctx context.Context, path string) error {
	if err := job.Conflicts([]job.Job{{Input: path, Outputs: []string{e.KeyOutput}}}, alsoRead(path)...)[0]; err != nil {
		return err
	}
	if err := e.protected().Refuse([]string{e.KeyOutput}); err != nil {
		return err
	}
	_, err := e.sealFile(ctx, job.Input{Path: path}, func(key, image file) error {
		key.Path = e.KeyOutput
		return neverReplaced(key.Path, e.host.Guarded(ctx, func() error {
			return atomicfile.WriteBefore(key, func() error {
				out := bufio.NewWriterSize(e.host.Stdout, 1<<16)
				err := image.Write(out)
				if err == nil {
					err = out.Flush()
				}
				return fileerr.Named("standard output", err)
			})
		}))
	})
	return err
}
