package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"keygan/internal/atomicfile"
	"keygan/internal/npz"
)

// A cacheIndex says what is in each row of a cache's array.
type cacheIndex struct {
	Transform string      `json:"transform"`
	Size      int         `json:"size"`
	Channels  int         `json:"channels"`
	Images    []cachedRow `json:"images"` // sorted
}

type cachedRow struct {
	cachePart
	CRC    uint32 `json:"crc32c"`           // of the row's pixels
	Absent bool   `json:"absent,omitempty"` // the image could not be read
}

// A cachePart is what an image is made from. Images that are the same part of the same bytes are one row.
type cachePart struct {
	File fileHash `json:"file"`
	Part string   `json:"part,omitempty"`

	state fileState // of the file that was hashed
}

func (p cachePart) compare(q cachePart) int {
	if c := bytes.Compare(p.File[:], q.File[:]); c != 0 {
		return c
	}
	return strings.Compare(p.Part, q.Part)
}

func (h fileHash) MarshalText() ([]byte, error) { return []byte(hex.EncodeToString(h[:])), nil }

func (h *fileHash) UnmarshalText(b []byte) error {
	if len(b) != 2*len(h) {
		return errors.New("not a SHA-256")
	}
	_, err := hex.Decode(h[:], b)
	return err
}

// path is where the cache with this index belongs.
func (x *cacheIndex) path(dir string) string {
	key := sha256.New()
	fmt.Fprintf(key, "keygan cache %s: %d %d\n", x.Transform, x.Size, x.Channels)
	for _, row := range x.Images {
		fmt.Fprintf(key, "%x %q\n", row.File, row.Part)
	}
	return filepath.Join(dir, fmt.Sprintf("images-%dx%dx%d-%x.npy", x.Size, x.Size, x.Channels, key.Sum(nil)[:12]))
}

func indexPath(array string) string { return strings.TrimSuffix(array, ".npy") + ".index" }

// header is what the array's file begins with.
func (x *cacheIndex) header() []byte {
	return npz.Header("|u1", []int{len(x.Images), x.Size, x.Size, x.Channels})
}

// rowBytes is the size of an image.
func (x *cacheIndex) rowBytes() int { return x.Size * x.Size * x.Channels }

// openCache opens the cache whose array is at path, when it is whole and, if want is given, holds just what that says.
func openCache(path string, want *cacheIndex) (*cacheFile, error) {
	f := &cacheFile{path: path}
	if err := readSealed(indexPath(path), &f.index); err != nil {
		return nil, err
	}
	x := &f.index
	if x.Transform != cacheTransform || x.Size < 1 || x.Size > 1<<14 || x.Channels != 1 && x.Channels != 3 {
		return nil, errDamagedCache
	}
	if want != nil {
		if x.Size != want.Size || x.Channels != want.Channels || len(x.Images) != len(want.Images) {
			return nil, errDamagedCache
		}
		for i, row := range x.Images {
			if row.compare(want.Images[i].cachePart) != 0 {
				return nil, errDamagedCache
			}
		}
	}
	head := x.header()
	f.header = len(head)
	var err error
	if f.pixels, err = mapFile(path, int64(len(head))+int64(len(x.Images))*int64(x.rowBytes())); err != nil {
		return nil, err
	}
	start := make([]byte, len(head))
	if err := f.pixels.read(start, 0); err != nil || !bytes.Equal(start, head) {
		return nil, errDamagedCache
	}
	return f, nil
}

// A sealed file is JSON below a line with its SHA-256.

const sealedMost = 1 << 28 // bytes

func writeSealed(path string, v any) error {
	b, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		return err
	}
	return atomicfile.Write(path, 0o600, true, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%x\n%s\n", sha256.Sum256(append(b, '\n')), b)
		return err
	})
}

func readSealed(path string, v any) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() > sealedMost || !info.Mode().IsRegular() {
		return errDamagedCache
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	seal, b, _ := bytes.Cut(b, []byte("\n"))
	if string(seal) != fmt.Sprintf("%x", sha256.Sum256(b)) {
		return errDamagedCache
	}
	return json.Unmarshal(b, v)
}

// knownHashes are the hashes of files that were found in earlier processes.
type knownHashes map[string]knownHash // by absolute path

type knownHash struct {
	Size     int64    `json:"size"`
	Modified int64    `json:"modified_ns"` // since 1970
	Hash     fileHash `json:"sha256"`
}

// mostHashes bounds what is remembered; beyond it, remembering starts again from nothing.
const mostHashes = 1 << 18

func hashesPath(dir string) string { return filepath.Join(dir, "hashes.index") }

// readHashes has this process remember what is written in dir.
func readHashes(dir string) knownHashes {
	known := knownHashes{}
	if readSealed(hashesPath(dir), &known) != nil {
		known = knownHashes{}
	}
	for path, k := range known {
		hashed.LoadOrStore(fileState{path, k.Size, k.Modified}, k.Hash)
	}
	return known
}

// write adds to dir what this process has found since. That it may fail, or that another process writes at the same time,
// costs no more than some hashing.
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
	if changed {
		writeSealed(hashesPath(dir), known)
	}
}
