// Package statedict reads the weights that PyTorch's torch.save writes, and tells which generator they are of.
//
//	d, err := statedict.ReadFile("model.pth", "")
//	...
//	arch, params, err := statedict.Generator(d, statedict.Options{ImageSize: 256})
//	...
//	err = infer.Write(w, arch, params)
//
// It reads PyTorch's zip archives (since 1.6) and the format before them. The state dict may be the whole file or an entry of a checkpoint.
//
// A PyTorch file holds a pickle, a program for a machine that can call any function of Python. The machine here (unpickle.go)
// knows only plain containers, numbers, strings and tensors. It refuses a file that asks for more, and never calls anything that the
// file names. Whatever a file declares, memory stays within a small multiple of its length.
package statedict

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"keygan/internal/boundedfile"
)

// maxFileBytes bounds a file: a checkpoint of the largest generator that infer takes, and some room.
const maxFileBytes = 5 << 28

// generatorKeys are the usual keys of a generator's state dict in checkpoints, the more telling ones first.
var generatorKeys = []string{
	"generator_state_dict", "G_state_dict", "netG_state_dict", "generator", "G", "netG", "state_dict", "model_state_dict", "model",
}

// wrappers are the prefixes of a network inside another: DataParallel and torch.compile add them.
var wrappers = []string{"module.", "_orig_mod."}

// Dict is a state dict: tensors by name. Their numbers stay in the file's bytes until Floats reads them.
type Dict struct {
	names   []string // in the order of the file
	tensors map[string]*tensor
	room    int64 // bytes of numbers that Floats may still read
}

// A RefusedError reports a file that asks for something that is not part of a state dict.
type RefusedError struct{ what string }

func (e *RefusedError) Error() string {
	return e.what + ", which is not part of a state dict: the file is refused, and nothing of it was run"
}

// A KeyError reports a checkpoint without a state dict under the key that was looked for.
type KeyError struct {
	Key   string   // "": any of the usual
	Keys  []string // those that hold a state dict
	found string   // the keys there are, for the message
}

func (e *KeyError) Error() string {
	if e.Key != "" {
		return fmt.Sprintf("the checkpoint has no state dict under %.100q; it has %s", e.Key, e.found)
	}
	return "the checkpoint has no state dict of a generator under a usual name; it has " + e.found
}

// ReadFile reads the PyTorch file at path. key names the entry of a checkpoint with the generator's state dict; with "", ReadFile finds it.
func ReadFile(path, key string) (*Dict, error) {
	b, err := boundedfile.Read(path, "a PyTorch file", maxFileBytes)
	if err != nil {
		return nil, err
	}
	d, err := Read(b, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// IsFile reports whether the regular file at path begins as torch.save writes it. The file may still be damaged or no generator.
func IsFile(path string) bool {
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return false // opening a pipe could take forever
	}
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	start := make([]byte, 512)
	n, _ := io.ReadFull(f, start)
	start = start[:n]
	if bytes.HasPrefix(start, []byte("PK\x03\x04")) {
		return bytes.Contains(start, []byte("/data.pkl")) // the name of the first entry
	}
	return n > 0 && start[0] == opProto && bytes.Contains(start, []byte(legacyMagic))
}

// Read is ReadFile for a file whose bytes are b. They must not change while the Dict is in use.
func Read(b []byte, key string) (*Dict, error) {
	var root any
	var err error
	switch {
	case len(b) == 0:
		return nil, errors.New("is empty")
	case bytes.HasPrefix(b, []byte("PK\x03\x04")):
		root, err = readZip(b)
	case b[0] == opProto:
		root, err = readLegacy(b)
	default:
		return nil, errors.New("not a PyTorch file: neither the zip archive that torch.save writes nor its older format")
	}
	if err != nil {
		return nil, err
	}
	entries, err := choose(root, key)
	if err != nil {
		return nil, err
	}
	return newDict(entries, int64(len(b)))
}

// choose finds the generator's state dict in the value that a file holds.
func choose(root any, key string) (*dict, error) {
	top, ok := root.(*dict)
	if !ok {
		return nil, fmt.Errorf("holds %s, not a state dict", kind(root))
	}
	keys := generatorKeys
	if key != "" {
		keys = []string{key}
	}
	for _, k := range keys {
		if d, ok := top.get(k).(*dict); ok && d.hasTensors() {
			return d, nil
		}
	}
	missing := &KeyError{Key: key, found: top.describe()}
	for _, e := range top.items {
		d, ok := e.value.(*dict)
		if name, named := e.key.(string); ok && named && d.hasTensors() {
			missing.Keys = append(missing.Keys, name)
		}
	}
	if key == "" && len(missing.Keys) == 0 && top.hasTensors() {
		return top, nil
	}
	return nil, missing
}

// newDict makes a Dict from the entries of a state dict, whose file is fileBytes long.
func newDict(entries *dict, fileBytes int64) (*Dict, error) {
	d := &Dict{tensors: map[string]*tensor{}, room: fileBytes}
	var tensors []*tensor
	for _, e := range entries.items {
		name, ok := e.key.(string)
		if !ok {
			return nil, fmt.Errorf("the state dict has %s for a name", kind(e.key))
		}
		t, ok := e.value.(*tensor)
		if !ok {
			return nil, fmt.Errorf("entry %.100q of the state dict is %s, not a tensor", name, kind(e.value))
		}
		d.names, tensors = append(d.names, name), append(tensors, t)
	}
	trimWrappers(d.names)
	for i, name := range d.names {
		if d.tensors[name] != nil {
			return nil, fmt.Errorf("tensor %.100q: appears twice", name)
		}
		d.tensors[name] = tensors[i]
	}
	return d, nil
}

// trimWrappers takes off the wrappers that all names have, however often.
func trimWrappers(names []string) {
	for i := 0; i < len(wrappers) && len(names) > 0; {
		if slices.ContainsFunc(names, func(name string) bool { return !strings.HasPrefix(name, wrappers[i]) }) {
			i++
			continue
		}
		for k, name := range names {
			names[k] = name[len(wrappers[i]):]
		}
		i = 0
	}
}

// Type is PyTorch's name for the numbers of a tensor, such as "float32"; "" if there is no tensor of this name.
func (d *Dict) Type(name string) string {
	t := d.tensors[name]
	if t == nil {
		return ""
	}
	return t.storage.dtype.name
}

// Floats returns the numbers of a tensor in C order. float16 and bfloat16 become the same number in float32, float64 the nearest one;
// integers are refused. All calls together return no more numbers than the file is long: tensors may share their numbers.
func (d *Dict) Floats(name string) ([]float32, error) {
	t := d.tensors[name]
	if t == nil {
		return nil, fmt.Errorf("tensor %.100s: missing", name)
	}
	if d.room -= t.elements() * t.storage.dtype.size; d.room < 0 {
		return nil, fmt.Errorf("tensor %.100s: all tensors together hold more numbers than the file", name)
	}
	x, err := t.floats()
	if err != nil {
		return nil, fmt.Errorf("tensor %.100s: %w", name, err)
	}
	return x, nil
}
