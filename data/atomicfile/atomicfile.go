// Package atomicfile writes a file so that a reader sees all of it or none.
//
//	err := atomicfile.Write("scan.png", 0o644, false, func(w io.Writer) error { return png.Encode(w, m) })
//
// The content goes to a temporary file in the same folder, is flushed to the disk and only then takes the final name;
// when anything fails, or the process is killed, the final name keeps what it held before.
package atomicfile

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrExists reports that the target is there already and was not to be replaced.
var ErrExists = errors.New("already exists")

// Write calls write with a buffered writer and puts what it wrote at path, with permissions perm. An existing file is
// replaced only when overwrite is set; otherwise the error wraps ErrExists and nothing is touched. Every error names path.
func Write(path string, perm fs.FileMode, overwrite bool, write func(io.Writer) error) (err error) {
	if !overwrite {
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s: %w", path, ErrExists)
		}
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keygan-*.tmp")
	if err != nil {
		return fmt.Errorf("%s: %w", path, reason(err))
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
			err = fmt.Errorf("%s: %w", path, reason(err))
		}
	}()
	if err := f.Chmod(perm); err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<16)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	take := takeName
	if overwrite {
		take = os.Rename
	}
	if err := take(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// takeName renames a file to a name that must be free.
func takeName(from, path string) error {
	if err := giveName(from, path); err != nil {
		return err
	}
	if err := os.Remove(from); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// reason drops the temporary file's name from an error of the os package: it tells a user nothing.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	var le *os.LinkError
	if errors.As(err, &le) {
		return le.Err
	}
	return err
}

// syncDir makes the new name itself durable. File systems that cannot sync a folder say EINVAL, which loses nothing.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}
