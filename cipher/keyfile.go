package cipher

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"unicode"

	"keygan/data/raster"
	"keygan/internal/npz"
)

// KeyFileVersion is the newest key file format that this package reads. Each is written in the oldest that can hold it: see keyFileVersion.
const KeyFileVersion = 3

// keyFileVersion is 1 for images, 2 for a volume in one file, 3 for one in several.
func keyFileVersion(v *Volume) int {
	switch {
	case v == nil:
		return 1
	case v.Files == nil:
		return 2
	}
	return 3
}

// A KeyFile opens one cipher image of a Research cryptosystem. On disk (.key.npz) it is a NumPy archive that np.load reads. It has
// two arrays, or only meta where the system takes no key image:
//
//	key   uint8 [height, width, channels]   the raw key image
//	meta  uint8 [n]                         a JSON object: format_version, scheme, iterations, a, b, x0 and r (logistic),
//	                                        width, height, channels, depth (of the cipher image), sha256 (see Digest), name
//
// Whoever has it can open the image. It must be written with mode 0600, to a safe place.
type KeyFile struct {
	Scheme string
	Params Params

	// The cipher image: its shape and its Digest.
	Width, Height, Channels, Depth int
	SHA256                         [sha256.Size]byte

	// Name is the plain file's name without a folder, or that of a series. It may be empty.
	Name string

	Key *raster.Image // 8 bits, Width × Height, at least as many channels as the cipher image; nil where the system takes none

	Volume *Volume // what the cipher image holds if that is no image; the shape and Key are then those of all slices
}

// meta is the JSON object in a key file.
type meta struct {
	FormatVersion int     `json:"format_version"`
	Scheme        string  `json:"scheme"`
	Iterations    int     `json:"iterations"`
	A             int     `json:"a"`
	B             int     `json:"b"`
	X0            float64 `json:"x0,omitempty"`
	R             float64 `json:"r,omitempty"`
	Width         int     `json:"width"`
	Height        int     `json:"height"`
	Channels      int     `json:"channels"`
	Depth         int     `json:"depth"`
	SHA256        string  `json:"sha256"`
	Name          string  `json:"name"`
	Volume        *Volume `json:"volume,omitempty"` // from version 2 on
}

const (
	maxFile = 1 << 30 // bytes; a key of 12,000×12,000×4 is half of it
	maxName = 255     // bytes, as in most file systems
	maxSide = 1 << 20 // pixels; keeps products of sizes far from overflow
)

// CheckShape says whether a cipher image has the shape that the key file opens. If not, the error wraps ErrMismatch. It does not look at
// samples, so a caller can ask before reading them.
func (k *KeyFile) CheckShape(cipher *raster.Image) error {
	if k.Width == cipher.Width && k.Height == cipher.Height && k.Channels == cipher.Channels && k.Depth == cipher.Depth {
		return nil
	}
	return fmt.Errorf("the key file opens an image of %s, this one is %s: %w", k.shape(), cipher, ErrMismatch)
}

// shape is the cipher image without samples.
func (k *KeyFile) shape() *raster.Image {
	return &raster.Image{Width: k.Width, Height: k.Height, Channels: k.Channels, Depth: k.Depth}
}

// Write writes the key file. The same key file always gives the same bytes.
func (k *KeyFile) Write(w io.Writer) error {
	m, err := json.Marshal(meta{
		keyFileVersion(k.Volume), k.Scheme, k.Params.Iterations, k.Params.A, k.Params.B, k.Params.X0, k.Params.R,
		k.Width, k.Height, k.Channels, k.Depth, hex.EncodeToString(k.SHA256[:]), cleanName(k.Name), k.Volume,
	})
	if err != nil {
		return err
	}
	entries := []npz.Entry{npz.Bytes("meta", m)}
	if k.Key != nil {
		entries = append([]npz.Entry{npz.Bytes("key", k.Key.Pix, k.Key.Height, k.Key.Width, k.Key.Channels)}, entries...)
	}
	if k.Volume != nil {
		entries = append(entries, k.Volume.entries()...)
	}
	return npz.Write(w, entries...)
}

// ReadKeyFile reads and checks a key file. Its errors name path and what is wrong with the file.
func ReadKeyFile(path string) (*KeyFile, error) {
	arrays, err := npz.ReadFile(path, maxFile)
	if err != nil {
		return nil, err
	}
	return readArrays(path, arrays)
}

// ParseKeyFile is ReadKeyFile of a file's bytes. Its errors name name.
func ParseKeyFile(name string, b []byte) (*KeyFile, error) {
	arrays, err := npz.Open(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return readArrays(name, arrays)
}

func readArrays(name string, arrays *npz.Archive) (*KeyFile, error) {
	fail := func(err error) (*KeyFile, error) {
		return nil, fmt.Errorf("%s: not a usable key file: %w", name, err)
	}

	text, _, err := arrays.Bytes("meta")
	if err != nil {
		return fail(err)
	}
	k, err := parseMeta(text)
	if err != nil {
		return fail(err)
	}
	r, err := researchByName(k.Scheme)
	if err != nil {
		return fail(err)
	}
	want := 1 // arrays
	if r.About.Takes == KeyImage {
		want = 2
		key, shape, err := arrays.Bytes("key") // [height, width, channels]
		if err != nil {
			return fail(err)
		}
		if len(shape) != 3 || shape[0] != k.Height || shape[1] != k.Width || shape[2] < k.Channels || shape[2] > 4 {
			return fail(fmt.Errorf("array key has the shape %v, which does not fit an image of %d×%d with %d channels",
				shape, k.Width, k.Height, k.Channels))
		}
		k.Key = &raster.Image{Width: k.Width, Height: k.Height, Channels: shape[2], Depth: 8, Pix: key}
	} else if k.Volume == nil {
		if _, err = r.complete(k.Params, k.shape()); err != nil {
			return fail(err)
		}
	}
	if k.Volume != nil {
		n, err := k.Volume.read(arrays, r)
		if err != nil {
			return fail(err)
		}
		want += n
	}
	if n := len(arrays.Names()); n != want {
		return fail(fmt.Errorf("it holds %d arrays, not %d", n, want))
	}
	return k, nil
}

// parseMeta checks everything about the JSON that can be checked without the images.
func parseMeta(b []byte) (*KeyFile, error) {
	if len(b) > maxMeta {
		return nil, fmt.Errorf("array meta has %d bytes; at most %d are possible", len(b), maxMeta)
	}
	// The version first, leniently: a newer file may have fields that are not known here.
	var version struct {
		FormatVersion int `json:"format_version"`
	}
	if err := json.Unmarshal(b, &version); err != nil {
		return nil, fmt.Errorf("array meta is not JSON: %w", err)
	}
	switch v := version.FormatVersion; {
	case v > KeyFileVersion:
		return nil, fmt.Errorf("its format version is %d, newer than %d, the newest that this keygan reads", v, KeyFileVersion)
	case v < 1:
		return nil, fmt.Errorf("its format version is %d, which does not exist", v)
	}
	var m meta
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&m); err != nil {
		return nil, fmt.Errorf("array meta: %w", err)
	}
	sum, err := hex.DecodeString(m.SHA256)
	switch {
	case err != nil || len(sum) != sha256.Size:
		return nil, errors.New("its sha256 is not 64 hexadecimal digits")
	case m.Width < 1 || m.Width > maxSide || m.Height < 1 || m.Height > maxSide:
		return nil, fmt.Errorf("it gives an image of %d×%d, which is impossible", m.Width, m.Height)
	case m.Channels < 1 || m.Channels > 4 || (m.Depth != 8 && m.Depth != 16):
		return nil, fmt.Errorf("it gives an image of %d channels of %d bits, which is impossible", m.Channels, m.Depth)
	case m.Iterations < 0 || m.Iterations > MaxIterations:
		return nil, fmt.Errorf("%d iterations of the cat map; at most %d are possible", m.Iterations, MaxIterations)
	case m.Name != cleanName(m.Name):
		return nil, errors.New("its file name has a folder or characters that no file name should have")
	case m.FormatVersion != keyFileVersion(m.Volume):
		return nil, fmt.Errorf("its format version is %d, which does not fit what it opens", m.FormatVersion)
	}
	if m.Volume != nil {
		if err := m.Volume.check(&m); err != nil {
			return nil, err
		}
	}
	return &KeyFile{
		Scheme: m.Scheme, Params: Params{m.Iterations, m.A, m.B, m.X0, m.R},
		Width: m.Width, Height: m.Height, Channels: m.Channels, Depth: m.Depth,
		SHA256: [sha256.Size]byte(sum), Name: m.Name, Volume: m.Volume,
	}, nil
}

// cleanName is the last element of a path, at most maxName bytes, with everything replaced that could do harm when it is printed, such as
// control characters and invalid UTF-8.
func cleanName(name string) string {
	if name == "" {
		return ""
	}
	name = filepath.Base(filepath.ToSlash(name))
	if name == "." || name == ".." {
		return "_"
	}
	name = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == unicode.ReplacementChar || r == '\\' || r == '/' {
			return '_'
		}
		return r
	}, name)
	for len(name) > maxName {
		runes := []rune(name)
		name = string(runes[:len(runes)-1])
	}
	return name
}
