package functional

import (
	"slices"
	"testing"

	torch "keygan/gotorch"
)

// TestArgumentsArriveInOrder compares each function with the operation of package gotorch that it stands for, on arguments
// that all differ.
func TestArgumentsArriveInOrder(t *testing.T) {
	torch.Scope(func() {
		torch.ManualSeed(6)
		x := torch.RandN([]int64{2, 4, 6, 6}, false)
		w := torch.RandN([]int64{4, 2, 3, 3}, false)
		vector := func() torch.Tensor { return torch.Rand([]int64{4}, false).AddScalar(0.5) }
		mean, variance, weight, bias := vector(), vector(), vector(), vector()
		p, q := torch.Rand([]int64{5, 4}, false), torch.Rand([]int64{5, 4}, false)
		classes := torch.NewTensor([]int64{0, 1, 2, 3, 1})
		var none torch.Tensor
		a, b, c := []int64{1, 2}, []int64{2, 1}, []int64{1, 1}
		for name, pair := range map[string][2]torch.Tensor{
			"conv":            {Conv2d(x, w, bias, a, b, c, 2), torch.Conv2d(x, w, bias, a, b, c, 2)},
			"conv transpose":  {ConvTranspose2d(x, w, bias, b, c, []int64{1, 0}, 2, c), torch.ConvTranspose2d(x, w, bias, b, c, []int64{1, 0}, 2, c)},
			"batch norm":      {BatchNorm(x, mean, variance, weight, bias, false, 0.1, 1e-3), torch.BatchNorm(x, mean, variance, weight, bias, false, 0.1, 1e-3)},
			"instance norm":   {InstanceNorm(x, mean, variance, weight, bias, false, 0.1, 1e-3), torch.InstanceNorm(x, mean, variance, weight, bias, false, 0.1, 1e-3)},
			"linear":          {Linear(p, q, none), torch.MM(p, q.Transpose(0, 1))},
			"dropout":         {Dropout(x, 1, true), x.EmptyLike().ZeroI()},
			"pad":             {Pad(x, []int64{1, 2, 3, 4}, "reflect", 0), torch.Pad(x, []int64{1, 2, 3, 4}, "reflect", 0)},
			"relu":            {Relu(x, false), x.Relu()},
			"leaky relu":      {LeakyRelu(x, 0.3, false), x.LeakyRelu(0.3)},
			"log softmax":     {LogSoftmax(x, 2), x.LogSoftmax(2)},
			"of 4 dimensions": {LogSoftmax(x, -1), x.LogSoftmax(1)},
			"of 1 dimension":  {LogSoftmax(weight, -1), weight.LogSoftmax(0)},
			"max pool":        {MaxPool2d(x, b, a, []int64{1, 0}, c, true), torch.MaxPool2d(x, b, a, []int64{1, 0}, c, true)},
			"adaptive pool":   {AdaptiveAvgPool2d(x, b), torch.AdaptiveAvgPool2d(x, b)},
			"nll":             {NllLoss(p, classes, weight, 2, "sum"), torch.NllLoss(p, classes, weight, 2, "sum")},
			"cross entropy":   {CrossEntropy(p, classes, weight, 2, "sum"), torch.CrossEntropy(p, classes, weight, 2, "sum")},
			"bce":             {BinaryCrossEntropy(p, q, weight, "sum"), torch.BinaryCrossEntropy(p, q, weight, "sum")},
		} {
			if !slices.Equal(pair[0].Shape(), pair[1].Shape()) || !torch.AllClose(pair[0], pair[1]) {
				t.Errorf("%s: %v, want %v", name, pair[0], pair[1])
			}
		}
		y, z := x.MulScalar(1), x.MulScalar(1)
		if Relu(y, true) != y || LeakyRelu(z, 0.3, true) != z || !torch.Equal(y, x.Relu()) || !torch.Equal(z, x.LeakyRelu(0.3)) {
			t.Error("in place")
		}
	})
}
