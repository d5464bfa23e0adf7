package gotorch

// #include <stdlib.h>
// #include "cgotorch.h"
import "C"

import "unsafe"

// Package nn/functional offers these layers and losses where upstream does. The reduction of a loss is "none", "mean" or "sum".

// pairOf passes a height and a width, or one number for both, to C.
func pairOf(op, what string, v []int64) *C.int64_t {
	switch len(v) {
	case 1:
		v = []int64{v[0], v[0]}
	case 2:
	default:
		fail(op, "%s %v: expected a height and a width", what, v)
	}
	return (*C.int64_t)(unsafe.Pointer(&v[0]))
}

// Conv2d convolves input [N, C, H, W] with weight [Out, C/groups, KH, KW] and adds bias [Out]. bias may be Tensor{}.
func Conv2d(input, weight, bias Tensor, stride, padding, dilation []int64, groups int64) Tensor {
	const op = "conv2d"
	var out C.kg_tensor
	err := C.kg_conv2d(input.ptr(op), weight.ptr(op), bias.optional(op), pairOf(op, "stride", stride),
		pairOf(op, "padding", padding), pairOf(op, "dilation", dilation), C.int64_t(groups), &out)
	return newTensor(op, err, out, input, weight, bias)
}

// ConvTranspose2d is the transposed convolution of input [N, C, H, W] with weight [C, Out/groups, KH, KW]. bias may be Tensor{}.
func ConvTranspose2d(input, weight, bias Tensor, stride, padding, outputPadding []int64, groups int64, dilation []int64) Tensor {
	const op = "conv_transpose2d"
	var out C.kg_tensor
	err := C.kg_conv_transpose2d(input.ptr(op), weight.ptr(op), bias.optional(op), pairOf(op, "stride", stride),
		pairOf(op, "padding", padding), pairOf(op, "output padding", outputPadding), C.int64_t(groups),
		pairOf(op, "dilation", dilation), &out)
	return newTensor(op, err, out, input, weight, bias)
}

// BatchNorm normalises each channel over the batch. In training it uses the batch's statistics and moves the running ones
// towards them by momentum; otherwise it uses the running ones. All tensors but input may be Tensor{}.
func BatchNorm(input, runningMean, runningVar, weight, bias Tensor, training bool, momentum, eps float64) Tensor {
	return norm("batch_norm", C.KG_BATCH_NORM, [5]Tensor{input, runningMean, runningVar, weight, bias}, training, momentum, eps)
}

// InstanceNorm normalises each channel of each image, by its own statistics with useInputStats, else by the running ones.
func InstanceNorm(input, runningMean, runningVar, weight, bias Tensor, useInputStats bool, momentum, eps float64) Tensor {
	return norm("instance_norm", C.KG_INSTANCE_NORM, [5]Tensor{input, runningMean, runningVar, weight, bias}, useInputStats, momentum, eps)
}

// InstanceNormLeaky is [Tensor.LeakyRelu] of [InstanceNorm] by each image's own statistics, without a weight and a bias, in one pass over
// the memory on the CPU, and in the layout of [Tensor.ChannelsLast]. With a slope of 0 it is a ReLU of the norm, with 1 the norm itself. It
// has two derivatives.
func InstanceNormLeaky(input Tensor, eps, negativeSlope float64) Tensor {
	const op = "instance_norm_leaky"
	var out C.kg_tensor
	err := C.kg_instance_norm_leaky(input.ptr(op), C.double(eps), C.double(negativeSlope), &out)
	return newTensor(op, err, out, input)
}

func norm(op string, kind C.int, ts [5]Tensor, useInputStats bool, momentum, eps float64) Tensor {
	var out C.kg_tensor
	err := C.kg_norm(kind, ts[0].ptr(op), ts[1].optional(op), ts[2].optional(op), ts[3].optional(op), ts[4].optional(op),
		cBool(useInputStats), C.double(momentum), C.double(eps), &out)
	return newTensor(op, err, out, ts[:]...)
}

// Linear returns input·weightᵀ + bias, for input [..., In] and weight [Out, In]. bias may be Tensor{}.
func Linear(input, weight, bias Tensor) Tensor {
	const op = "linear"
	var out C.kg_tensor
	err := C.kg_linear(input.ptr(op), weight.ptr(op), bias.optional(op), &out)
	return newTensor(op, err, out, input, weight, bias)
}

// Dropout, in training, sets elements to zero with probability p and scales the others by 1/(1 − p).
func Dropout(input Tensor, p float64, training bool) Tensor {
	var out C.kg_tensor
	err := C.kg_dropout(input.ptr("dropout"), C.double(p), cBool(training), &out)
	return newTensor("dropout", err, out, input)
}

// MaxPool2d returns the largest element of each window.
func MaxPool2d(input Tensor, kernelSize, stride, padding, dilation []int64, ceilMode bool) Tensor {
	const op = "max_pool2d"
	var out C.kg_tensor
	err := C.kg_max_pool2d(input.ptr(op), pairOf(op, "kernel", kernelSize), pairOf(op, "stride", stride),
		pairOf(op, "padding", padding), pairOf(op, "dilation", dilation), cBool(ceilMode), &out)
	return newTensor(op, err, out, input)
}

// AdaptiveAvgPool2d returns the means of windows that it sizes to give an output of the given height and width.
func AdaptiveAvgPool2d(input Tensor, outputSize []int64) Tensor {
	const op = "adaptive_avg_pool2d"
	var out C.kg_tensor
	err := C.kg_adaptive_avg_pool2d(input.ptr(op), pairOf(op, "output size", outputSize), &out)
	return newTensor(op, err, out, input)
}

func loss(op string, kind C.int, input, target, weight Tensor, ignoreIndex int64, reduction string) Tensor {
	r := C.CString(reduction)
	defer C.free(unsafe.Pointer(r))
	var out C.kg_tensor
	err := C.kg_loss(kind, input.ptr(op), target.ptr(op), weight.optional(op), C.int64_t(ignoreIndex), r, &out)
	return newTensor(op, err, out, input, target, weight)
}

// NllLoss is the negative log likelihood of target [N], of [Long], under the log probabilities input [N, C]. weight, a
// factor for each class, may be Tensor{}. Targets equal to ignoreIndex do not count.
func NllLoss(input, target, weight Tensor, ignoreIndex int64, reduction string) Tensor {
	return loss("nll_loss", C.KG_NLL_LOSS, input, target, weight, ignoreIndex, reduction)
}

// CrossEntropy is [NllLoss] of the log softmax of input [N, C].
func CrossEntropy(input, target, weight Tensor, ignoreIndex int64, reduction string) Tensor {
	return loss("cross_entropy", C.KG_CROSS_ENTROPY, input, target, weight, ignoreIndex, reduction)
}

// BinaryCrossEntropy is −(target·log input + (1 − target)·log(1 − input)), for inputs in [0, 1]. weight may be Tensor{}.
func BinaryCrossEntropy(input, target, weight Tensor, reduction string) Tensor {
	return loss("binary_cross_entropy", C.KG_BCE, input, target, weight, 0, reduction)
}

// MSELoss is (input − target)².
func MSELoss(input, target Tensor, reduction string) Tensor {
	return loss("mse_loss", C.KG_MSE_LOSS, input, target, Tensor{}, 0, reduction)
}
