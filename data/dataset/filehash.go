package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"keygan/internal/atomicfile"
	"keygan/internal/boundedfile"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"keygan/internal/fileerr"
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

// settled is how old a change must be for a state to be remembered: within the tick of a file system's clock, another may not show.
const settled = 2 * time.Second

// hashed remembers the hashes that this process found, so that the sides of a split and a cache of them read each file once.
var hashed sync.Map // fileState to fileHash

// hashFile returns the hash of the file at path and the state that the file was in. It ends early when ctx does.
func hashFile(ctx context.Context, path string) (h fileHash, state fileState, err error) {
	defer fileerr.Name(path, &err)
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
	for err == nil {
		if err = ctx.Err(); err == nil {
			_, err = io.CopyN(sum, f, 1<<20)
		}
	}
	if err != io.EOF {
		return h, state, err
	}
	sum.Sum(h[:0])
	if time.Since(info.ModTime()) > settled {
		hashed.Store(state, h)
	}
	return h, state, nil
}

// fileOf is the file that the source, or else the image's name ("file" or "file#12"), says that image i comes from, or "".
func fileOf(src Source, i int) string {
	if path := locatedFile(src, i); path != "" {
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

// locatedFile is the file that the source says image i comes from.
func locatedFile(src Source, i int) string {
	path, _ := locate(src, i)
	return path
}

// filesOf groups the images of a source by the file that they come from, without those that come from none.
func filesOf(src Source, fileOf func(src Source, i int) string) map[string][]int {
	files := map[string][]int{}
	for i := range src.Len() {
		if path := fileOf(src, i); path != "" {
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
		err = context.Cause(ctx)
	}
	return err
}

// hashesOf finds for every image of a source the hash of its file, or of its name if it comes from no file.
func hashesOf(ctx context.Context, src Source) ([]fileHash, error) {
	all := make([]fileHash, src.Len())
	for i := range all {
		all[i] = sha256.Sum256([]byte(src.Name(i)))
	}
	err := hashEach(ctx, filesOf(src, fileOf), func(images []int, h fileHash, _ fileState, err error) error {
		for _, i := range images {
			all[i] = h
		}
		return err
	})
	return all, err
}

// Digest identifies the content of a source in 64 hexadecimal digits: the SHA-256 of the hash of each image's file and the part of the
// file that the image is, in the order of the source. Drawn images count by their names. Names and places of files do not matter.
func Digest(ctx context.Context, src Source) (string, error) {
	hashes, err := hashesOf(ctx, src)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for i, h := range hashes {
		_, part := locate(src, i)
		fmt.Fprintf(sum, "%x %q\n", h, part)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// FileHashes returns for each image of a source the SHA-256 of its file in hexadecimal digits, or "" for an image that comes from no file.
func FileHashes(ctx context.Context, src Source) ([]string, error) {
	hashes, err := hashesOf(ctx, src)
	all := make([]string, len(hashes))
	for i, h := range hashes {
		if fileOf(src, i) != "" {
			all[i] = hex.EncodeToString(h[:])
		}
	}
	return all, err
}

// An Identity says which image an image of a source is, wherever it lies and whatever it is called.
type Identity struct {
	SHA256  string // of its file, in hexadecimal digits; of a drawn image, of the words that say which it is
	Part    string // of the file, as Locate tells it
	Patient string // see Patient
}

// Identities are those of the images of a source.
func Identities(ctx context.Context, src Source) ([]Identity, error) {
	hashes, err := hashesOf(ctx, src)
	all := make([]Identity, len(hashes))
	for i, h := range hashes {
		if words := drawn(src, i); words != "" {
			h = sha256.Sum256([]byte("drawn: " + words))
		}
		_, part := locate(src, i)
		all[i] = Identity{hex.EncodeToString(h[:]), part, Patient(src.Name(i))}
	}
	return all, err
}

// drawn says which image a drawn one is, or nothing of others.
func drawn(src Source, i int) string {
	if s, ok := src.(interface{ Drawn(i int) string }); ok {
		return s.Drawn(i)
	}
	return ""
}

// knownHashes are the hashes of files that earlier processes found, by absolute path.
type knownHashes map[string]knownHash

type knownHash struct {
	Size     int64    `json:"size"`
	Modified int64    `json:"modified_ns"` // since 1970
	Hash     fileHash `json:"sha256"`
}

const (
	// mostHashes bounds what is remembered. Beyond it, remembering starts again from nothing.
	mostHashes      = 1 << 18
	mostHashesBytes = 1 << 28
)

func (h fileHash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

func (h *fileHash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return errors.New("not a SHA-256")
	}
	_, err := hex.Decode(h[:], b)
	return err
}

func hashesPath(dir string) string { return filepath.Join(dir, "hashes.index") }

// readHashes reads JSON below a line with its SHA-256, since a damaged hash would put an image on the wrong side of a split.
func readHashes(dir string) knownHashes {
	known := knownHashes{}
	if !isFile(hashesPath(dir)) { // opening a pipe would wait
		return known
	}
	b, err := boundedfile.Read(hashesPath(dir), "remembered hashes", mostHashesBytes)
	seal, b, _ := bytes.Cut(b, []byte("\n"))
	if err != nil || string(seal) != fmt.Sprintf("%x", sha256.Sum256(b)) || json.Unmarshal(b, &known) != nil {
		return knownHashes{}
	}
	for path, k := range known {
		hashed.LoadOrStore(fileState{path, k.Size, k.Modified}, k.Hash)
	}
	return known
}

// write adds to dir what this process has found since. Failing, or losing to another process, costs only some hashing.
func (known knownHashes) write(dir string) {
	changed := false
	hashed.Range(func(state, hash any) bool {
		s := state.(fileState)
		k := knownHash{s.size, s.modified, hash.(fileHash)}
		if known[s.path] != k && isCurrent(s) {
			known[s.path], changed = k, true
		}
		return true
	})
	if len(known) > mostHashes {
		clear(known)
	}
	if !changed {
		return
	}
	if b, err := json.MarshalIndent(known, "", " "); err == nil {
		atomicfile.Write(hashesPath(dir), 0o600, true, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%x\n%s", sha256.Sum256(b), b)
			return err
		})
	}
}
