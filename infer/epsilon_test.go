package infer

import (
	"bytes"
	"math"
	"strings"
	"testing"
)

// A norm divides by √(variance + epsilon), with the epsilon of the file. Samples of ±0.5 have the variance 0.25.
func TestEpsilon(t *testing.T) {
	a := newArch(NetworkResNet, 1, 4, -1)
	a.add(Layer{Type: Conv, Name: "c", In: 1, Out: 1, Kernel: 1, Stride: 1, Norm: NormInstance})
	params := map[string]Array{"c.weight": {[]int{1, 1, 1, 1}, []float32{1}}}
	x := make([]float32, 16)
	for i := range x {
		x[i] = float32(i%2) - 0.5
	}
	for epsilon, want := range map[float64]float64{0: 0.5 / math.Sqrt(0.25+1e-5), 0.25: 0.5 / math.Sqrt(0.5), 1e-3: 0.5 / math.Sqrt(0.251)} {
		a.Layers[0].Epsilon = epsilon
		var file bytes.Buffer
		if err := Write(&file, a, params); err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(file.Bytes(), []byte("epsilon")) != (epsilon != 0) {
			t.Errorf("%v: the file is not what it was before there was an epsilon, or lacks it", epsilon)
		}
		m, err := Read("epsilon.npz", file.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		y, err := m.Forward(x, 4, 4, Seed{})
		if err != nil || math.Abs(float64(y[1])-want) > 1e-7 || math.Abs(float64(y[0])+want) > 1e-7 {
			t.Errorf("%v: %v, %v, want %v", epsilon, y[:2], err, want)
		}
	}
	for _, wrong := range []float64{-1, 2, math.NaN(), 1e-300} {
		a.Layers[0].Epsilon = wrong
		if err := a.Validate(); err == nil || !strings.Contains(err.Error(), "epsilon") {
			t.Errorf("%v: %v", wrong, err)
		}
	}
	a.Layers[0].Norm, a.Layers[0].Epsilon = "", 0.5
	if a.Validate() == nil {
		t.Error("an epsilon without a norm")
	}
}
