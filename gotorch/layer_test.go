package gotorch

import (
	"math"
	"slices"
	"testing"
)

// TestLayersKnownValues has inputs small enough to follow by hand.
func TestLayersKnownValues(t *testing.T) {
	Scope(func() {
		var none Tensor
		x := Arange(1, 10, 1, false).View(1, 1, 3, 3)
		k := FromFloats([]float32{1, 0, 0, -1}, 1, 1, 2, 2)
		bias := FromFloats([]float32{0.5}, 1)
		zero := []int64{0}
		normalised := func(scale, shift float64) []float32 { // 1..9 has mean 5 and variance 60/9
			v := make([]float32, 9)
			for i := range v {
				v[i] = float32(scale*(float64(i)-4)/math.Sqrt(60./9+1e-5) + shift)
			}
			return v
		}
		mean, variance := Zeros([]int64{1}, false), Ones([]int64{1}, false)
		weight := FromFloats([]float32{2}, 1)
		for _, c := range []struct {
			name  string
			got   Tensor
			shape []int64
			want  []float32
		}{
			{"conv", Conv2d(x, k, none, one, zero, one, 1), []int64{1, 1, 2, 2}, []float32{-4, -4, -4, -4}},
			{"conv with bias, stride, padding", Conv2d(x, k, bias, two, one, one, 1), []int64{1, 1, 2, 2},
				[]float32{-0.5, -2.5, -6.5, -3.5}},
			{"transposed conv", ConvTranspose2d(k, Ones([]int64{1, 1, 2, 2}, false), none, two, zero, zero, 1, one),
				[]int64{1, 1, 4, 4}, []float32{1, 1, 0, 0, 1, 1, 0, 0, 0, 0, -1, -1, 0, 0, -1, -1}},
			{"transposed conv, output padding", ConvTranspose2d(k, Ones([]int64{1, 1, 1, 1}, false), bias, two, zero, one, 1, one),
				[]int64{1, 1, 4, 4}, []float32{1.5, .5, .5, .5, .5, .5, .5, .5, .5, .5, -.5, .5, .5, .5, .5, .5}},
			{"instance norm", InstanceNorm(x, none, none, none, none, true, 0.1, 1e-5), []int64{1, 1, 3, 3}, normalised(1, 0)},
			{"affine instance norm", InstanceNorm(x, none, none, weight, bias, true, 0.1, 1e-5), []int64{1, 1, 3, 3},
				normalised(2, 0.5)},
			{"batch norm, training", BatchNorm(x, mean, variance, weight, bias, true, 0.1, 1e-5), []int64{1, 1, 3, 3},
				normalised(2, 0.5)},
			{"its running mean", mean, []int64{1}, []float32{0.5}},
			{"its running variance", variance, []int64{1}, []float32{0.9 + 0.1*60./8}},
			{"batch norm, use", BatchNorm(bias.View(1, 1, 1, 1), mean, variance, none, none, false, 0.1, 0), []int64{1, 1, 1, 1},
				[]float32{0}},
			{"linear", Linear(FromFloats([]float32{1, 2}, 1, 2), FromFloats([]float32{3, 4}, 1, 2), bias), []int64{1, 1},
				[]float32{11.5}},
			{"max pool", MaxPool2d(x, two, one, zero, one, false), []int64{1, 1, 2, 2}, []float32{5, 6, 8, 9}},
			{"adaptive pool", AdaptiveAvgPool2d(x, one), []int64{1, 1, 1, 1}, []float32{5}},
			{"dropout, use", Dropout(bias, 0.9, false), []int64{1}, []float32{0.5}},
		} {
			if got := c.got.Floats(); !near(got, c.want) || !slices.Equal(c.got.Shape(), c.shape) {
				t.Errorf("%s: %v of shape %v, want %v of %v", c.name, got, c.got.Shape(), c.want, c.shape)
			}
		}
		ManualSeed(5)
		dropped := Dropout(Ones([]int64{10000}, false), 0.25, true)
		if zeros := dropped.Lt(1e-9).CastTo(Float).Mean().Float(); math.Abs(zeros-0.25) > 0.02 ||
			math.Abs(float64(slices.Max(dropped.Floats()))-4./3) > 1e-6 {
			t.Errorf("dropout sets %v to zero", zeros)
		}
	})
}

func TestLossesKnownValues(t *testing.T) {
	Scope(func() {
		var none Tensor
		p := FromFloats([]float32{0.25, 0.5}, 2)
		target := FromFloats([]float32{0, 1}, 2)
		classes := NewTensor([]int64{1, 0})
		logs := FromFloats([]float32{-math.Ln2, -2 * math.Ln2, -3 * math.Ln2, -math.Ln2}, 2, 2) // of 1/2, 1/4, 1/8, 1/2
		bce := []float32{float32(-math.Log(0.75)), math.Ln2}
		for _, c := range []struct {
			name string
			got  Tensor
			want []float32
		}{
			{"bce", BinaryCrossEntropy(p, target, none, "none"), bce},
			{"bce mean", BinaryCrossEntropy(p, target, none, "mean"), []float32{(bce[0] + bce[1]) / 2}},
			{"bce weighted", BinaryCrossEntropy(p, target, FromFloats([]float32{2, 0}, 2), "sum"), []float32{2 * bce[0]}},
			{"mse", MSELoss(p, target, "mean"), []float32{(0.0625 + 0.25) / 2}},
			{"nll", NllLoss(logs, classes, none, -100, "none"), []float32{2 * math.Ln2, 3 * math.Ln2}},
			{"nll ignoring", NllLoss(logs, classes, none, 0, "mean"), []float32{2 * math.Ln2}},
			// The softmax of the logarithms is the likelihoods divided by their sums 3/4 and 5/8.
			{"cross entropy", CrossEntropy(logs, classes, none, -100, "none"), []float32{float32(math.Log(3)), float32(math.Log(5))}},
		} {
			if got := c.got.Floats(); !near(got, c.want) {
				t.Errorf("%s: %v, want %v", c.name, got, c.want)
			}
		}
	})
}
