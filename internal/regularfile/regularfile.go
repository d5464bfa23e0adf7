// Package regularfile opens files that somebody else named. It refuses folders, pipes and devices, whose opening can have effects or
// never end.
package regularfile

import (
	"errors"
	"fmt"
	"io"
	"os"

	"keygan/internal/fileerr"
)

// Open opens a file for reading. Errors read "path: reason".
func Open(path string) (*os.File, error) {
	f, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, fileerr.Reason(err))
	}
	return f, nil
}

var errNotRegular = errors.New("not a regular file")

func open(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, errNotRegular
	}
	f, err := os.OpenFile(path, os.O_RDONLY|withoutWaiting, 0)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err == nil && !info.Mode().IsRegular() { // a pipe has taken its place
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
