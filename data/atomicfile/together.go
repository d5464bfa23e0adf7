package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
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
// error names the file or the folder. Were the process killed while the files take their names, the first of them would be
// there and the last not.
func WriteAll(overwrite bool, files ...File) error {
	if len(files) == 0 {
		return nil
	}
	dir := filepath.Dir(files[0].Path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("%s: %w", dir, reason(err))
	}
	if len(files) == 1 {
		return Write(files[0].Path, files[0].Perm, overwrite, files[0].Write)
	}
	return writeTogether(dir, overwrite, files)
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

// writeTogether writes all files into a hidden folder beside their names first: what can go wrong, goes wrong there. Then
// they take their names, and if one cannot, those before it give theirs back.
func writeTogether(dir string, overwrite bool, files []File) (err error) {
	if !overwrite {
		for _, f := range files {
			if _, err := os.Lstat(f.Path); err == nil {
				return fmt.Errorf("%s: %w", f.Path, ErrExists)
			}
		}
	}
	stage, err := os.MkdirTemp(dir, ".keygan-*.tmp")
	if err != nil {
		return fmt.Errorf("%s: %w", dir, reason(err))
	}
	defer os.RemoveAll(stage)
	for i, f := range files {
		if err := Write(staged(stage, "new", i), f.Perm, false, f.Write); err != nil {
			return fmt.Errorf("%s: %w", f.Path, errors.Unwrap(err)) // under the name that a user knows
		}
	}
	for i, f := range files {
		if err := place(stage, i, f.Path, overwrite); err != nil {
			for j := range i {
				takeBack(stage, j, files[j].Path)
			}
			return fmt.Errorf("%s: %w", f.Path, reason(err))
		}
	}
	return syncDir(dir)
}

func staged(stage, what string, i int) string { return filepath.Join(stage, what+strconv.Itoa(i)) }

// place gives staged file i its name. What the name stood for before is kept in the stage until all is done.
func place(stage string, i int, path string, overwrite bool) error {
	from := staged(stage, "new", i)
	if !overwrite {
		return takeName(from, path)
	}
	if info, err := os.Lstat(path); err == nil && info.IsDir() {
		return syscall.EISDIR
	}
	old := staged(stage, "old", i)
	if err := os.Link(path, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		// No hard links here: the old file steps aside for a moment.
		if err := os.Rename(path, old); err != nil {
			return err
		}
	}
	return os.Rename(from, path)
}

func takeBack(stage string, i int, path string) {
	if os.Rename(staged(stage, "old", i), path) != nil {
		os.Remove(path)
	}
}
