// Package fileerr words errors about files. Whoever reports such an error names the file first, so the path and the operation that package
// os puts into its errors would say it twice.
package fileerr

import (
	"errors"
	"fmt"
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
