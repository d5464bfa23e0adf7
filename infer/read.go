package infer

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"keygan/data/npz"
)

const (
	// maxFileBytes bounds a file: all the weights there may be, and room for headers.
	maxFileBytes = 4*maxWeights + 1<<24

	// maxArchBytes bounds the JSON of an architecture; that of the published generator is 3 kB.
	maxArchBytes = 1 << 18
)

// ReadFile reads generator.npz. The error names path, and the array at fault if there is one.
func ReadFile(path string) (*Model, error) {
	archive, err := npz.ReadFile(path, maxFileBytes)
	if err != nil {
		return nil, err
	}
	return read(path, archive)
}

// Read reads generator.npz from b; name stands for the file in errors. It returns an error for an array that is missing,
// unknown, there twice, of another shape or type, with a number that is not finite or a variance below 0; for an
// architecture that Validate refuses or that is of a newer format; and for an archive that is cut short or unpacks to far
// more than its own length.
func Read(name string, b []byte) (*Model, error) {
	archive, err := npz.Open(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return read(name, archive)
}

func read(name string, archive *npz.Archive) (*Model, error) {
	fail := func(err error) (*Model, error) { return nil, fmt.Errorf("%s: %w", name, err) }
	a, err := readArch(archive)
	if err != nil {
		return fail(err)
	}
	params := make(map[string]Array, len(a.Layers))
	for _, p := range a.Params() {
		data, err := archive.Floats(p.Name, p.Shape)
		if err != nil {
			return fail(err)
		}
		if err := p.check(data); err != nil {
			return fail(err)
		}
		params[p.Name] = Array{p.Shape, data}
	}
	for _, array := range archive.Names() {
		if _, ok := params[array]; !ok && array != archEntry {
			return fail(fmt.Errorf("array %.100q: the architecture has no such parameter", array))
		}
	}
	return newModel(a, params), nil
}

// readArch reads and checks the architecture.
func readArch(archive *npz.Archive) (Arch, error) {
	text, shape, err := archive.Bytes(archEntry)
	if err != nil {
		return Arch{}, err
	}
	if len(shape) != 1 || len(text) > maxArchBytes {
		return Arch{}, fmt.Errorf("array %s: its shape is %v, must be one dimension of at most %d bytes", archEntry, shape, maxArchBytes)
	}
	a, err := parseArch(text)
	if err != nil {
		return a, fmt.Errorf("array %s: %w", archEntry, err)
	}
	return a, nil
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
