package dataset

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"keygan/internal/fileerr"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A fileHash is the SHA-256 of a file's content: the same for every copy, wherever it lies and whatever it is called.
type fileHash [sha256.Size]byte

// A fileState is what changes when a file does. While it stays the same, the content is taken to be the same.
type fileState struct {
	path     string // absolute
	size     int64
	modified int64 // nanoseconds since 1970
}

func stateOf(path string, info os.FileInfo) fileState {
	return fileState{path, info.Size(), info.ModTime().UnixNano()}
}

// isCurrent reports whether the file is still as it was.
func isCurrent(s fileState) bool {
	info, err := os.Stat(s.path)
	return err == nil && stateOf(s.path, info) == s
}

// settled is how long ago a file must have been changed for its state to be remembered: within the granularity of a file
// system's clock it might be changed again and keep its state.
const settled = 2 * time.Second

// hashed remembers the hashes found by this process, so that the sides of a split, and a cache of them, read each file once.
var hashed sync.Map // fileState to fileHash

// hashFile returns the hash of the file at path, and the state that the file was in. It ends early when ctx does.
func hashFile(ctx context.Context, path string) (h fileHash, state fileState, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s: %w", path, fileerr.Reason(err))
		}
	}()
	full, err := filepath.Abs(path)
	if err != nil {
		return h, state, err
	}
	f, err := os.Open(path)
	if err != nil {
		return h, state, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return h, state, err
	}
	state = stateOf(full, info)
	if known, ok := hashed.Load(state); ok {
		return known.(fileHash), state, nil
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, while{ctx, f}); err != nil {
		return h, state, err
	}
	sum.Sum(h[:0])
	if time.Since(info.ModTime()) > settled {
		hashed.Store(state, h)
	}
	return h, state, nil
}

// while reads for as long as ctx has not ended.
type while struct {
	ctx context.Context
	io.Reader
}

func (r while) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// fileOf is the file that image i comes from, as the source says or, if it does not, as the image's name does: "file" or
// "file#12". An image that comes from no file gives "".
func fileOf(src Source, i int) string {
	if path, _ := locate(src, i); path != "" {
		return path
	}
	name := src.Name(i)
	if isFile(name) {
		return name
	}
	at := strings.LastIndexByte(name, '#')
	if at < 0 || strings.Trim(name[at+1:], "0123456789") != "" || !isFile(name[:at]) {
		return ""
	}
	return name[:at]
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// hashesOf finds for every image of a source the hash of its file, or of its name when it comes from none. Several files are
// read at once.
func hashesOf(ctx context.Context, src Source) ([]fileHash, error) {
	all := make([]fileHash, src.Len())
	images := map[string][]int{} // by file
	for i := range all {
		if path := fileOf(src, i); path != "" {
			images[path] = append(images[path], i)
		} else {
			all[i] = sha256.Sum256([]byte(src.Name(i)))
		}
	}
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for path, of := range images {
		work.Go(func() error {
			h, _, err := hashFile(ctx, path)
			for _, i := range of {
				all[i] = h
			}
			return err
		})
	}
	err := work.Wait()
	if err != nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return all, err
}
