package gotorch

import (
	"math"
	"testing"
)

// checkSecondDerivatives compares, in float64, the gradients of f and of its gradients by xs with central differences, along random
// directions: f's first derivative, and the derivative of Σ vᵢ·∂(u·f)/∂xᵢ for random u and v.
func checkSecondDerivatives(t *testing.T, f func(xs []Tensor) Tensor, xs ...Tensor) {
	t.Helper()
	like := func(x Tensor) Tensor { return RandN(x.Shape(), false).CastTo(Double) }
	u := like(f(xs))
	var v, along []Tensor
	for _, x := range xs {
		v, along = append(v, like(x)), append(along, like(x))
	}
	dot := func(as, bs []Tensor) Tensor {
		sum := as[0].Mul(bs[0]).Sum()
		for i := 1; i < len(as); i++ {
			sum = sum.Add(as[i].Mul(bs[i]).Sum(), 1)
		}
		return sum
	}
	first := func(xs []Tensor) Tensor { return f(xs).Mul(u).Sum() }
	second := func(xs []Tensor) Tensor { return dot(Grad([]Tensor{first(xs)}, xs, nil, true, true), v) }
	for name, value := range map[string]func([]Tensor) Tensor{"first": first, "second": second} {
		const h = 1e-6
		var side [2]float64
		for s, step := range []float32{h, -h} {
			var moved []Tensor
			for i, x := range xs {
				moved = append(moved, x.Add(along[i], step).Detach().SetRequiresGrad(true))
			}
			side[s] = value(moved).Float()
		}
		want := (side[0] - side[1]) / (2 * float64(float32(h)))
		got := dot(Grad([]Tensor{value(xs)}, xs, nil, false, false), along).Float()
		if math.Abs(got-want) > 1e-6*math.Max(1, math.Abs(want)) || want == 0 {
			t.Errorf("%s derivative %v, difference quotient %v", name, got, want)
		}
	}
}

func double(shape ...int64) Tensor { return RandN(shape, false).CastTo(Double).SetRequiresGrad(true) }

func TestSecondDerivatives(t *testing.T) {
	var none Tensor
	for name, check := range map[string]func(){
		"convolution": func() {
			checkSecondDerivatives(t, func(xs []Tensor) Tensor { return Conv2d(xs[0], xs[1], xs[2], two, one, one, 1).Square() },
				double(2, 3, 9, 8), double(4, 3, 4, 3), double(4))
		},
		"groups and dilation": func() {
			checkSecondDerivatives(t, func(xs []Tensor) Tensor { return Conv2d(xs[0].ChannelsLast(), xs[1], none, one, two, two, 2).Square() },
				double(2, 4, 7, 7), double(6, 2, 3, 3))
		},
		"transposed convolution": func() {
			checkSecondDerivatives(t, func(xs []Tensor) Tensor { return ConvTranspose2d(xs[0], xs[1], xs[2], two, one, one, 1, one).Square() },
				double(2, 3, 4, 5), double(3, 2, 3, 3), double(2))
		},
		"norm and leaky ReLU, images of several chunks": func() {
			checkSecondDerivatives(t, func(xs []Tensor) Tensor { return InstanceNormLeaky(xs[0], 1e-5, 0.2) }, double(2, 3, 20, 30))
		},
		"norm and ReLU": func() {
			checkSecondDerivatives(t, func(xs []Tensor) Tensor { return InstanceNormLeaky(xs[0], 1e-5, 0).Square() }, double(1, 17, 5, 4))
		},
		"norm": func() {
			checkSecondDerivatives(t, func(xs []Tensor) Tensor { return InstanceNormLeaky(xs[0].ChannelsLast(), 0.1, 1) }, double(3, 2, 4, 4))
		},
	} {
		t.Run(name, func(t *testing.T) { Scope(func() { ManualSeed(1); check() }) })
	}
}

// TestInstanceNormLeaky compares with libtorch's norm and activation one after the other: values and gradients.
func TestInstanceNormLeaky(t *testing.T) {
	var none Tensor
	for _, c := range []struct {
		name  string
		dtype int8
		shape []int64
		scale float64 // of the values, which lie about 3·scale
		bound float64
	}{
		{"float32", Float, []int64{2, 5, 33, 17}, 1, 1e-5},
		{"one channel", Float, []int64{1, 1, 16, 16}, 1, 1e-5},
		{"far from zero", Float, []int64{2, 16, 32, 32}, 1000, 1e-4},
		{"nearly flat", Float, []int64{2, 16, 32, 32}, 1e-4, 1e-5},
		{"bf16", BFloat16, []int64{2, 20, 16, 16}, 1, 0.03},
		{"float64", Double, []int64{2, 3, 8, 8}, 1, 1e-12},
	} {
		Scope(func() {
			ManualSeed(2)
			x := RandN(c.shape, false).AddScalar(3).MulScalar(c.scale).CastTo(c.dtype).CastTo(Double)
			u := RandN(c.shape, false).CastTo(c.dtype).CastTo(Double)
			run := func(x Tensor, f func(Tensor) Tensor) [2]Tensor {
				x = x.Detach().SetRequiresGrad(true)
				y := f(x)
				return [2]Tensor{y, Grad([]Tensor{y.Mul(u.CastTo(y.Dtype())).Sum()}, []Tensor{x}, nil, false, false)[0]}
			}
			got := run(x.CastTo(c.dtype), func(x Tensor) Tensor { return InstanceNormLeaky(x, 1e-5, 0.2) })
			want := run(x, func(x Tensor) Tensor {
				return InstanceNorm(x, none, none, none, none, true, 0.1, 1e-5).LeakyRelu(0.2)
			})
			for i, what := range []string{"value", "gradient"} {
				if got[i].Dtype() != c.dtype {
					t.Errorf("%s, %s: of dtype %d", c.name, what, got[i].Dtype())
				}
				difference := got[i].CastTo(Double).Sub(want[i], 1).Square().Mean().Sqrt().Float()
				if size := want[i].Square().Mean().Sqrt().Float(); !(difference <= c.bound*size) {
					t.Errorf("%s: the %s differs by %.3g of %.3g", c.name, what, difference, size)
				}
			}
		})
	}
	Scope(func() {
		flat := InstanceNormLeaky(Full([]int64{1, 3, 40, 40}, 7, false), 1e-5, 0.2)
		if x := flat.Floats(); x[0] != 0 || !AllFinite([]Tensor{flat}) {
			t.Errorf("a flat image becomes %v", x[0])
		}
		wantError(t, "instance_norm_leaky", "more than 1 value", func() { InstanceNormLeaky(Ones([]int64{2, 3, 1, 1}, false), 1e-5, 0) })
		wantError(t, "instance_norm_leaky", "[N, C, H, W]", func() { InstanceNormLeaky(Ones([]int64{2, 3}, false), 1e-5, 0) })
		wantError(t, "conv_transpose2d", "channels", func() {
			ConvTranspose2d(Ones([]int64{1, 3, 4, 4}, false), Ones([]int64{2, 3, 3, 3}, false), none, one, one, []int64{0, 0}, 1, one)
		})
		wantError(t, "conv_transpose2d", "output padding", func() {
			ConvTranspose2d(Ones([]int64{1, 2, 4, 4}, false), Ones([]int64{2, 3, 3, 3}, false), none, one, one, one, 1, one)
		})
	})
}
