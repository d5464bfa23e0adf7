// Package boundedfile reads whole files that come from anywhere: no more of one than the caller can take.
package boundedfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

// Read reads the file at path, of at most limit bytes; kind, as in "an .npz archive", is what it should be. Errors read
// "path: reason".
func Read(path, kind string, limit int64) ([]byte, error) {
	b, err := read(path, kind, limit)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

func read(path, kind string, limit int64) ([]byte, error) {
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
	room := 0
	if n := info.Size(); n > 0 && n <= limit {
		room = int(n)
	}
	b := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
	// The size is not believed: the file may be a pipe, or still growing.
	n, err := b.ReadFrom(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if n > limit {
		return nil, fmt.Errorf("is larger than %d bytes", limit)
	}
	return b.Bytes(), nil
}
