package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A File is a file to be written: its final name, its permissions, and what writes its content.
type File struct {
	Path  string
	Perm  fs.FileMode
	Write func(io.Writer) error
}

// WriteAll writes files that belong together, which lie in the same folder: all of them or, after an error, none. The folder
// is made if need be. Existing files are replaced only when overwrite is set; otherwise the error wraps ErrExists. Every
// error names the file or the folder.
//
// Were the process killed while the files take their names, the first of them would be there and the last not; the next
// WriteAll of the same files, or Recover, then gives the rest their names. Never do the files of two calls lie there mixed, in
// one process or in several: the last file's name stands for all of them, and while somebody writes files of this last name
// to the folder, the error for everybody else wraps ErrBusy.
func WriteAll(overwrite bool, files ...File) error {
	if len(files) == 0 {
		return nil
	}
	dir := filepath.Dir(files[0].Path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: %w", dir, reason(err))
	}
	s, err := openStage(dir, filepath.Base(files[len(files)-1].Path))
	if err != nil {
		return fmt.Errorf("%s: %w", files[len(files)-1].Path, reason(err))
	}
	defer s.close()
	if !overwrite {
		if err := noneExists(files); err != nil {
			return err
		}
	}
	for i, f := range files {
		if err := s.write(i, f); err != nil {
			return fmt.Errorf("%s: %w", f.Path, reason(err))
		}
	}
	if i, err := s.place(overwrite, files); err != nil {
		return fmt.Errorf("%s: %w", files[i].Path, reason(err))
	}
	return syncDir(dir)
}

func noneExists(files []File) error {
	for _, f := range files {
		if _, err := os.Lstat(f.Path); err == nil {
			return fmt.Errorf("%s: %w", f.Path, ErrExists)
		}
	}
	return nil
}

// Recover deals with what WriteAll left in a folder when its process was killed: files that were all whole get their names, the
// others are removed. What another process is still writing stays as it is, as does a folder that is not there.
func Recover(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, reason(err))
	}
	for _, e := range entries {
		if left, _ := filepath.Match(stagePattern, e.Name()); !left || !e.IsDir() {
			continue
		}
		s, err := lockStage(dir, filepath.Join(dir, e.Name()))
		switch {
		case err == nil:
			s.close()
		case !errors.Is(err, ErrBusy) && !errors.Is(err, fs.ErrNotExist):
			return fmt.Errorf("%s: %w", filepath.Join(dir, e.Name()), reason(err))
		}
	}
	return nil
}

// Probe says why files cannot be written into a folder, which may have yet to be made: better known before hours of work
// than after them.
func Probe(dir string) error {
	at := dir
	info, err := os.Stat(at)
	for errors.Is(err, fs.ErrNotExist) && filepath.Dir(at) != at {
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	if err == nil && !info.IsDir() {
		err = syscall.ENOTDIR
	}
	if err == nil {
		var probe string
		if probe, err = os.MkdirTemp(at, ".keygan-*.tmp"); err == nil {
			err = os.Remove(probe)
		}
	}
	if err != nil {
		return fmt.Errorf("%s: %w", dir, reason(err))
	}
	return nil
}
