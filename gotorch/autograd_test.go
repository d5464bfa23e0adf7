package gotorch

import (
	"math"
	"slices"
	"strings"
	"testing"
)

var one, two = []int64{1, 1}, []int64{2, 2}

// critic is a small patch critic: convolution, leaky ReLU, convolution, instance norm, leaky ReLU, convolution.
type critic [3]Tensor

func newCritic(channels, width int64, dtype int8) critic {
	var c critic
	for i, shape := range [][]int64{{width, channels, 4, 4}, {2 * width, width, 4, 4}, {1, 2 * width, 3, 3}} {
		c[i] = RandN(shape, false).MulScalar(0.2).CastTo(dtype).SetRequiresGrad(true)
	}
	return c
}

func (c critic) forward(x Tensor) Tensor {
	var none Tensor
	x = Conv2d(x, c[0], none, two, one, one, 1).LeakyRelu(0.2)
	x = InstanceNormLeaky(Conv2d(x, c[1], none, two, one, one, 1), 1e-5, 0.2)
	return Conv2d(x, c[2], none, one, one, one, 1)
}

// penalty is the gradient penalty at x: the mean over images of (‖∂critic/∂x‖₂ − 1)².
func (c critic) penalty(x Tensor) Tensor {
	scores := c.forward(x)
	g := Grad([]Tensor{scores}, []Tensor{x}, []Tensor{scores.EmptyLike().FillI(1)}, true, true)[0]
	norm := g.Square().SumDims([]int64{1, 2, 3}, false).AddScalar(1e-12).Sqrt()
	return norm.AddScalar(-1).Square().Mean()
}

// TestGradientPenaltyAgainstFiniteDifferences differentiates a gradient's norm, in float64, and compares with central
// differences in every 7th weight.
func TestGradientPenaltyAgainstFiniteDifferences(t *testing.T) {
	Scope(func() {
		ManualSeed(3)
		c := newCritic(2, 3, Double)
		x := RandN([]int64{2, 2, 12, 12}, false).CastTo(Double).SetRequiresGrad(true)
		grads := Grad([]Tensor{c.penalty(x)}, c[:], nil, false, false)
		const h = 1e-6
		checked := 0
		for i, w := range c {
			flat := w.Detach().View(-1) // shares w's memory
			g := grads[i].Contiguous().View(-1)
			for k := int64(0); k < flat.Numel(); k += 7 {
				var side [2]float64
				element := flat.Index(k)
				old := element.Float()
				for s, step := range []float64{h, -h} {
					element.FillI(old + step)
					Scope(func() { side[s] = c.penalty(x).Float() })
				}
				element.FillI(old)
				want, got := (side[0]-side[1])/(2*h), g.Index(k).Float()
				if math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) {
					t.Errorf("weight %d, element %d: gradient %v, difference quotient %v", i, k, got, want)
				}
				checked++
			}
		}
		if checked < 40 {
			t.Errorf("only %d weights checked", checked)
		}
	})
}

func TestGradOfGrad(t *testing.T) {
	Scope(func() {
		x := FromFloats([]float32{1, 2, 3}, 3).SetRequiresGrad(true)
		first := Grad([]Tensor{x.Square().Mul(x).Sum()}, []Tensor{x}, nil, false, true)[0]
		if got := first.Floats(); !near(got, []float32{3, 12, 27}) {
			t.Errorf("first derivative %v", got)
		}
		second := Grad([]Tensor{first.Sum()}, []Tensor{x}, nil, false, false)[0]
		if got := second.Floats(); !near(got, []float32{6, 12, 18}) {
			t.Errorf("second derivative %v", got)
		}
		if second.RequiresGrad() || !first.RequiresGrad() {
			t.Error("a gradient has a history without create_graph, or none with it")
		}
		// Weights for an output of several numbers.
		w := FromFloats([]float32{1, 10, 100}, 3)
		if got := Grad([]Tensor{x.Square()}, []Tensor{x}, []Tensor{w}, false, false)[0].Floats(); !near(got, []float32{2, 40, 600}) {
			t.Errorf("weighted gradient %v", got)
		}
	})
}

func TestGradUnusedInput(t *testing.T) {
	Scope(func() {
		x, y := Ones([]int64{2}, true), Ones([]int64{2}, true)
		wantError(t, "grad", "unused", func() { Grad([]Tensor{x.Sum()}, []Tensor{x, y}, nil, false, false) })
		wantError(t, "grad", "1 outputs with 2", func() {
			Grad([]Tensor{x.Sum()}, []Tensor{x}, []Tensor{x, y}, false, false)
		})
	})
}

func TestBackwardAccumulatesAndDetaches(t *testing.T) {
	Scope(func() {
		w := FromFloats([]float32{2}, 1).SetRequiresGrad(true)
		if g := w.Grad(); g.T == nil || g.Defined() || !w.Defined() || (Tensor{}).Defined() {
			t.Error("a gradient before any backward")
		}
		wantError(t, "relu", "no Backward", func() { w.Grad().Relu() })
		if s := w.Grad().String(); !strings.Contains(s, "undefined") {
			t.Errorf("an undefined gradient is shown as %q", s)
		}
		y := w.Square().Sum()
		y.Backward()
		w.Square().Sum().Backward()
		if got := w.Grad().Floats(); !near(got, []float32{8}) {
			t.Errorf("gradient %v after two passes, want 8", got)
		}
		wantError(t, "backward", "second time", func() { y.Backward() })
		if w.Detach().RequiresGrad() || w.Square().Detach().RequiresGrad() {
			t.Error("a detached tensor has a history")
		}
	})
}

func TestNoGrad(t *testing.T) {
	Scope(func() {
		w := Ones([]int64{1}, true)
		NoGrad(func() {
			if w.Square().RequiresGrad() {
				t.Error("NoGrad records")
			}
			w.MulScalarI(3)
		})
		if !w.Square().RequiresGrad() || w.Float() != 3 {
			t.Error("after NoGrad")
		}
		wantError(t, "mul_", "leaf", func() { w.MulScalarI(3) })
		// A panic inside must not leave the thread without gradients.
		if err := Try(func() { NoGrad(func() { MM(w, w) }) }); err == nil || !w.Square().RequiresGrad() {
			t.Error("a panic inside NoGrad leaves it on")
		}
	})
}

func TestSetData(t *testing.T) {
	Scope(func() {
		w := Ones([]int64{2}, true)
		w.SetData(FromFloats([]float32{3, 4, 5}, 3))
		if !w.RequiresGrad() || !slices.Equal(w.Shape(), []int64{3}) || w.Index(2).Float() != 5 {
			t.Errorf("after SetData: %v", w)
		}
	})
}
