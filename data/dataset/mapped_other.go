//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package dataset

import (
	"context"
	"os"
)

// mapFile opens a file of just size bytes.
func mapFile(path string, size int64) (mapping, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err := f.Stat(); err != nil || info.Size() != size {
		f.Close()
		return nil, errDamagedCache
	}
	return openFile{f}, nil
}

// lockFile does nothing: two processes may do the same work, each under a temporary name of its own.
func lockFile(context.Context, string, func()) (unlock func(), err error) { return func() {}, nil }
