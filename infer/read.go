package infer

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/sbinet/npyio/npy"
)

const (
	// maxFileBytes bounds a file: all the weights there may be, and room for headers.
	maxFileBytes = 4*maxWeights + 1<<24

	// maxArchBytes bounds the JSON of an architecture; that of the published generator is 3 kB.
	maxArchBytes = 1 << 18

	// maxInflation bounds what an archive may unpack to, in multiples of its own length. Weights hardly shrink, so that no
	// real file comes near; deflate alone would allow a thousand.
	maxInflation = 16
)

// ReadFile reads generator.npz. The error names path, and the array at fault if there is one.
func ReadFile(path string) (*Model, error) {
	f, err := os.Open(path)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	b, err := readAll(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return Read(path, b)
}

// readAll reads f, whose size is not believed: it may be a pipe, or still growing.
func readAll(f *os.File) ([]byte, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.IsDir() {
		return nil, errors.New("is a folder, not a file of weights")
	}
	var buf bytes.Buffer
	if n := info.Size(); n > 0 && n <= maxFileBytes {
		buf.Grow(int(n) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return nil, err
	}
	if n > maxFileBytes {
		return nil, fmt.Errorf("is larger than %d bytes, the most that weights can take", maxFileBytes)
	}
	return buf.Bytes(), nil
}

// Read reads generator.npz from b; name stands for the file in errors. It returns an error for an array that is missing,
// unknown, there twice, of another shape or type, or with a number that is not finite; for an architecture that Validate
// refuses or that is of a newer format; and for an archive that is cut short or unpacks to far more than its own length.
func Read(name string, b []byte) (*Model, error) {
	m, err := read(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

func read(b []byte) (*Model, error) {
	entries, err := openArchive(b)
	if err != nil {
		return nil, err
	}
	a, err := readArch(entries[archEntry])
	if err != nil {
		return nil, fmt.Errorf("array %s: %w", archEntry, err)
	}
	params := make(map[string]Array, len(a.Layers))
	for _, p := range a.Params() {
		data, err := readFloats(entries[p.Name], p.Shape)
		if err != nil {
			return nil, fmt.Errorf("array %s: %w", p.Name, err)
		}
		params[p.Name] = Array{p.Shape, data}
	}
	for name := range entries {
		if _, ok := params[name]; !ok && name != archEntry {
			return nil, fmt.Errorf("array %.100q: the architecture has no such parameter", name)
		}
	}
	return newModel(a, params), nil
}

// openArchive lists the arrays of a .npz archive by name, without having unpacked any.
func openArchive(b []byte) (map[string]*zip.File, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("not a whole .npz archive (%w)", err)
	}
	entries := make(map[string]*zip.File, min(len(z.File), maxLayers+1))
	room := uint64(maxInflation)*uint64(len(b)) + maxArchBytes
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, fmt.Errorf("holds %.100q, which is not an array", f.Name)
		}
		if _, ok := entries[name]; ok {
			return nil, fmt.Errorf("array %.100q: there twice", name)
		}
		if f.UncompressedSize64 > room {
			return nil, fmt.Errorf("array %.100q: unpacks to more than %d times the file's length", name, maxInflation)
		}
		room -= f.UncompressedSize64
		entries[name] = f
	}
	return entries, nil
}

// readArch reads and checks the architecture.
func readArch(f *zip.File) (Arch, error) {
	h, r, err := openEntry(f)
	if err != nil {
		return Arch{}, err
	}
	defer r.Close()
	if h.Descr.Type != "|u1" || len(h.Descr.Shape) != 1 {
		return Arch{}, fmt.Errorf("is %.20s %v, must be |u1 (bytes) in one dimension", h.Descr.Type, h.Descr.Shape)
	}
	n := h.Descr.Shape[0]
	if n < 0 || n > maxArchBytes {
		return Arch{}, fmt.Errorf("declares %d bytes, more than %d", n, maxArchBytes)
	}
	text, err := readBody(r, n)
	if err != nil {
		return Arch{}, err
	}
	return parseArch(text)
}

// parseArch reads the JSON of an architecture. The version comes first: a newer one may have fields unknown here.
func parseArch(text []byte) (a Arch, err error) {
	var version struct {
		FormatVersion *int `json:"format_version"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return a, fmt.Errorf("not the JSON of an architecture: %.200s", err)
	}
	if version.FormatVersion == nil {
		return a, errors.New("not the JSON of an architecture: it has no format_version")
	}
	if v := *version.FormatVersion; v > FormatVersion {
		return a, fmt.Errorf("format version %d is newer than %d, the newest known here", v, FormatVersion)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return a, fmt.Errorf("not the JSON of an architecture: %.200s", err)
	}
	return a, a.Validate()
}

// readFloats reads a parameter of the given shape.
func readFloats(f *zip.File, shape []int) ([]float32, error) {
	h, r, err := openEntry(f)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	switch {
	case h.Descr.Type != "<f4":
		return nil, fmt.Errorf("its type is %.20s, must be <f4 (float32, little-endian)", h.Descr.Type)
	case h.Descr.Fortran:
		return nil, errors.New("its numbers are in Fortran order, must be in C order")
	case !slices.Equal(h.Descr.Shape, shape):
		return nil, fmt.Errorf("its shape is %v, must be %v", h.Descr.Shape, shape)
	}
	n := product(shape)
	// The directory's size is what openArchive has bounded, so nothing is allocated on the word of a shape alone.
	if uint64(4*n) > f.UncompressedSize64 {
		return nil, fmt.Errorf("%d numbers declared, but only %d bytes there", n, f.UncompressedSize64)
	}
	body, err := readBody(r, 4*n)
	if err != nil {
		return nil, err
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = math.Float32frombits(binary.LittleEndian.Uint32(body[4*i:]))
	}
	return x, checkFinite(x)
}

// openEntry opens an array and reads its header; nil stands for one that is not there.
func openEntry(f *zip.File) (h npy.Header, body io.ReadCloser, err error) {
	if f == nil {
		return h, nil, errors.New("missing")
	}
	r, err := f.Open()
	if err != nil {
		return h, nil, fmt.Errorf("cannot be unpacked (%w)", err)
	}
	if h, err = readNpyHeader(r); err != nil {
		r.Close()
		return h, nil, err
	}
	return h, r, nil
}

// readBody reads the n bytes that must be all that is left of an array; the end is where its checksum is compared.
func readBody(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, fmt.Errorf("cut short or damaged (%w)", err)
	}
	switch k, err := io.ReadFull(r, make([]byte, 1)); {
	case k != 0:
		return nil, errors.New("longer than its shape says")
	case err != io.EOF:
		return nil, fmt.Errorf("cut short or damaged (%w)", err)
	}
	return b, nil
}
