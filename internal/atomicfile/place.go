package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// place gives files their names in order. If file number failed cannot take its name, those before it give theirs back.
func place(dir directory, overwrite bool, files []*temporary) (failed int, err error) {
	if len(files) > 1 { // a single file takes its name in one step, and its folder may be locked for something else, like a training run's
		_, unlock, err := lockFolder(dir)
		if err != nil {
			return 0, err
		}
		defer unlock()
	}
	take := func(t *temporary) error { return addName(dir, t.name, t.final) }
	if overwrite {
		for i, t := range files {
			if info, err := dir.Lstat(t.final); err == nil && info.IsDir() {
				return i, syscall.EISDIR
			}
		}
		last := files[len(files)-1]
		if old, err := dir.Lstat(last.final); err == nil {
			last.old = old
		}
		take = func(t *temporary) error {
			if t != last {
				if err := t.keepOld(dir); err != nil {
					return err
				}
			}
			return dir.Rename(t.name, t.final)
		}
	}
	for i, t := range files {
		err := take(t)
		if err == nil && !isFile(dir, t.final, t.info) {
			err = errSwapped
		}
		if err != nil {
			giveBack(dir, files[:i+1])
			return i, err
		}
	}
	for i, t := range files {
		if err := removeIf(dir, t.name, t.info); err != nil {
			giveBack(dir, files)
			return i, err
		}
	}
	return 0, nil
}

// addName gives a file a further name, which must be free. A link, unlike a rename, never replaces another file. On a file system without
// links the file loses its first name, and replaces the file of a program that takes the name at the same moment without a lock.
func addName(dir directory, from, to string) error {
	err := dir.Link(from, to)
	if errors.Is(err, fs.ErrExist) {
		return ErrExists
	}
	if err == nil || !noLinks(err) {
		return err
	}
	switch _, err := dir.Lstat(to); {
	case err == nil:
		return ErrExists
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	return dir.Rename(from, to)
}

// noLinks reports whether linking failed because the file system has no links, or none for this file. Number 1 is EPERM on Unix and
// ERROR_INVALID_FUNCTION on Windows. The other errors of this kind are ErrUnsupported.
func noLinks(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.Errno(1)) || errors.Is(err, syscall.EMLINK)
}

// giveBack undoes the placing of files. The last of them may have been placed or not.
func giveBack(dir directory, files []*temporary) {
	for _, t := range slices.Backward(files) {
		_, err := dir.Lstat(t.final)
		free := errors.Is(err, fs.ErrNotExist)
		switch {
		case t.spare == "":
			removeIf(dir, t.final, t.info)
		case isFile(dir, t.final, t.old): // a rename between two names of one file does nothing
			removeIf(dir, t.spare, t.old)
		case free || isFile(dir, t.final, t.info):
			dir.Rename(t.spare, t.final)
		}
		t.spare = ""
	}
}

// mostSpares is the number of spare names of a file.
const mostSpares = 99

func spareName(path string, i int) string { return fmt.Sprintf("%s~%d", path, i) }

// keepOld gives the file that is about to be replaced a free spare name. A spare that exists may be the only key to an image.
func (t *temporary) keepOld(dir directory) error {
	old, err := dir.Lstat(t.final)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for i := 1; err == nil && i <= mostSpares; i++ {
		spare := spareName(t.final, i)
		err := addName(dir, t.final, spare)
		if err == nil {
			t.spare, t.old = spare, old
		}
		if !errors.Is(err, ErrExists) {
			return err
		}
	}
	return errors.Join(err, errNoSpare)
}

var errNoSpare = fmt.Errorf("all spare names up to %s are taken", spareName("", mostSpares))

// Spares returns the spare names of a file that exist, NAME~1 to NAME~99. A process that was killed while it replaced a group of files
// leaves the old files there, so that a last file that it did not replace stays usable.
func Spares(path string) []string {
	var spares []string
	for i := 1; i <= mostSpares; i++ {
		spare := spareName(filepath.Clean(path), i)
		if info, err := os.Lstat(spare); err == nil && info.Mode().IsRegular() {
			spares = append(spares, spare)
		}
	}
	return spares
}

// removeSpares removes those spare names of a file that only the owner can read, like key files.
func removeSpares(dir directory, name string) {
	for i := 1; i <= mostSpares; i++ {
		spare := spareName(name, i)
		if info, err := dir.Lstat(spare); err == nil && info.Mode() == 0o600 {
			removeIf(dir, spare, info)
		}
	}
}
