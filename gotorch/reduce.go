package gotorch

// #include "cgotorch.h"
import "C"

import "reflect"

// Sum returns the sum of all elements or, with an option {"dim": 1, "keepDim": true}, the sums over one dimension.
func (t Tensor) Sum(opt ...map[string]any) Tensor {
	if len(opt) == 0 || opt[0]["dim"] == nil {
		return t.unary("sum", C.KG_SUM)
	}
	dim := reflect.ValueOf(opt[0]["dim"])
	if !dim.CanInt() {
		fail("sum", "option dim is %v, expected an int", opt[0]["dim"])
	}
	keep, ok := opt[0]["keepDim"].(bool)
	if !ok && opt[0]["keepDim"] != nil {
		fail("sum", "option keepDim is %v, expected a bool", opt[0]["keepDim"])
	}
	return t.SumDims([]int64{dim.Int()}, keep)
}

// Mean returns the mean of all elements.
func (t Tensor) Mean() Tensor { return t.unary("mean", C.KG_MEAN) }

// SumDims returns the sums over some dimensions. With keepdim these stay, with size 1.
func (t Tensor) SumDims(over []int64, keepdim bool) Tensor {
	return t.overDims("sum", C.KG_SUM_DIMS, over, keepdim)
}

// MeanDims is [Tensor.SumDims] for means.
func (t Tensor) MeanDims(over []int64, keepdim bool) Tensor {
	return t.overDims("mean", C.KG_MEAN_DIMS, over, keepdim)
}

func (t Tensor) overDims(op string, code C.int, over []int64, keepdim bool) Tensor {
	return t.withInts(op, code, append([]int64{int64(cBool(keepdim))}, over...)...)
}

// Argmin returns the position of the smallest element of the flattened tensor or, with a dimension (an int) and perhaps whether to keep it
// (a bool), the positions along that.
func (t Tensor) Argmin(opts ...any) Tensor { return t.argExtreme("argmin", C.KG_ARGMIN, opts) }

// Argmax is [Tensor.Argmin] for the largest element.
func (t Tensor) Argmax(opts ...any) Tensor { return t.argExtreme("argmax", C.KG_ARGMAX, opts) }

func (t Tensor) argExtreme(op string, code C.int, opts []any) Tensor {
	if len(opts) == 0 {
		return t.withInts(op, code)
	}
	dim := reflect.ValueOf(opts[0])
	if !dim.IsValid() || !dim.CanInt() {
		fail(op, "the first option is %v, expected a dimension", opts[0])
	}
	var keepdim, ok bool
	if len(opts) > 1 {
		if keepdim, ok = opts[1].(bool); !ok {
			fail(op, "the second option is %v, expected a bool", opts[1])
		}
	}
	return t.withInts(op, code, dim.Int(), int64(cBool(keepdim)))
}

// TopK returns the k largest (or smallest) elements along a dimension, and their positions.
func TopK(t Tensor, k, dim int64, largest, sorted bool) (values, indices Tensor) {
	var v, i C.kg_tensor
	err := C.kg_topk(t.ptr("topk"), C.int64_t(k), C.int64_t(dim), cBool(largest), cBool(sorted), &v, &i)
	return newTensor("topk", err, v, t), newTensor("topk", nil, i)
}

// LogSoftmax returns the logarithm of eᵗ divided by its sum along a dimension.
func (t Tensor) LogSoftmax(dim int64) Tensor { return t.withInts("log_softmax", C.KG_LOG_SOFTMAX, dim) }

// AllFinite reports whether no element of the tensors is NaN or infinite. The tensors must share one device, for which it waits once.
func AllFinite(ts []Tensor) bool {
	v, n := handles("all_finite", ts, Tensor.ptr)
	var finite C.int
	err := C.kg_all_finite(v, n, &finite)
	check("all_finite", err, ts...)
	return finite != 0
}
