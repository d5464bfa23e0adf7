package infer

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"keygan/internal/npz"
)

// archEntry is the name of the array that holds the architecture.
const archEntry = "arch"

// Write writes generator.npz to w: arch, then the parameters in the order of a.Params. The same content gives the same
// bytes. Arrays are stored, not deflated: weights hardly shrink. Write returns an error, and writes nothing, if the architecture is not
// valid, or if params lacks one of its arrays, holds another, or holds one of the wrong shape, with a number that is not finite or a
// variance below 0.
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
	for p, array := range a.Arrays(params) {
		entries = append(entries, npz.Floats(p.Name, p.Shape, array.Data))
	}
	return npz.Write(w, entries...)
}

// checkParams checks that params is exactly what a asks for.
func checkParams(a Arch, params map[string]Array) error {
	want := map[string]bool{}
	for p, got := range a.Arrays(params) {
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

// check refuses numbers that p cannot have.
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
