package statedict

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/infer"
	"keygan/internal/npz"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// models are the files of testdata/models.py and torch2.py, with the network whose weights they have.
var models = []struct {
	file, network string
	options       Options
	loss          float64 // relative, of the conversion; 0: none
}{
	{"dcgan-zip", "dcgan", Options{}, 0},
	{"dcgan-legacy", "dcgan", Options{}, 0},
	{"dcgan-checkpoint", "dcgan", Options{}, 0},                 // protocol 4
	{"dcgan-views", "dcgan", Options{}, 0},                      // protocol 5
	{"dcgan-mixed", "dcgan", Options{}, 0x1p-8},                 // float16, bfloat16 and float64
	{"resnet-noise", "resnet-noise", Options{ImageSize: 16}, 0}, // DataParallel
	{"chaos-noisy", "chaos-noisy", Options{ImageSize: 16, InputNoise: 0.3}, 0},
	{"torch2-checkpoint", "dcgan", Options{}, 0}, // DataParallel, beside an optimizer that has been used
	{"torch2-parameters", "dcgan", Options{}, 0}, // nn.Parameter, the older format
	{"torch2-views", "dcgan", Options{}, 0},      // without checksums
}

func modelPath(file string) string { return filepath.Join("testdata", file+".pth") }

// The networks were saved with the weights of infer/testdata, which NumPy wrote.
func TestReadsWhatPyTorchSaves(t *testing.T) {
	for _, c := range models {
		t.Run(c.file, func(t *testing.T) {
			want, err := infer.ReadFile(filepath.Join("..", "testdata", c.network+".npz"))
			if err != nil {
				t.Fatal(err)
			}
			d, err := ReadFile(modelPath(c.file), "")
			if err != nil {
				t.Fatal(err)
			}
			arch, params, err := Generator(d, c.options)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.Arch(), arch, cmpopts.IgnoreFields(infer.Layer{}, "Dropout")); diff != "" {
				t.Errorf("architecture (-want +got):\n%s", diff)
			}
			approximately := cmp.Comparer(func(a, b float32) bool {
				return a == b || max(a-b, b-a) <= float32(c.loss)*max(a, -a)+0x1p-25 && c.loss > 0
			})
			if diff := cmp.Diff(want.Params(), params, approximately); diff != "" {
				t.Errorf("parameters (-want +got):\n%s", diff)
			}
		})
	}
}

func TestIsFile(t *testing.T) {
	for _, c := range models {
		if !IsFile(modelPath(c.file)) {
			t.Errorf("%s is not taken for a file of PyTorch", c.file)
		}
	}
	for _, path := range []string{filepath.Join("..", "testdata", "dcgan.npz"), filepath.Join("testdata", "models.py"), "testdata", "none"} {
		if IsFile(path) {
			t.Errorf("%s is taken for a file of PyTorch", path)
		}
	}
}

// A tensor whose storage has its numbers with the other sign.
func TestRefusesNegatedView(t *testing.T) {
	_, err := ReadFile(modelPath("torch2-negated"), "")
	if refused := (*RefusedError)(nil); !errors.As(err, &refused) || !strings.Contains(err.Error(), "a view with its sign or conjugation to come") {
		t.Errorf("the error is %v", err)
	}
}

// keyOf imports a file, writes generator.npz, reads that, and makes the first key that PyTorch's vectors have.
func keyOf(t *testing.T, file string, o Options, vectors *npz.Archive, height, width int) []float32 {
	t.Helper()
	d, err := ReadFile(modelPath(file), "")
	if err != nil {
		t.Fatal(err)
	}
	arch, params, err := Generator(d, o)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "generator.npz")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := infer.Write(f, arch, params); err != nil {
		t.Fatal(err)
	}
	m, err := infer.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var x []float32
	if arch.Latent == 0 {
		if x, err = vectors.Floats("x0", []int{arch.Channels, height, width}); err != nil {
			t.Fatal(err)
		}
	}
	seed, _, err := vectors.Bytes("seed")
	if err != nil {
		t.Fatal(err)
	}
	y, err := m.Forward(x, height, width, infer.Seed(seed))
	if err != nil {
		t.Fatal(err)
	}
	return y
}

// What was imported makes the keys that PyTorch made of the same network, to 1e-4.
func TestKeysAreThoseOfPyTorch(t *testing.T) {
	for _, c := range models {
		if c.loss != 0 {
			continue
		}
		t.Run(c.file, func(t *testing.T) {
			vectors, err := npz.ReadFile(filepath.Join("..", "testdata", c.network+".vectors.npz"), 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			channels, height, width := 3, 16, 24
			switch c.network {
			case "dcgan":
				height, width = 32, 32
			case "resnet-noise":
				channels = 1
			}
			want, err := vectors.Floats("y0", []int{channels, height, width})
			if err != nil {
				t.Fatal(err)
			}
			for i, v := range keyOf(t, c.file, c.options, vectors, height, width) {
				if d := v - want[i]; !(max(d, -d) <= 1e-4) {
					t.Fatalf("sample %d is %v, PyTorch's is %v", i, v, want[i])
				}
			}
		})
	}
}

// A checkpoint has several state dicts; the usual name of the generator's is found, and any can be named.
func TestKey(t *testing.T) {
	d, err := ReadFile(modelPath("dcgan-checkpoint"), "critic_state_dict")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"weight", "bias"}; !slices.Equal(d.names, want) {
		t.Errorf("tensors %q, want %q", d.names, want)
	}
	if shape := d.tensors["weight"].shape; !slices.Equal(shape, []int{1, 3, 4, 4}) || d.Type("weight") != "float32" {
		t.Errorf("weight is %s %v", d.Type("weight"), shape)
	}
	_, err = ReadFile(modelPath("dcgan-checkpoint"), "optimizer")
	want := `testdata/dcgan-checkpoint.pth: the checkpoint has no state dict under "optimizer"; it has "epoch", "best", "done", ` +
		`"losses", "seed", "size", "critic_state_dict", "optimizer", "generator_state_dict", "rng"`
	if err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %v", err, want)
	}
}
