package gotorch

// #include <stdlib.h>
// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// A reduction is "none", "mean" or "sum".

// NllLoss is the negative log likelihood of targets [N] (of [Long]) under input [N, C] of log probabilities. weight, a
// factor for each class, may be Tensor{}; targets equal to ignoreIndex count for nothing.
func NllLoss(input, target, weight Tensor, ignoreIndex int64, reduction string) Tensor {
	const op = "nll_loss"
	r := C.CString(reduction)
	defer C.free(unsafe.Pointer(r))
	var out C.kg_tensor
	err := C.kg_nll_loss(input.ptr(op), target.ptr(op), weight.optional(op), C.int64_t(ignoreIndex), r, &out)
	runtime.KeepAlive([3]*handle{input.T, target.T, weight.T})
	return newTensor(op, err, out)
}

// CrossEntropy is [NllLoss] of the log softmax of input [N, C].
func CrossEntropy(input, target, weight Tensor, ignoreIndex int64, reduction string) Tensor {
	const op = "cross_entropy"
	r := C.CString(reduction)
	defer C.free(unsafe.Pointer(r))
	var out C.kg_tensor
	err := C.kg_cross_entropy(input.ptr(op), target.ptr(op), weight.optional(op), C.int64_t(ignoreIndex), r, &out)
	runtime.KeepAlive([3]*handle{input.T, target.T, weight.T})
	return newTensor(op, err, out)
}

// BinaryCrossEntropy is −(target·log input + (1 − target)·log(1 − input)), for inputs in [0, 1]. weight may be Tensor{}.
func BinaryCrossEntropy(input, target, weight Tensor, reduction string) Tensor {
	const op = "binary_cross_entropy"
	r := C.CString(reduction)
	defer C.free(unsafe.Pointer(r))
	var out C.kg_tensor
	err := C.kg_bce(input.ptr(op), target.ptr(op), weight.optional(op), r, &out)
	runtime.KeepAlive([3]*handle{input.T, target.T, weight.T})
	return newTensor(op, err, out)
}

// BCEWithLogits is [BinaryCrossEntropy] of the sigmoid of input, without its overflow.
func BCEWithLogits(input, target, weight Tensor, reduction string) Tensor {
	const op = "binary_cross_entropy_with_logits"
	r := C.CString(reduction)
	defer C.free(unsafe.Pointer(r))
	var out C.kg_tensor
	err := C.kg_bce_with_logits(input.ptr(op), target.ptr(op), weight.optional(op), r, &out)
	runtime.KeepAlive([3]*handle{input.T, target.T, weight.T})
	return newTensor(op, err, out)
}

// MSELoss is (input − target)².
func MSELoss(input, target Tensor, reduction string) Tensor {
	const op = "mse_loss"
	r := C.CString(reduction)
	defer C.free(unsafe.Pointer(r))
	var out C.kg_tensor
	err := C.kg_mse_loss(input.ptr(op), target.ptr(op), r, &out)
	runtime.KeepAlive([2]*handle{input.T, target.T})
	return newTensor(op, err, out)
}

// L1Loss is |input − target|.
func L1Loss(input, target Tensor, reduction string) Tensor {
	const op = "l1_loss"
	r := C.CString(reduction)
	defer C.free(unsafe.Pointer(r))
	var out C.kg_tensor
	err := C.kg_l1_loss(input.ptr(op), target.ptr(op), r, &out)
	runtime.KeepAlive([2]*handle{input.T, target.T})
	return newTensor(op, err, out)
}
