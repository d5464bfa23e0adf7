package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"keygan/batch/job"
	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
)

// encryptVolume encrypts the voxels of a file with a research scheme, a key a slice, and keeps the rest of the file in the key file. is
// tells whether it did: a file of another format is an image, and a compressed one has to be decoded as one.
func (e *encryption) encryptVolume(ctx context.Context, path string, write writePair) (comment string, is bool, err error) {
	if e.Resize != 0 {
		return "", false, nil
	}
	before, err := job.TakeSnapshot(path)
	if err != nil {
		return "", false, err
	}
	voxels, err := imagefile.ReadVoxels(path)
	if voxels == nil || err != nil {
		return "", false, withoutVoxels(path, err)
	}
	key := func(plane *raster.Image) (*raster.Image, error) {
		if ctx.Err() != nil {
			return nil, failure.ErrInterrupted
		}
		return e.generator.key(plane)
	}
	v := &cipher.Volume{
		Slices: voxels.Slices, Height: voxels.Height, Width: voxels.Width, Bytes: voxels.Bytes,
		File: voxels.Extension, Head: voxels.Head, Tail: voxels.Tail,
	}
	keyFile, err := e.scheme.SealVolume(v, voxels.Data, e.params, key)
	if err != nil {
		return "", true, fileerr.Named(path, err)
	}
	keyFile.Name = filepath.Base(path)
	image := file{Perm: Public, Write: func(w io.Writer) error {
		png, err := pngstream.NewWriter(w, keyFile.Width, keyFile.Height, 1, 8)
		if err != nil {
			return err
		}
		if _, err := png.Write(voxels.Data); err != nil {
			return err
		}
		return png.Close()
	}}
	comment = fmt.Sprintf("%d×%d×%d voxels of %d bits", v.Width, v.Height, v.Slices, 8*v.Bytes)
	return comment, true, write(file{Perm: Secret, Write: keyFile.Write}, before.Unchanged(image))
}

// withoutVoxels returns the error for a file whose voxels cannot be read where they lie, or nil if it may be encrypted as an image: one of 8 bits.
func withoutVoxels(path string, err error) error {
	if err == nil {
		return nil
	}
	if stack, _ := imagefile.HoldsStack(path); !stack {
		m, failed := imagefile.ReadSamples(path)
		if failed != nil || m.Depth == 8 || !errors.Is(err, imagefile.ErrCompressed) {
			return nil
		}
	}
	if errors.Is(err, imagefile.ErrCompressed) {
		err = failure.Hint(err, "gdcmconv --raw IN.dcm OUT.dcm makes a copy that is not")
	}
	return err
}

// volumeJob opens a cipher image that holds a volume. The key file is not trusted to name the output: only its extension.
func (d *decryption) volumeJob(in job.Input, keyFile string, v *cipher.Volume) job.Job {
	out := filepath.Join(d.Output, in.Folder, stem(in.Path)+v.File)
	read := func() (*cipher.KeyFile, error) {
		k, err := cipher.ReadKeyFile(keyFile)
		if err == nil && (k.Volume == nil || k.Volume.SliceBytes() != v.SliceBytes() || k.Volume.File != v.File) {
			err = fmt.Errorf("%s: changed while it was being read", keyFile)
		}
		return k, err
	}
	return job.Job{
		Input: in.Path, Outputs: []string{out}, Reads: []string{keyFile},
		Memory: func() int64 { return memoryOf(keyFile) + copies*int64(v.SliceBytes()) },
		Do: func(ctx context.Context) (string, error) {
			k, err := read()
			if err != nil {
				return "", err
			}
			var refused error // which names the cipher image, where an error of the output is named by who writes it
			err = d.host.Write(ctx, d.Output, d.Force, file{Path: out, Perm: Public, Write: func(w io.Writer) error {
				to := &fileerr.Writer{W: w}
				err := imagefile.Packed(to, k.Volume.File, func(w io.Writer) error { return openVolume(ctx, in.Path, k, keyFile, d.Scheme, w) })
				if to.Err == nil {
					refused = err
				}
				return err
			}})
			return "", cmp.Or(refused, err)
		},
		Verify: func(ctx context.Context) error {
			k, err := read()
			if err != nil {
				return err
			}
			return verifyVolume(ctx, out, pair{image: in.Path, key: keyFile}, k, d.Scheme)
		},
	}
}

// openVolume decrypts a cipher image, and writes the file in it, unpacked.
func openVolume(ctx context.Context, path string, k *cipher.KeyFile, keyPath, scheme string, w io.Writer) error {
	png, closer, err := researchSamples(ctx, path, k, keyPath, scheme)
	if err != nil {
		return err
	}
	defer closer.Close()
	to := &fileerr.Writer{W: w}
	if err := k.OpenVolume(to, png); to.Err == nil {
		return fileerr.Named(path, err)
	}
	return to.Err
}

// verifyVolume returns an error if a file is not the one in a cipher image. How it is compressed does not matter.
func verifyVolume(ctx context.Context, path string, p pair, k *cipher.KeyFile, scheme string) error {
	want, err := imagefile.ReadVoxels(path)
	switch {
	case err != nil:
		return err
	case want == nil || want.Extension != k.Volume.File:
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	r, w := io.Pipe()
	want.Extension = "" // as it is unpacked
	go func() { w.CloseWithError(want.Write(w)) }()
	defer r.Close()
	c := &comparer{want: r}
	switch err := openVolume(ctx, p.image, k, p.key, scheme, c); {
	case c.differs:
		return fmt.Errorf("%s: %w", path, errOtherContent)
	case err != nil:
		return err
	}
	if n, err := io.ReadFull(r, make([]byte, 1)); n > 0 || err != io.EOF {
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	return nil
}
