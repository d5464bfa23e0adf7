package infer

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is the smallest network with every kind of layer, 3 channels.
func small() Arch { return ResNet(2, 1, 3, 8) }

// randomArray has numbers that do not depend on the platform, from −1/n to 1/n for a second dimension of n, or from −1 to 1.
func randomArray(shape []int, seed uint64) Array {
	x := make([]float32, Param{Shape: shape}.Size())
	bound := float32(1)
	if len(shape) > 1 {
		bound /= float32(shape[1])
	}
	for i := range x {
		seed = seed*6364136223846793005 + 1442695040888963407
		x[i] = bound * (float32(seed>>40)/(1<<23) - 1)
	}
	return Array{shape, x}
}

// randomParams are parameters for a.
func randomParams(a Arch, seed uint64) map[string]Array {
	params := map[string]Array{}
	for i, p := range a.Params() {
		params[p.Name] = randomArray(p.Shape, seed+uint64(i)<<32)
		if strings.HasSuffix(p.Name, ".running_var") {
			for i := range params[p.Name].Data {
				params[p.Name].Data[i] += 1.25 // from 0.25 to 2.25
			}
		}
	}
	return params
}

// archive is what Write makes.
func archive(t testing.TB, a Arch, params map[string]Array) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, a, params); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	for name, a := range versions {
		a.ConfigHash = "sha256:00ff"
		params := randomParams(a, 1)
		b := archive(t, a, params)
		m, err := Read("x.npz", b)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(withoutDropout(a), m.Arch()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if d := cmp.Diff(params, m.Params()); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if !bytes.Equal(b, archive(t, m.Arch(), m.Params())) {
			t.Errorf("%s: written again, the archive differs", name)
		}
	}
}

// withoutDropout is a as it comes back from a file.
func withoutDropout(a Arch) Arch {
	a.Layers = slices.Clone(a.Layers)
	for i := range a.Layers {
		a.Layers[i].Dropout = 0
	}
	return a
}
