package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"keygan/internal/atomicfile"
	"keygan/internal/boundedfile"
)

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
