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

// A fileState changes when a file does. While it stays the same, the content is taken to be the same.
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

// settled is how long ago a file must have changed for its state to be remembered. Within the granularity of a file system's clock it
// might change again and keep its state.
const settled = 2 * time.Second

// hashed remembers the hashes that this process found, so that the sides of a split and a cache of them read each file once.
var hashed sync.Map // fileState to fileHash

// hashFile returns the hash of the file at path and the state that the file was in. It ends early when ctx does.
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
	if _, err := io.Copy(sum, interruptible{ctx, f}); err != nil {
		return h, state, err
	}
	sum.Sum(h[:0])
	if time.Since(info.ModTime()) > settled {
		hashed.Store(state, h)
	}
	return h, state, nil
}

// An interruptible reader reads until ctx ends.
type interruptible struct {
	ctx context.Context
	io.Reader
}

func (r interruptible) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// fileOf is the file that image i comes from, as the source says, or else as the image's name says: "file" or "file#12". It is "" for an
// image that comes from no file.
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

// filesOf groups the images of a source by the file that it says they come from.
func filesOf(src Source) map[string][]int {
	files := map[string][]int{}
	for i := range src.Len() {
		if path, _ := locate(src, i); path != "" {
			files[path] = append(files[path], i)
		}
	}
	return files
}

// hashEach hashes files, several at once, and calls found with each and its images, by several goroutines. It ends early when ctx does.
func hashEach(ctx context.Context, files map[string][]int,
	found func(images []int, h fileHash, state fileState, err error) error) error {
	var work errgroup.Group
	work.SetLimit(runtime.GOMAXPROCS(0))
	for path, images := range files {
		work.Go(func() error {
			h, state, err := hashFile(ctx, path)
			return found(images, h, state, err)
		})
	}
	err := work.Wait()
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// hashesOf finds for every image of a source the hash of its file, or of its name if it comes from no file.
func hashesOf(ctx context.Context, src Source) ([]fileHash, error) {
	all := make([]fileHash, src.Len())
	files := map[string][]int{}
	for i := range all {
		if path := fileOf(src, i); path != "" {
			files[path] = append(files[path], i)
		} else {
			all[i] = sha256.Sum256([]byte(src.Name(i)))
		}
	}
	err := hashEach(ctx, files, func(images []int, h fileHash, _ fileState, err error) error {
		for _, i := range images {
			all[i] = h
		}
		return err
	})
	return all, err
}
