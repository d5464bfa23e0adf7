package gotorch

import (
	"math"
	"slices"
	"testing"
)

// near tells whether two slices agree to a relative 1e-6 (of float32).
func near(got, want []float32) bool {
	return slices.EqualFunc(got, want, func(g, w float32) bool {
		return g == w || math.Abs(float64(g-w)) <= 1e-6*math.Max(1, math.Abs(float64(w)))
	})
}

func TestElementwiseKnownValues(t *testing.T) {
	Scope(func() {
		a := FromFloats([]float32{-2, -0.5, 0, 4}, 4)
		b := FromFloats([]float32{1, 2, 4, 8}, 4)
		f := func(g func(x float64) float64) []float32 {
			v := a.Floats()
			for i := range v {
				v[i] = float32(g(float64(v[i])))
			}
			return v
		}
		for _, c := range []struct {
			name string
			got  Tensor
			want []float32
		}{
			{"neg", a.Neg(), []float32{2, 0.5, 0, -4}},
			{"sqrt", b.Sqrt(), []float32{1, math.Sqrt2, 2, 2 * math.Sqrt2}},
			{"square", a.Square(), []float32{4, 0.25, 0, 16}},
			{"floor", a.Floor(), []float32{-2, -1, 0, 4}},
			{"relu", a.Relu(), []float32{0, 0, 0, 4}},
			{"leaky", LeakyRelu(a, 0.2), []float32{-0.4, -0.1, 0, 4}},
			{"sigmoid", Sigmoid(a), f(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) })},
			{"tanh", Tanh(a), f(math.Tanh)},
			{"softplus", a.Softplus(), f(func(x float64) float64 { return math.Log1p(math.Exp(x)) })},
			{"add", Add(a, b, 1), []float32{-1, 1.5, 4, 12}},
			{"add 2b", a.Add(b, 2), []float32{0, 3.5, 8, 20}},
			{"sub", a.Sub(b, 0.5), []float32{-2.5, -1.5, -2, 0}},
			{"mul", a.Mul(b), []float32{-2, -1, 0, 32}},
			{"div", a.Div(b), []float32{-2, -0.25, 0, 0.5}},
			{"add scalar", a.AddScalar(1), []float32{-1, 0.5, 1, 5}},
			{"mul scalar", a.MulScalar(-3), []float32{6, 1.5, 0, -12}},
			{"div scalar", a.DivScalar(4), []float32{-0.5, -0.125, 0, 1}},
			{"clamp", a.Clamp(-1, 1), []float32{-1, -0.5, 0, 1}},
			{"gt", a.Gt(0), []float32{0, 0, 0, 1}},
			{"lt", a.Lt(0), []float32{1, 1, 0, 0}},
			{"eq", Eq(a, FromFloats([]float32{-2, 0, 0, 1}, 4)), []float32{1, 0, 1, 0}},
		} {
			if got := c.got.Floats(); !near(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
		// Whole numbers stay whole.
		n := NewTensor([]int64{1, 2})
		if sum := n.Add(n, 3); sum.Dtype() != Long || !near(sum.Floats(), []float32{4, 8}) {
			t.Errorf("whole numbers added: %v", sum)
		}
	})
}

func TestInPlace(t *testing.T) {
	Scope(func() {
		b := FromFloats([]float32{1, 2, 4, 8}, 4)
		for _, c := range []struct {
			name string
			op   func(Tensor) Tensor
			want []float32
		}{
			{"add", func(x Tensor) Tensor { return x.AddI(b, 0.5) }, []float32{-1.5, 0.5, 2, 8}},
			{"sub", func(x Tensor) Tensor { return x.SubI(b, 1) }, []float32{-3, -2.5, -4, -4}},
			{"mul", func(x Tensor) Tensor { return x.MulI(b) }, []float32{-2, -1, 0, 32}},
			{"div", func(x Tensor) Tensor { return x.DivI(b) }, []float32{-2, -0.25, 0, 0.5}},
			{"copy", func(x Tensor) Tensor { return x.CopyI(b) }, []float32{1, 2, 4, 8}},
			{"lerp", func(x Tensor) Tensor { return x.LerpI(b, 0.25) }, []float32{-1.25, 0.125, 1, 5}},
			{"mul scalar", func(x Tensor) Tensor { return x.MulScalarI(2) }, []float32{-4, -1, 0, 8}},
			{"fill", func(x Tensor) Tensor { return x.FillI(7) }, []float32{7, 7, 7, 7}},
			{"zero", func(x Tensor) Tensor { return x.ZeroI() }, []float32{0, 0, 0, 0}},
			{"relu", func(x Tensor) Tensor { return x.ReluI() }, []float32{0, 0, 0, 4}},
			{"leaky", func(x Tensor) Tensor { return x.LeakyReluI(0.2) }, []float32{-0.4, -0.1, 0, 4}},
		} {
			x := FromFloats([]float32{-2, -0.5, 0, 4}, 4)
			if same := c.op(x); same != x || !near(x.Floats(), c.want) {
				t.Errorf("%s: %v, want %v in the tensor itself", c.name, x.Floats(), c.want)
			}
		}
	})
}

func TestComparisons(t *testing.T) {
	Scope(func() {
		a, b := FromFloats([]float32{1, 2}, 2), FromFloats([]float32{1, 2.000001}, 2)
		if Equal(a, b) || !Equal(a, a.MulScalar(1)) || Equal(a, a.View(1, 2)) {
			t.Error("Equal is wrong")
		}
		if !AllClose(a, b) || AllClose(a, a.AddScalar(0.1)) {
			t.Error("AllClose is wrong")
		}
	})
}
