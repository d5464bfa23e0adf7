package infer

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is the smallest network with every kind of layer, 3 channels.
func small() Arch { return ResNet(2, 1, 3, 8) }

// randomParams fills the parameters of a with numbers that do not depend on the platform, of PyTorch's default range.
func randomParams(a Arch, seed uint64) map[string]Array {
	params := map[string]Array{}
	for _, p := range a.Params() {
		x := make([]float32, product(p.Shape))
		bound := 1 / float32(p.Shape[1]) // 1/fan-in would be smaller, 1/√fan-in needs a root
		for i := range x {
			seed = seed*6364136223846793005 + 1442695040888963407
			x[i] = bound * (float32(seed>>40)/(1<<23) - 1)
		}
		params[p.Name] = Array{p.Shape, x}
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
	a := small()
	a.ConfigHash = "sha256:00ff"
	params := randomParams(a, 1)
	b := archive(t, a, params)
	m, err := Read("x.npz", b)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, m.Arch()); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(params, m.Params()); d != "" {
		t.Error(d)
	}
	if !bytes.Equal(b, archive(t, m.Arch(), m.Params())) {
		t.Error("written again, the archive differs")
	}
}
