// Package fileerr words errors about files. Whoever reports such an error names the file first, so the path and the operation that package
// os puts into its errors would say it twice.
package fileerr

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Name makes an error read "path: reason". It is deferred by functions that return errors about one file.
func Name(path string, err *error) {
	if *err != nil {
		*err = fmt.Errorf("%s: %w", path, Reason(*err))
	}
}

// Reason returns what went wrong without the operation and the paths.
func Reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path):
		return path.Err
	case errors.As(err, &link):
		return link.Err
	}
	return err
}

// Named returns an error as "path: reason", and nil for nil.
func Named(path string, err error) error {
	Name(path, &err)
	return err
}

// A Writer remembers the first error of W.
type Writer struct {
	W   io.Writer
	Err error
}

func (w *Writer) Write(b []byte) (int, error) {
	n, err := w.W.Write(b)
	if w.Err == nil {
		w.Err = err
	}
	return n, err
}
