// Package volume finds and reads the volumes that are encrypted with a key for each slice: in one file, or in a series of DICOM files with a
// slice each, as scanners write them.
//
//	inputs, leftOut, failed := job.Collect(paths, wanted)
//	inputs = volume.Find(ctx, inputs, volume.Stored) // the files of a series are one input, all others stay as they are
//	v, err := volume.Read(ctx, inputs[0])
package volume

import (
	"context"
	"errors"
	"path/filepath"

	"keygan/batch/job"
	"keygan/cipher"
	"keygan/data/imagefile"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
)

// A Volume is about to be encrypted.
type Volume struct {
	cipher.Volume
	Data []byte // the voxels: [Slices, Height, Width, Bytes]

	before []job.Snapshot
}

// Unchanged returns a file whose writing fails in the end if an input has been changed since it was read.
func (v *Volume) Unchanged(f atomicfile.File) atomicfile.File {
	for _, s := range v.before {
		f = s.Unchanged(f)
	}
	return f
}

// Read reads the voxels of a file or a series. It returns nil for what is to be encrypted as an image.
func Read(ctx context.Context, in job.Input) (*Volume, error) {
	s, err := job.TakeSnapshot(in.Path)
	if err != nil {
		return nil, err
	}
	first, err := imagefile.ReadVoxels(in.Path)
	if first == nil || err != nil {
		return nil, withoutVoxels(in.Path, err)
	}
	v := &Volume{before: []job.Snapshot{s}, Data: first.Data, Volume: cipher.Volume{
		Slices: first.Slices, Height: first.Height, Width: first.Width, Bytes: first.Bytes,
		File: first.Extension, Head: first.Head, Tail: first.Tail,
	}}
	if in.Series == nil {
		return v, nil
	}
	v.Slices, v.Head, v.Tail, v.before, v.Data = 0, nil, nil, nil, make([]byte, 0, len(in.Series)*len(first.Data))
	for _, path := range in.Series {
		if ctx.Err() != nil {
			return nil, fileerr.Named(path, failure.ErrInterrupted)
		}
		if s, err = job.TakeSnapshot(path); err != nil {
			return nil, err
		}
		f, err := imagefile.ReadVoxels(path)
		if err != nil {
			return nil, err
		}
		if f == nil || f.Slices != first.Slices || f.Height != v.Height || f.Width != v.Width || f.Bytes != v.Bytes {
			return nil, fileerr.Named(path, job.ErrInputChanged) // since it was found to belong to the series
		}
		v.Slices += f.Slices
		v.Files = append(v.Files, cipher.SeriesFile{Name: filepath.Base(path), Head: len(f.Head), Tail: len(f.Tail)})
		v.Head, v.Tail, v.Data = append(v.Head, f.Head...), append(v.Tail, f.Tail...), append(v.Data, f.Data...)
		v.before = append(v.before, s)
	}
	return v, nil
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
