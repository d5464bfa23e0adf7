package batch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"syscall"

	"keygan/batch/job"
	"keygan/batch/volume"
	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
)

// findSeries makes one input of the files of each series, and tells the host if there are none.
func findSeries(ctx context.Context, host *Host, inputs []job.Input, look func(path string) volume.Slice) []job.Input {
	all := volume.Find(ctx, inputs, look)
	if host.Note != nil && !slices.ContainsFunc(all, func(in job.Input) bool { return in.Series != nil }) {
		host.Note("no series of slices among the files called *.dcm: each file is worked on by itself")
	}
	return all
}

// encryptVolume encrypts the voxels of a file, or of the files of a series, with a research scheme, a key a slice, and keeps the rest of
// them in the key file. is tells whether it did: a file of another format is an image, and a compressed one has to be decoded as one.
func (e *encryption) encryptVolume(ctx context.Context, in job.Input, write writePair) (comment string, is bool, err error) {
	if e.Resize != 0 {
		return "", false, nil
	}
	v, err := volume.Read(ctx, in)
	if v == nil || err != nil {
		return "", false, err
	}
	key := func(plane *raster.Image) (*raster.Image, error) {
		if ctx.Err() != nil {
			return nil, failure.ErrInterrupted
		}
		return e.generator.key(plane)
	}
	keyFile, err := e.scheme.SealVolume(&v.Volume, v.Data, e.params, key)
	if err != nil {
		return "", true, fileerr.Named(in.Path, err)
	}
	keyFile.Name = cmp.Or(in.Name, filepath.Base(in.Path))
	image := v.Unchanged(file{Perm: Public, Write: func(w io.Writer) error {
		png, err := pngstream.NewWriter(w, keyFile.Width, keyFile.Height, 1, 8)
		if err != nil {
			return err
		}
		if _, err := png.Write(v.Data); err != nil {
			return err
		}
		return png.Close()
	}})
	comment = fmt.Sprintf("%d×%d×%d voxels of %d bits", v.Width, v.Height, v.Slices, 8*v.Bytes)
	if in.Series != nil {
		comment = fmt.Sprintf("%d files, %s", len(in.Series), comment)
	}
	return comment, true, write(file{Perm: Secret, Write: keyFile.Write}, image)
}

// volumeJob opens a cipher image that holds a volume. The key file is not trusted to name a single output: only its extension. Those of a
// series lie in a folder of their own.
func (d *decryption) volumeJob(in job.Input, keyFile string, v *cipher.Volume) job.Job {
	name := filepath.Join(d.Output, in.Folder, stem(in.Path))
	outputs := []string{name + v.File}
	if v.Files != nil {
		outputs = nil
	}
	for _, f := range v.Files {
		outputs = append(outputs, filepath.Join(name, f.Name)) // cipher.VolumeOf has seen the name
	}
	read := func() (*cipher.KeyFile, error) {
		k, err := cipher.ReadKeyFile(keyFile)
		if err == nil && (k.Volume == nil || k.Volume.SliceBytes() != v.SliceBytes() || k.Volume.File != v.File || !slices.Equal(k.Volume.Files, v.Files)) {
			err = fmt.Errorf("%s: changed while it was being read", keyFile)
		}
		return k, err
	}
	return job.Job{
		Input: in.Path, Outputs: outputs, Reads: []string{keyFile},
		Memory: func() int64 { return memoryOf(keyFile) + copies*int64(v.SliceBytes()) },
		Do: func(ctx context.Context) (string, error) {
			k, err := read()
			if err != nil {
				return "", err
			}
			next, closer, err := openVolume(ctx, in.Path, k, keyFile, d.Scheme)
			if err != nil {
				return "", err
			}
			defer closer.Close()
			var refused error // which names the cipher image, where an error of the output is named by who writes it
			var files []file
			for _, out := range outputs {
				files = append(files, file{Path: out, Perm: Public, Write: func(w io.Writer) error {
					to := &fileerr.Writer{W: w}
					err := imagefile.Packed(to, k.Volume.File, next)
					if to.Err == nil {
						refused = err
					}
					return err
				}})
			}
			err = d.host.Write(ctx, d.Output, d.Force, files...)
			if errors.Is(err, syscall.EMFILE) {
				err = failure.Hint(err, "all files of a series are open until the last is written; ulimit -n allows more")
			}
			return "", cmp.Or(refused, err)
		},
		Verify: func(ctx context.Context) error {
			k, err := read()
			if err != nil {
				return err
			}
			return verifyVolume(ctx, outputs, pair{image: in.Path, key: keyFile}, k, d.Scheme)
		},
	}
}

// openVolume decrypts a cipher image. Each call of next writes the next file in it, unpacked.
func openVolume(ctx context.Context, path string, k *cipher.KeyFile, keyPath, scheme string) (next func(w io.Writer) error, closer io.Closer, err error) {
	png, closer, err := researchSamples(ctx, path, k, keyPath, scheme)
	if err != nil {
		return nil, nil, err
	}
	open, err := k.OpenVolume(png)
	if err != nil {
		closer.Close()
		return nil, nil, fileerr.Named(path, err)
	}
	return func(w io.Writer) error {
		to := &fileerr.Writer{W: w}
		if err := open(to); to.Err == nil {
			return fileerr.Named(path, err)
		}
		return to.Err
	}, closer, nil
}

// verifyVolume returns an error if files are not those in a cipher image. How they are compressed does not matter.
func verifyVolume(ctx context.Context, files []string, p pair, k *cipher.KeyFile, scheme string) error {
	same := func(f cipher.SeriesFile, path string) bool { return f.Name == filepath.Base(path) }
	if k.Volume == nil || len(files) > 1 && !slices.EqualFunc(k.Volume.Files, files, same) || len(files) < len(k.Volume.Files) {
		return fmt.Errorf("%s: %w", files[0], errOtherContent)
	}
	next, closer, err := openVolume(ctx, p.image, k, p.key, scheme)
	if err != nil {
		return err
	}
	defer closer.Close()
	for _, path := range files {
		if err := verifyFile(path, k.Volume, next); err != nil {
			return err
		}
	}
	return nil
}

// verifyFile returns an error if a file is not what open writes.
func verifyFile(path string, v *cipher.Volume, open func(io.Writer) error) error {
	want, err := imagefile.ReadVoxels(path)
	switch {
	case err != nil:
		return err
	case want == nil || want.Extension != v.File:
		return fmt.Errorf("%s: %w", path, errOtherContent)
	}
	r, w := io.Pipe()
	want.Extension = "" // as it is unpacked
	go func() { w.CloseWithError(want.Write(w)) }()
	defer r.Close()
	c := &comparer{want: r}
	switch err := open(c); {
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
