package infer

import (
	"bytes"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"keygan/infer/kernel"

	"github.com/google/go-cmp/cmp"
)

// toyScale is a type of layer that multiplies each channel by a number: all that this package must be told about it.
var toyScale = &layerType{
	weight:     func(l Layer) []int { return []int{l.Out} },
	outputSize: func(_ Layer, n int) int { return n },
	operations: func(_ Layer, _, out shape3) float64 { return float64(out.size()) },
	validate: func(l Layer) error {
		if l.In != l.Out || l.Bias {
			return errors.New("a scale keeps its channels, and has no bias")
		}
		return nil
	},
	onnx: func(g *onnxGraph, l Layer, x string) string {
		return g.node("Mul", l.Name+"/sums", []string{x, g.perChannel(l.Name + ".weight")})
	},
	algorithms: []*algorithm{{
		name:   "product",
		packed: func(l Layer) int64 { return int64(l.Out) },
		pack:   func(_ Layer, weight []float32) operator { return toyProduct(weight) },
	}},
}

// toyProduct is its forward pass.
type toyProduct []float32

func (w toyProduct) border(_, _ shape3) border { return border{} }

func (w toyProduct) plan(s *schedule, out, in *pixels, rowDone func(y int)) {
	s.stage(out.height, func(_, y int) {
		for x := range out.width {
			for c, v := range in.at(y, x)[:in.channels] {
				out.at(y, x)[c] = v * w[c]
			}
		}
		rowDone(y)
	})
}

// toyHalf is an activation: a ReLU that leaks half.
var toyHalf = &activationType{onnx: "LeakyRelu", attributes: []message{onnxFloat("alpha", 0.5)}, apply: func(_ *kernel.Set, x []float32) {
	for i, v := range x {
		x[i] = max(v, v/2)
	}
}}

// withToys is a network with a scale in the middle and at the end, and half_relu wherever one can be. The toys are known until the
// test ends.
func withToys(t *testing.T) Arch {
	layerTypes["scale"], activationTypes["half_relu"] = toyScale, toyHalf
	t.Cleanup(func() {
		delete(layerTypes, "scale")
		delete(activationTypes, "half_relu")
	})

	a := ResNet(3, 1, 3, 16).WithNoise()
	scale := func(name string, channels int) Layer {
		l := Layer{Type: "scale", Name: name, In: channels, Out: channels, Activation: "half_relu"}
		l.Algorithm = l.fastestAlgorithm()
		return l
	}
	middle, end := scale("scale", a.Layers[2].Out), scale("last", 3)
	middle.Norm, middle.NormName, middle.Noise = NormInstanceAffine, "scale.norm", "scale.noise"
	a.Layers = append(slices.Insert(a.Layers, 3, middle), end)
	a.Layers[5].BeforeAdd, a.Layers[5].Activation = "half_relu", "half_relu"
	return a
}

// An entry in the table is all that it takes: the names and shapes of arrays, sizes, cost, checks, the file, keys and ONNX follow.
func TestToyLayer(t *testing.T) {
	plain := ResNet(3, 1, 3, 16)
	a := withToys(t)
	if err := a.Validate(); err != nil {
		t.Fatal(err)
	}
	if got := a.Params(); !slices.ContainsFunc(got, func(p Param) bool { return cmp.Equal(p, Param{"scale.weight", []int{12}}) }) {
		t.Errorf("the arrays are %v", got)
	}
	shapes, err := a.shapes(8, 12)
	if err != nil || shapes[3] != shapes[4] || shapes[4] != (shape3{12, 2, 3}) {
		t.Errorf("%v, %v", shapes, err)
	}
	before, _ := plain.Operations(8, 12)
	if after, err := a.Operations(8, 12); err != nil || after-before != 12*2*3+3*8*12 {
		t.Errorf("the scales take %v operations, %v", after-before, err)
	}
	wrong := a
	wrong.Layers = slices.Clone(a.Layers)
	wrong.Layers[3].Bias = true
	if err := wrong.Validate(); err == nil || !strings.Contains(err.Error(), `layer 3 ("scale"): a scale keeps its channels`) {
		t.Errorf("the error is %v", err)
	}

	params := randomParams(a, 4)
	m, err := Read("toy.npz", archive(t, a, params))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(a, m.Arch()); d != "" {
		t.Error(d)
	}
	x := randomArray([]int{3, 8, 12}, 6)
	got, err := m.Forward(x.Data, 8, 12, Seed{1})
	if err != nil {
		t.Fatal(err)
	}
	graph := readONNX(t, exported(t, m)).run(t, onnxInputs(t, m, x, 8, 12, Seed{1}))
	for i, v := range graph.Data {
		if d := math.Abs(float64(v - got[i])); !(d <= 2e-5) {
			t.Fatalf("sample %d is %v, ONNX's is %v", i, got[i], v)
		}
	}
	spread(t, got)

	// One number of the scale changes the key, and only its own channel of the last layer's.
	params["last.weight"].Data[1] *= 2
	doubled, err := newModel(a, params).Forward(x.Data, 8, 12, Seed{1})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range doubled {
		want := got[i]
		if i/(8*12) == 1 {
			want *= 2
		}
		if v != want {
			t.Fatalf("sample %d is %v, want %v", i, v, want)
		}
	}
}

// Without its entry, the toy is refused by name.
func TestUnknownLayer(t *testing.T) {
	var file []byte
	t.Run("known", func(t *testing.T) {
		a := withToys(t)
		var b bytes.Buffer
		if err := Write(&b, a, randomParams(a, 4)); err != nil {
			t.Fatal(err)
		}
		file = b.Bytes()
	})
	if _, err := Read("toy.npz", file); err == nil || !strings.Contains(err.Error(), `layer 3 ("scale"): unknown type "scale"; keygan knows "conv", "conv_transpose"`) {
		t.Errorf("the error is %v", err)
	}
}
