// Package infer holds the exported form of a trained generator, generator.npz, and runs it: from an image to its key
// image, in pure Go, with no Python and no libtorch.
//
//	m, err := infer.ReadFile("generator.npz")
//	...
//	key, err := m.Key(img) // 8-bit, m.Arch().Channels channels, as wide and as high as img
//
// Some generators take noise besides the image, or instead of it (m.TakesNoise()). Their keys are made with m.KeyFrom(img, seed),
// and no Seed may serve twice.
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
// JSON object (type Arch) that lists the layers. The same content always gives the same bytes. Read trusts nothing in a
// file: it refuses what it does not know, and takes at most 20 times the memory of the file's own length, and 16 MB more, whatever
// the file declares: it may unpack to 4 times its length, and half of the packed weights may be there to fill up vectors. A file
// as Write makes it takes 4 times its length. What a key takes is bounded by the image: no activation has more than 4096
// numbers for each of its pixels, and where there is no image, no more than 2²⁶.
//
// # What is promised
//
// The same weights, pixels and Seed give the same key bytes on every machine, with any number of threads; doc.go states
// the rules of arithmetic that this rests on. Against PyTorch the output differs by at most 2e-3 before rounding, and by one grey level
// after; scripts/check-accuracy measures it for networks of the published sizes.
package infer

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"keygan/infer/kernel"
)

// Model is a generator that is ready to run. It does not change, and may be used by several goroutines at once.
type Model struct {
	arch   Arch
	params map[string]Array
	hash   func() string

	convolutions []*convolution    // of the layers, packed
	fast         []fastConvolution // the same, where the algorithm is not direct
	kernels      *kernel.Set       // that fast runs on
	epilogues    []epilogue        // what follows each of them
	runs         runPool
}

// newModel takes an architecture that is valid and the parameters it asks for.
func newModel(a Arch, params map[string]Array) *Model {
	m := &Model{arch: a, params: params, kernels: kernels}
	m.hash = sync.OnceValue(func() string { return hash(a, params) })
	if !a.direct() {
		m.fast = make([]fastConvolution, len(a.Layers))
		parallel(runtime.GOMAXPROCS(0), len(a.Layers), func(_, i int) {
			m.fast[i] = newFastConvolution(a.Layers[i], params[a.Layers[i].weight()].Data)
		})
	}
	for _, l := range a.Layers {
		if a.direct() {
			m.convolutions = append(m.convolutions, newConvolution(l, params[l.weight()].Data))
		}
		m.epilogues = append(m.epilogues, newEpilogue(l, params))
	}
	return m
}

// TakesNoise says whether keys depend on a Seed besides the image.
func (m *Model) TakesNoise() bool {
	return m.arch.Latent > 0 || m.arch.InputNoise > 0 ||
		slices.ContainsFunc(m.arch.Layers, func(l Layer) bool { return l.Noise != "" })
}

// Arch describes the generator.
func (m *Model) Arch() Arch { return m.arch }

// Params returns the parameters by name. They are the model's own: to be read only.
func (m *Model) Params() map[string]Array { return m.params }

// Hash identifies the generator: SHA-256, in hexadecimal, of architecture and parameters. Two files that differ only in how
// the archive was packed have the same.
func (m *Model) Hash() string { return m.hash() }

// hash goes over the JSON of a, its length first, and the parameters in the order of a.Params as little-endian bytes; their
// names and shapes follow from a.
func hash(a Arch, params map[string]Array) string {
	text, err := json.Marshal(a)
	if err != nil {
		panic("infer: " + err.Error()) // a holds only strings, integers and finite floats
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d\n%s", len(text), text)
	for _, p := range a.Params() {
		binary.Write(h, binary.LittleEndian, params[p.Name].Data) // a hash never fails
	}
	return hex.EncodeToString(h.Sum(nil))
}
