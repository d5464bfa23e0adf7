// Package boundedfile reads whole files from anywhere, up to a size that the caller can take.
package boundedfile

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"keygan/internal/fileerr"
)

// Read reads the file at path, of at most limit bytes. kind, as in "an .npz archive", is what it should be. Errors read "path: reason".
func Read(path, kind string, limit int64) (content []byte, err error) {
	defer fileerr.Name(path, &err)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, fmt.Errorf("is a folder, not %s", kind)
	}
	// The size is only a hint: the file may be a pipe, or still growing.
	b := bytes.NewBuffer(make([]byte, 0, max(0, min(info.Size(), limit))+bytes.MinRead))
	n, err := b.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("is larger than %d bytes", limit)
	}
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
