// Package functional has the layers and losses of torch.nn.functional, as functions of tensors.
//
//	h := functional.LeakyRelu(functional.Conv2d(x, w, torch.Tensor{}, two, one, one, 1), 0.2, false)
//
// Optional weights, biases and running statistics may be torch.Tensor{}. A function panics with *gotorch.Error if libtorch
// refuses its arguments.
package functional

import torch "keygan/gotorch"

// BatchNorm is torch.BatchNorm.
func BatchNorm(input, runningMean, runningVar, weight, bias torch.Tensor, training bool,
	momentum, eps float64) torch.Tensor {
	return torch.BatchNorm(input, runningMean, runningVar, weight, bias, training, momentum, eps)
}

// InstanceNorm is torch.InstanceNorm.
func InstanceNorm(input, runningMean, runningVar, weight, bias torch.Tensor, useInputStats bool,
	momentum, eps float64) torch.Tensor {
	return torch.InstanceNorm(input, runningMean, runningVar, weight, bias, useInputStats, momentum, eps)
}

// Conv2d is torch.Conv2d.
func Conv2d(input, weight, bias torch.Tensor, stride, padding, dilation []int64, groups int64) torch.Tensor {
	return torch.Conv2d(input, weight, bias, stride, padding, dilation, groups)
}

// ConvTranspose2d is torch.ConvTranspose2d.
func ConvTranspose2d(input, weight, bias torch.Tensor, stride, padding, outputPadding []int64, groups int64,
	dilation []int64) torch.Tensor {
	return torch.ConvTranspose2d(input, weight, bias, stride, padding, outputPadding, groups, dilation)
}

// Linear is torch.Linear: input·weightᵀ + bias.
func Linear(input, weight, bias torch.Tensor) torch.Tensor { return torch.Linear(input, weight, bias) }

// Dropout is torch.Dropout.
func Dropout(input torch.Tensor, p float64, training bool) torch.Tensor {
	return torch.Dropout(input, p, training)
}

// Pad is torch.Pad.
func Pad(input torch.Tensor, widths []int64, mode string, value float64) torch.Tensor {
	return torch.Pad(input, widths, mode, value)
}

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

// LogSoftmax is the logarithm of the softmax along a dimension. A negative dim stands for dimension 0 if input has 0, 1 or 3
// dimensions, else for dimension 1.
func LogSoftmax(input torch.Tensor, dim int64) torch.Tensor {
	if dim < 0 {
		dim = 1
		if d := input.Dim(); d == 0 || d == 1 || d == 3 {
			dim = 0
		}
	}
	return input.LogSoftmax(dim)
}

// MaxPool2d is torch.MaxPool2d: the largest element of each window.
func MaxPool2d(input torch.Tensor, kernelSize, stride, padding, dilation []int64, ceilMode bool) torch.Tensor {
	return torch.MaxPool2d(input, kernelSize, stride, padding, dilation, ceilMode)
}

// AdaptiveAvgPool2d is torch.AdaptiveAvgPool2d: means of windows, for an output of the given height and width.
func AdaptiveAvgPool2d(input torch.Tensor, outputSize []int64) torch.Tensor {
	return torch.AdaptiveAvgPool2d(input, outputSize)
}
