// Package functional has the layers and losses of torch.nn.functional, as functions of tensors.
//
//	h := functional.LeakyRelu(functional.Conv2d(x, w, torch.Tensor{}, two, one, one, 1), 0.2, false)
//
// Optional weights, biases and running statistics may be torch.Tensor{}. Arguments that libtorch refuses panic with *gotorch.Error.
package functional

import torch "keygan/gotorch"

// The layers and losses of package gotorch, which upstream has here. The reduction of a loss is "none", "mean" or "sum".
var (
	Conv2d, ConvTranspose2d, Linear = torch.Conv2d, torch.ConvTranspose2d, torch.Linear
	BatchNorm, InstanceNorm         = torch.BatchNorm, torch.InstanceNorm
	InstanceNormLeaky               = torch.InstanceNormLeaky
	Dropout, Pad                    = torch.Dropout, torch.Pad
	MaxPool2d, AdaptiveAvgPool2d    = torch.MaxPool2d, torch.AdaptiveAvgPool2d
	NllLoss, CrossEntropy           = torch.NllLoss, torch.CrossEntropy
	BinaryCrossEntropy              = torch.BinaryCrossEntropy
)

// Relu returns max(input, 0). With inplace it overwrites input.
func Relu(input torch.Tensor, inplace bool) torch.Tensor {
	if inplace {
		return input.ReluI()
	}
	return input.Relu()
}

// LeakyRelu returns input where it is positive, else negativeSlope·input. With inplace it overwrites input.
func LeakyRelu(input torch.Tensor, negativeSlope float64, inplace bool) torch.Tensor {
	if inplace {
		return input.LeakyReluI(negativeSlope)
	}
	return input.LeakyRelu(negativeSlope)
}

// LogSoftmax is the logarithm of the softmax along a dimension. A negative dim is 0 if input has 0, 1 or 3 dimensions, else 1.
func LogSoftmax(input torch.Tensor, dim int64) torch.Tensor {
	if dim < 0 {
		dim = 1
		if d := input.Dim(); d == 0 || d == 1 || d == 3 {
			dim = 0
		}
	}
	return input.LogSoftmax(dim)
}
