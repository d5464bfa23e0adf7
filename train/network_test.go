package train

import (
	"math"
	"testing"

	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/train/config"
	"keygan/train/internal/traintest"
)

// Glorot's weights are uniform in ±√(6/(fan in + fan out)): their variance is 2/(fan in + fan out). Biases begin at 0. Without the option
// the bound is PyTorch's, 1/√(fan in).
func TestInit(t *testing.T) {
	const in, out, kernel = 32, 96, 5
	layer := infer.Layer{Type: infer.Conv, Name: "big", In: in, Out: out, Kernel: kernel, Stride: 1, Padding: 2, Bias: true}
	for init, want := range map[string]float64{
		"glorot": math.Sqrt(6. / ((in + out) * kernel * kernel)),
		"":       1 / math.Sqrt(in*kernel*kernel),
	} {
		torch.ManualSeed(3)
		n := newNetwork(infer.Arch{Layers: []infer.Layer{layer}, Init: init}, place{})
		t.Cleanup(n.close)
		arrays := n.arrays()
		var sum, squares, largest float64
		weights := arrays["big.weight"].Data
		for _, w := range weights {
			sum, squares, largest = sum+float64(w), squares+float64(w)*float64(w), max(largest, math.Abs(float64(w)))
		}
		size := float64(len(weights)) // 76800: the variance of uniform numbers is known to 0.9/√size, 0.3 %
		if variance := squares / size; largest > want || largest < 0.999*want || math.Abs(variance/(want*want/3)-1) > 0.015 || math.Abs(sum/size) > want/50 {
			t.Errorf("%q: largest %v of at most %v, variance %v, want %v, mean %v", init, largest, want, variance, want*want/3, sum/size)
		}
		for _, b := range arrays["big.bias"].Data {
			if (b == 0) != (init == "glorot") {
				t.Fatalf("%q: a bias of %v", init, b)
			}
		}
	}
}

// One step of training keeps the share momentum of the running statistics, and divides by √(variance + epsilon). By hand, for a channel
// that is 0 and 2: mean 1, variance 1, and 4/3 without bias over 4 samples.
func TestNormOptions(t *testing.T) {
	layer := infer.Layer{Type: infer.Conv, Name: "c", In: 1, Out: 1, Kernel: 1, Stride: 1, Norm: infer.NormBatch, NormName: "n"}
	for _, test := range []struct{ momentum, epsilon, mean, variance, out float64 }{
		{0, 0, 0.1, 0.9 + 0.4/3, 1 / math.Sqrt(1+1e-5)},
		{0.99, 1e-3, 0.01, 0.99 + 0.04/3, 1 / math.Sqrt(1.001)},
		{0.25, 3, 0.75, 0.25 + 1, 0.5},
	} {
		layer.Momentum, layer.Epsilon = test.momentum, test.epsilon
		n := newNetwork(infer.Arch{Layers: []infer.Layer{layer}}, place{})
		t.Cleanup(n.close)
		torch.Scope(func() {
			torch.NoGrad(func() { n.byName["c.weight"].FillI(1) })
			y := n.Forward(torch.FromFloats([]float32{0, 2, 2, 0}, 1, 1, 2, 2)).Floats()
			got := n.arrays()
			mean, variance := got["n.running_mean"].Data[0], got["n.running_var"].Data[0]
			for _, d := range []float64{float64(y[1]) - test.out, float64(y[0]) + test.out, float64(mean) - test.mean, float64(variance) - test.variance} {
				if math.Abs(d) > 1e-6 {
					t.Errorf("%+v: %v, running mean %v, running variance %v", test, y, mean, variance)
				}
			}
		})
	}
}

// The options reach every norm of every network, and change neither hash nor networks where they are left out.
func TestNormsOfAllNetworks(t *testing.T) {
	c := traintest.SmallConfig(t)
	hash := c.Hash()
	c.Init, c.Norms = "glorot", config.Norms{Momentum: 0.99, Epsilon: 1e-3}
	if c.Hash() == hash {
		t.Error("the options are not in the hash")
	}
	for _, a := range []infer.Arch{c.Arch(), c.CriticArch()} {
		for _, l := range a.Layers {
			if normed := l.Norm != ""; normed != (l.Epsilon == 1e-3) || normed != (l.Momentum == 0.99) || a.Init != "glorot" {
				t.Errorf("%+v", l)
			}
		}
	}
}
