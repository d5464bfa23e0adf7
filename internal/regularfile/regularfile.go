// Package regularfile opens files that somebody else named. It refuses folders, pipes and devices, whose opening can have effects or
// never end.
package regularfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"syscall"

	"keygan/internal/fileerr"
)

var errNotRegular = errors.New("not a regular file")

// Open opens a file for reading. Errors read "path: reason".
func Open(path string) (f *os.File, err error) {
	return open(path, os.Stat, os.OpenFile)
}

// OpenIn opens a file in a folder that nothing leads out of. Errors read "name: reason".
func OpenIn(folder *os.Root, name string) (f *os.File, err error) {
	return open(name, folder.Stat, folder.OpenFile)
}

func open(path string, stat func(string) (fs.FileInfo, error), openFile func(string, int, fs.FileMode) (*os.File, error)) (f *os.File, err error) {
	defer fileerr.Name(path, &err)
	if info, err := stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err = openFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe opens at once, and not when somebody writes to it
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() { // a pipe has taken its place
		err = errNotRegular
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// StartsWith reports whether a file begins with intro. It is false for whatever cannot be opened.
func StartsWith(path, intro string) bool {
	f, err := Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, len(intro))
	n, _ := io.ReadFull(f, start)
	return string(start[:n]) == intro
}
