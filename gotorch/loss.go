package gotorch

// #include <stdlib.h>
// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// The reduction of a loss is "none", "mean" or "sum".

func loss(op string, kind C.int, input, target, weight Tensor, ignoreIndex int64, reduction string) Tensor {
	r := C.CString(reduction)
	defer C.free(unsafe.Pointer(r))
	var out C.kg_tensor
	err := C.kg_loss(kind, input.ptr(op), target.ptr(op), weight.optional(op), C.int64_t(ignoreIndex), r, &out)
	runtime.KeepAlive([3]*handle{input.T, target.T, weight.T})
	return newTensor(op, err, out)
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
