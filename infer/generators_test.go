package infer

import (
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// noisy is a with noise of σ added to the image.
func noisy(a Arch, sigma float32) Arch {
	a.InputNoise = sigma
	return a
}

// Learnt norms, noise and the other networks as PyTorch runs them, by each algorithm. Another program made the noise as well.
func TestGeneratorsAgainstPyTorch(t *testing.T) {
	for _, c := range []struct {
		file   string
		arch   Arch
		images int
	}{
		{"resnet-batch", ResNet(2, 2, 1, 16).WithNorm(NormBatch), 2},
		{"resnet-affine", ResNet(2, 2, 1, 16).WithNorm(NormInstanceAffine), 2},
		{"resnet-noise", ResNet(2, 2, 1, 16).WithNoise(), 2},
		{"dcgan", DCGAN(2, 5, 3, 32), 1},
		{"chaos", Chaos(2, 1, 1, 16), 2},
		{"chaos-noisy", noisy(Chaos(2, 0, 3, 16), 0.3), 2},
	} {
		m, err := ReadFile(filepath.Join("testdata", c.file+".npz"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(withoutDropout(c.arch), m.Arch()); d != "" {
			t.Errorf("%s: the constructor's architecture is not that of the file: %s", c.file, d)
		}
		vectors, texts := readVectors(t, c.file+".vectors.npz")
		seed := Seed(texts["seed"])
		for i := range c.images {
			x, want := vectors[fmt.Sprint("x", i)], vectors[fmt.Sprint("y", i)]
			t.Run(fmt.Sprintf("%s/%v", c.file, want.Shape), func(t *testing.T) {
				planes := compareNoise(t, vectors, fmt.Sprintf("n%d.", i), seed)
				if want := streams(m.Arch()); planes != want {
					t.Errorf("%d streams of noise, want %d", planes, want)
				}
				for algorithm, a := range byEachAlgorithm(m.Arch()) {
					got, err := newModel(a, m.Params()).Forward(x.Data, want.Shape[1], want.Shape[2], seed)
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

// compareNoise compares all vectors whose names begin with prefix and end with the number of a stream. It returns how many
// there are.
func compareNoise(t *testing.T, vectors map[string]Array, prefix string, seed Seed) (n int) {
	t.Helper()
	for name, want := range vectors {
		number, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		stream, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		n++
		if i := differ(Noise(seed, stream, len(want.Data)), want.Data); i >= 0 {
			t.Errorf("stream %d: number %d is %v, want %v", stream, i, Noise(seed, stream, i+1)[i], want.Data[i])
		}
	}
	return n
}

// streams is how many streams of noise a takes.
func streams(a Arch) (n int) {
	if a.Latent > 0 || a.InputNoise > 0 {
		n++
	}
	for _, l := range a.Layers {
		if l.Noise != "" {
			n++
		}
	}
	return n
}
