// Package fileerr words errors about files. Whoever reports one names the file first, so the path and the operation that package os puts
// into its errors would say it twice.
package fileerr

import (
	"errors"
	"io/fs"
)

// Reason returns what went wrong without the operation and the path.
func Reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
