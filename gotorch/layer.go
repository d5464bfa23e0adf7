package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// The layers here are torch.conv2d and so on; package nn/functional has them under their other names.

// pairOf is a height and a width, or one number for both.
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

// Conv2d convolves input [N, C, H, W] with weight [Out, C/groups, KH, KW] and adds bias [Out], unless that is Tensor{}.
func Conv2d(input, weight, bias Tensor, stride, padding, dilation []int64, groups int64) Tensor {
	const op = "conv2d"
	var out C.kg_tensor
	err := C.kg_conv2d(input.ptr(op), weight.ptr(op), bias.optional(op), pairOf(op, "stride", stride),
		pairOf(op, "padding", padding), pairOf(op, "dilation", dilation), C.int64_t(groups), &out)
	runtime.KeepAlive([3]*handle{input.T, weight.T, bias.T})
	return newTensor(op, err, out)
}

// ConvTranspose2d is the transposed convolution of input [N, C, H, W] with weight [C, Out/groups, KH, KW].
func ConvTranspose2d(input, weight, bias Tensor, stride, padding, outputPadding []int64, groups int64,
	dilation []int64) Tensor {
	const op = "conv_transpose2d"
	var out C.kg_tensor
	err := C.kg_conv_transpose2d(input.ptr(op), weight.ptr(op), bias.optional(op), pairOf(op, "stride", stride),
		pairOf(op, "padding", padding), pairOf(op, "output padding", outputPadding), C.int64_t(groups),
		pairOf(op, "dilation", dilation), &out)
	runtime.KeepAlive([3]*handle{input.T, weight.T, bias.T})
	return newTensor(op, err, out)
}

// BatchNorm normalises each channel over the batch. In training the statistics are the batch's, and the running ones move
// towards them by momentum; else they are the running ones. Running statistics, weight and bias may be Tensor{}.
func BatchNorm(input, runningMean, runningVar, weight, bias Tensor, training bool, momentum, eps float64) Tensor {
	const op = "batch_norm"
	var out C.kg_tensor
	err := C.kg_batch_norm(input.ptr(op), weight.optional(op), bias.optional(op), runningMean.optional(op),
		runningVar.optional(op), flag(training), C.double(momentum), C.double(eps), &out)
	runtime.KeepAlive([5]*handle{input.T, runningMean.T, runningVar.T, weight.T, bias.T})
	return newTensor(op, err, out)
}

// InstanceNorm normalises each channel of each image. Running statistics, weight and bias may be Tensor{}; the running
// statistics are used where useInputStats is false.
func InstanceNorm(input, runningMean, runningVar, weight, bias Tensor, useInputStats bool, momentum, eps float64) Tensor {
	const op = "instance_norm"
	var out C.kg_tensor
	err := C.kg_instance_norm(input.ptr(op), weight.optional(op), bias.optional(op), runningMean.optional(op),
		runningVar.optional(op), flag(useInputStats), C.double(momentum), C.double(eps), &out)
	runtime.KeepAlive([5]*handle{input.T, runningMean.T, runningVar.T, weight.T, bias.T})
	return newTensor(op, err, out)
}

// Linear returns input·weightᵀ + bias, for weight [Out, In]; bias may be Tensor{}.
func Linear(input, weight, bias Tensor) Tensor {
	const op = "linear"
	var out C.kg_tensor
	err := C.kg_linear(input.ptr(op), weight.ptr(op), bias.optional(op), &out)
	runtime.KeepAlive([3]*handle{input.T, weight.T, bias.T})
	return newTensor(op, err, out)
}

// Dropout sets elements to zero with probability p, in training, and scales the others by 1/(1 − p).
func Dropout(input Tensor, p float64, training bool) Tensor {
	var out C.kg_tensor
	err := C.kg_dropout(input.ptr("dropout"), C.double(p), flag(training), &out)
	runtime.KeepAlive(input.T)
	return newTensor("dropout", err, out)
}

// MaxPool2d returns the largest element of each window.
func MaxPool2d(input Tensor, kernelSize, stride, padding, dilation []int64, ceilMode bool) Tensor {
	const op = "max_pool2d"
	var out C.kg_tensor
	err := C.kg_max_pool2d(input.ptr(op), pairOf(op, "kernel", kernelSize), pairOf(op, "stride", stride),
		pairOf(op, "padding", padding), pairOf(op, "dilation", dilation), flag(ceilMode), &out)
	runtime.KeepAlive(input.T)
	return newTensor(op, err, out)
}

// AvgPool2d returns the mean of each window, zeros of the padding included.
func AvgPool2d(input Tensor, kernelSize, stride, padding []int64) Tensor {
	const op = "avg_pool2d"
	var out C.kg_tensor
	err := C.kg_avg_pool2d(input.ptr(op), pairOf(op, "kernel", kernelSize), pairOf(op, "stride", stride),
		pairOf(op, "padding", padding), &out)
	runtime.KeepAlive(input.T)
	return newTensor(op, err, out)
}

// AdaptiveAvgPool2d returns means of windows such that the output is of a given height and width.
func AdaptiveAvgPool2d(input Tensor, outputSize []int64) Tensor {
	const op = "adaptive_avg_pool2d"
	var out C.kg_tensor
	err := C.kg_adaptive_avg_pool2d(input.ptr(op), pairOf(op, "output size", outputSize), &out)
	runtime.KeepAlive(input.T)
	return newTensor(op, err, out)
}
