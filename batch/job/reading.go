package job

import (
	"context"
	"errors"
	"io"
	"os"

	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/fileerr"
)

// ErrInputChanged reports an input that another program wrote to.
var ErrInputChanged = errors.New("its input was changed while it was being read")

// A Snapshot tells whether a file was changed while it was being read.
type Snapshot struct {
	Path string
	Info os.FileInfo
}

// TakeSnapshot is to be called before the file at path is read.
func TakeSnapshot(path string) (Snapshot, error) {
	info, err := os.Stat(path)
	return Snapshot{path, info}, fileerr.Named(path, err)
}

// Unchanged returns a file whose writing fails in the end if the input has been changed since the snapshot.
func (s Snapshot) Unchanged(f atomicfile.File) atomicfile.File {
	write := f.Write
	f.Write = func(w io.Writer) error { return s.Check(write(w)) }
	return f
}

// Check returns the error of reading the input or, if there is none, one if the input has been changed since the snapshot.
func (s Snapshot) Check(err error) error {
	if err != nil {
		return err
	}
	now, err := os.Stat(s.Path)
	if err != nil || !os.SameFile(now, s.Info) || now.Size() != s.Info.Size() || !now.ModTime().Equal(s.Info.ModTime()) {
		return ErrInputChanged
	}
	return nil
}

// UntilInterrupted reads until the process is told to end, so that a long file does not hold it up.
type UntilInterrupted struct {
	Ctx  context.Context
	R    io.Reader
	Path string // that errors name, or ""
}

// Read implements io.Reader.
func (u UntilInterrupted) Read(p []byte) (int, error) {
	if u.Ctx.Err() != nil {
		return 0, failure.ErrInterrupted
	}
	n, err := u.R.Read(p)
	if err != io.EOF && u.Path != "" {
		err = fileerr.Named(u.Path, err)
	}
	return n, err
}
