// Package infer defines the exported form of a trained generator, generator.npz, and runs it: from an image to its key image, in pure Go.
//
//	m, err := infer.ReadFile("generator.npz")
//	...
//	key, err := m.Key(img) // 8-bit, m.Arch().Channels channels, as wide and as high as img
//
// Some generators take noise besides the image or instead: m.TakesNoise(). m.KeyFrom(img, seed) makes their keys; no Seed may serve twice.
//
// The training side writes what this package reads, through the same definitions:
//
//	arch := infer.ResNet(64, 6, 3, 256) // the published generator
//	err := infer.Write(w, arch, params) // one Array for each of arch.Params()
//
// # The file
//
// generator.npz is a NumPy archive that np.load reads. It holds one float32 array for each parameter, named as in
// PyTorch's state dict ("encoder.0.weight"), in PyTorch's layout, and the array "arch": uint8, one dimension, the bytes of a
// JSON object (type Arch) that lists the layers. The same content always gives the same bytes.
//
// Read trusts nothing in a file and refuses what it does not know. Whatever a file declares, Read takes at most 20 times the memory of its
// length, and 16 MB more; for a file that Write made, 4 times its length. No activation has more than 4096 numbers for each pixel of the
// image, or, where there is no image, more than 2²⁶.
//
// # What is promised
//
// The same weights, pixels and Seed give the same key bytes on every machine, with any number of threads, by the rules in doc.go. The
// output differs from PyTorch's by at most 2e-3 before rounding, and by one grey level after (scripts/check-accuracy measures it).
package infer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"sync"

	"keygan/infer/kernel"
)

// Model is a generator that is ready to run. It does not change, and may be used by several goroutines at once.
type Model struct {
	arch      Arch
	params    map[string]Array
	hash      func() string
	operators []operator // of the layers
	kernels   *kernel.Set
	schedules schedulePool
}

// kernels is the set that new models run on. Tests set it to others than the best.
var kernels = kernel.Best()

// newModel takes an architecture that is valid and the parameters it asks for.
func newModel(a Arch, params map[string]Array) *Model {
	m := &Model{arch: a, params: params, kernels: kernels, operators: make([]operator, len(a.Layers))}
	m.hash = sync.OnceValue(func() string { return hash(a, params) })
	parallel(runtime.GOMAXPROCS(0), len(a.Layers), func(i int) {
		l := a.Layers[i]
		m.operators[i] = l.algorithm().pack(l, params[l.Name+".weight"].Data)
	})
	return m
}

// TakesNoise says whether keys depend on a Seed besides the image.
func (m *Model) TakesNoise() bool {
	return m.arch.Latent > 0 || m.arch.InputNoise > 0 || slices.ContainsFunc(m.arch.Layers, func(l Layer) bool { return l.Noise != "" })
}

// Arch describes the generator.
func (m *Model) Arch() Arch { return m.arch }

// Params returns the parameters by name. They are the model's own: to be read only.
func (m *Model) Params() map[string]Array { return m.params }

// arrays yields the parameters that a asks for, in the order of the file, with what params has for each, or an empty Array.
func (a Arch) arrays(params map[string]Array) iter.Seq2[Param, Array] {
	return func(yield func(Param, Array) bool) {
		for _, p := range a.Params() {
			if !yield(p, params[p.Name]) {
				return
			}
		}
	}
}

// Hash identifies the generator: SHA-256, in hexadecimal, of architecture and parameters. How the archive was packed does not matter.
func (m *Model) Hash() string { return m.hash() }

// hash goes over the JSON of a, its length first, and the parameters in the order of a.Params as little-endian bytes.
func hash(a Arch, params map[string]Array) string {
	text, err := json.Marshal(a)
	if err != nil {
		panic("infer: " + err.Error()) // a holds only strings, integers and finite floats
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d\n%s", len(text), text)
	for _, array := range a.arrays(params) {
		binary.Write(h, binary.LittleEndian, array.Data) // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}
