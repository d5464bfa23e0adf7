package infer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"

	"keygan/internal/npz"
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

// Read reads generator.npz from b; name stands for the file in errors. It returns an error if an array is missing, unknown or there
// twice, or has another shape or type, a number that is not finite or a variance below 0; if Validate refuses the architecture; and
// if the archive is cut short or unpacks to far more than its own length.
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
	params, err := readParams(archive, a.Params())
	if err != nil {
		return fail(err)
	}
	for _, array := range archive.Names() {
		if _, ok := params[array]; !ok && array != archEntry {
			return fail(fmt.Errorf("array %.100q: the architecture has no such parameter", array))
		}
	}
	return newModel(a, params), nil
}

// readParams reads and checks all parameters. Its error names the first that is wrong.
func readParams(archive *npz.Archive, list []Param) (map[string]Array, error) {
	data, errs := make([][]float32, len(list)), make([]error, len(list))
	parallel(runtime.GOMAXPROCS(0), len(list), func(i int) {
		if data[i], errs[i] = archive.Floats(list[i].Name, list[i].Shape); errs[i] == nil {
			errs[i] = list[i].check(data[i])
		}
	})
	params := make(map[string]Array, len(list))
	for i, p := range list {
		if errs[i] != nil {
			return nil, errs[i]
		}
		params[p.Name] = Array{p.Shape, data[i]}
	}
	return params, nil
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

// parseArch reads the JSON of an architecture. It looks at the version first, because another one may have fields unknown here, and
// counts the layers before it reads them: one takes a hundred times the memory of the two bytes that can stand for it.
func parseArch(text []byte) (a Arch, err error) {
	fail := func(what any) (Arch, error) { return a, fmt.Errorf("not the JSON of an architecture: %.200v", what) }
	var version struct {
		FormatVersion *int `json:"format_version"`
	}
	if err := json.Unmarshal(text, &version); err != nil {
		return fail(err)
	}
	if version.FormatVersion == nil {
		return fail("it has no format_version")
	}
	if err := checkVersion(*version.FormatVersion); err != nil {
		return a, err
	}
	content := struct {
		*Arch
		Layers []json.RawMessage `json:"layers"` // in place of Arch's own
	}{Arch: &a}
	if err := unmarshalStrict(text, &content); err != nil {
		return fail(err)
	}
	if len(content.Layers) > maxLayers {
		return fail(fmt.Sprintf("more than %d layers", maxLayers))
	}
	a.Layers = make([]Layer, len(content.Layers))
	for i, layer := range content.Layers {
		if err := unmarshalStrict(layer, &a.Layers[i]); err != nil {
			return fail(err)
		}
	}
	return a, a.Validate()
}

// unmarshalStrict refuses fields that v does not have.
func unmarshalStrict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}
