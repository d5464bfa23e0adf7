package infer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"

	"keygan/internal/npz"
)

const (
	maxFileBytes = 4*maxWeights + 1<<24 // of a file: all the weights there may be, and room for headers
	maxArchBytes = 1 << 18              // of the JSON of an architecture; that of the published generator is 3 kB
	archEntry    = "arch"               // the array that holds the architecture
)

// ReadFile reads generator.npz. The error names path, and the array at fault if there is one.
func ReadFile(path string) (*Model, error) {
	archive, err := npz.ReadFile(path, maxFileBytes)
	if err != nil {
		return nil, err
	}
	return read(path, archive)
}

// Read reads generator.npz from b; name stands for the file in errors. It returns an error if an array is missing, unknown or there twice,
// or has another shape or type, a number that is not finite or a variance below 0; if Validate refuses the architecture; and if the archive
// is damaged or unpacks to far more than its length.
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

func unmarshalStrict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// Write writes generator.npz to w: arch, then the parameters in the order of a.Params. The same content gives the same bytes. Arrays are
// stored, not deflated: weights hardly shrink. Write returns an error, and writes nothing, if the architecture is not valid, or if params
// lacks one of its arrays, holds another, or holds one of the wrong shape, with a number that is not finite or a variance below 0.
func Write(w io.Writer, a Arch, params map[string]Array) error {
	if err := a.Validate(); err != nil {
		return fmt.Errorf("arch: %w", err)
	}
	if err := checkParams(a, params); err != nil {
		return err
	}
	text, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("arch: %w", err)
	}
	if len(text) > maxArchBytes {
		return fmt.Errorf("arch: its JSON is %d bytes, more than a reader takes (%d)", len(text), maxArchBytes)
	}
	entries := []npz.Entry{npz.Bytes(archEntry, text)}
	for p, array := range a.arrays(params) {
		entries = append(entries, npz.Floats(p.Name, p.Shape, array.Data))
	}
	return npz.Write(w, entries...)
}

func checkParams(a Arch, params map[string]Array) error {
	want := map[string]bool{}
	for p, got := range a.arrays(params) {
		want[p.Name] = true
		_, there := params[p.Name]
		switch {
		case !there:
			return fmt.Errorf("array %s: missing", p.Name)
		case !slices.Equal(got.Shape, p.Shape):
			return fmt.Errorf("array %s: its shape is %v, must be %v", p.Name, got.Shape, p.Shape)
		case len(got.Data) != p.Size():
			return fmt.Errorf("array %s: %d numbers for a shape of %v", p.Name, len(got.Data), p.Shape)
		}
		if err := p.check(got.Data); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		if !want[name] {
			return fmt.Errorf("array %.100q: the architecture has no such parameter", name)
		}
	}
	return nil
}

func (p Param) check(x []float32) error {
	if err := checkFinite(x); err != nil {
		return fmt.Errorf("array %s: %w", p.Name, err)
	}
	if !strings.HasSuffix(p.Name, "."+normVariance) {
		return nil
	}
	if i := slices.IndexFunc(x, func(v float32) bool { return v < 0 }); i >= 0 {
		return fmt.Errorf("array %s: element %d is %v, a variance is never below 0", p.Name, i, x[i])
	}
	return nil
}

// checkFinite names the first number of x that is infinite or not a number.
func checkFinite(x []float32) error {
	for i, v := range x {
		if v-v != 0 { // only for NaN and ±Inf
			return fmt.Errorf("element %d is %v, not a finite number", i, v)
		}
	}
	return nil
}
