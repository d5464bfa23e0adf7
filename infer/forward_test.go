package infer

import (
	"encoding/json"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/sbinet/npyio/npz"

	"keygan/data/raster"
)

// tolerance is what the output may differ from PyTorch's.
const tolerance = 1e-4

// readVectors reads an archive of testdata with npyio only, so that vectors do not pass through the code they test.
func readVectors(t *testing.T, name string) (floats map[string]Array, texts map[string][]byte) {
	t.Helper()
	r, err := npz.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	floats, texts = map[string]Array{}, map[string][]byte{}
	for _, key := range r.Keys() {
		h, id := r.Header(key), strings.TrimSuffix(key, ".npy")
		var a Array
		var b []byte
		if h.Descr.Type == "|u1" {
			err = r.Read(key, &b)
			texts[id] = b
		} else {
			err = r.Read(key, &a.Data)
			a.Shape = h.Descr.Shape
			floats[id] = a
		}
		if err != nil {
			t.Fatal(key, err)
		}
	}
	return floats, texts
}

// compare fails unless got is want within tolerance, and within one grey level.
func compare(t *testing.T, got, want []float32) {
	t.Helper()
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%d numbers, want %d", len(got), len(want))
	}
	worst, levels := 0.0, 0
	for i := range want {
		d := math.Abs(float64(got[i]) - float64(want[i]))
		if math.IsNaN(d) {
			t.Fatalf("number %d is %v, want %v", i, got[i], want[i])
		}
		worst = max(worst, d)
		a, b := int(raster.Level(got[i])), int(raster.Level(want[i]))
		levels = max(levels, a-b, b-a)
	}
	t.Logf("largest difference %.2g, %d grey levels", worst, levels)
	if worst > tolerance || levels > 1 {
		t.Errorf("largest difference %v (allowed %v), %d grey levels (allowed 1)", worst, tolerance, levels)
	}
}

// Networks that PyTorch ran, from the files that NumPy wrote, by each algorithm.
func TestForwardAgainstPyTorch(t *testing.T) {
	for _, c := range []struct {
		file                    string
		width, blocks, channels int
		images                  int
	}{
		{"resnet-w4-b1-c3", 4, 1, 3, 4},
		{"resnet-w3-b2-c1", 3, 2, 1, 2},
		{"resnet-w5-b0-c1", 5, 0, 1, 1},
	} {
		m, err := ReadFile(filepath.Join("testdata", c.file+".npz"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(ResNet(c.width, c.blocks, c.channels, 32), m.Arch()); d != "" {
			t.Errorf("%s: ResNet is not the architecture in the file: %s", c.file, d)
		}
		vectors, _ := readVectors(t, c.file+".vectors.npz")
		if len(vectors) != 2*c.images {
			t.Fatalf("%s: %d vectors, want %d", c.file, len(vectors), 2*c.images)
		}
		for i := range c.images {
			x, want := vectors[fmt.Sprint("x", i)], vectors[fmt.Sprint("y", i)]
			t.Run(fmt.Sprintf("%s/%dx%d", c.file, x.Shape[2], x.Shape[1]), func(t *testing.T) {
				for algorithm, a := range byEachAlgorithm(m.Arch()) {
					got, err := newModel(a, m.Params()).Forward(x.Data, x.Shape[1], x.Shape[2], Seed{})
					if err != nil {
						t.Fatal(err)
					}
					t.Log(algorithm)
					compare(t, got, want.Data)
				}
			})
		}
	}
}

// Single layers and a residual block that PyTorch ran, by each algorithm.
func TestLayersAgainstPyTorch(t *testing.T) {
	vectors, texts := readVectors(t, "layers.npz")
	if len(texts) != 15 {
		t.Fatalf("%d cases, want 15", len(texts))
	}
	for key, text := range texts {
		name := strings.TrimSuffix(key, ".arch")
		t.Run(name, func(t *testing.T) {
			var a Arch
			if err := json.Unmarshal(text, &a.Layers); err != nil {
				t.Fatal(err)
			}
			params := map[string]Array{}
			for _, p := range a.Params() {
				params[p.Name] = vectors[name+"."+p.Name]
				if d := cmp.Diff(p.Shape, params[p.Name].Shape); d != "" {
					t.Fatal(d)
				}
			}
			for _, l := range a.Layers {
				if err := l.validate(); err != nil {
					t.Fatal(err)
				}
			}
			x, want := vectors[name+".x"], vectors[name+".y"]
			for algorithm, a := range byEachAlgorithm(a) {
				got := runLayers(a, params, x)
				if d := cmp.Diff(want.Shape, got.Shape); d != "" {
					t.Fatal(d)
				}
				t.Log(algorithm)
				compare(t, got.Data, want.Data)
			}
		})
	}
}

// runLayers runs layers that need not make a network: their output may have another shape than x.
func runLayers(a Arch, params map[string]Array, x Array) Array {
	s := shape3{x.Shape[0], x.Shape[1], x.Shape[2]}
	steps := []shape3{s}
	for _, l := range a.Layers {
		s = shape3{l.Out, l.OutputSize(s.height), l.OutputSize(s.width)}
		steps = append(steps, s)
	}
	y := Array{[]int{s.channels, s.height, s.width}, make([]float32, s.size())}
	layersSchedule(newModel(a, params), 2, steps...).run(y.Data, x.Data, Seed{})
	return y
}

// layersSchedule is a schedule of m for any shapes, whose memory holds NaN from before.
func layersSchedule(m *Model, workers int, steps ...shape3) *schedule {
	s := &schedule{arch: m.arch, kernels: m.kernels, workers: workers, team: newTeam(workers), scratch: make([][]float32, workers),
		image: steps[0], key: steps[len(steps)-1]}
	for range 3 { // activations are taken from these
		s.free = append(s.free, poisoned(1<<17))
	}
	s.plan(m, steps)
	copy(s.transformed, poisoned(len(s.transformed)))
	for _, w := range s.scratch {
		copy(w, poisoned(len(w)))
	}
	return s
}

// At the published depth the algorithms stay near plain sums.
func TestForwardIsNearPlainSums(t *testing.T) {
	for name, a := range map[string]Arch{"resnet": ResNet(8, 6, 3, 32), "chaos": Chaos(4, 2, 1, 32)} {
		params := randomParams(a, 8)
		x := Array{[]int{a.Channels, 24, 32}, a.samples(testImage(32, 24, 3, 2))}
		want := plainNetwork(a, params, x, Seed{}, plainConv)
		got, err := newModel(a, params).Forward(x.Data, 24, 32, Seed{})
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { compare(t, got, want.Data) })
	}
}
