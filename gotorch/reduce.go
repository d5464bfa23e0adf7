package gotorch

// #include "cgotorch.h"
import "C"

import (
	"reflect"
	"runtime"
)

// Sum returns the sum of all elements or, with an option {"dim": 1, "keepDim": true}, over one dimension.
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

// Sum is [Tensor.Sum].
func Sum(t Tensor, opt ...map[string]any) Tensor { return t.Sum(opt...) }

// Mean returns the mean of all elements.
func (t Tensor) Mean() Tensor { return t.unary("mean", C.KG_MEAN) }

// Mean is [Tensor.Mean].
func Mean(t Tensor) Tensor { return t.Mean() }

// Max returns the largest element.
func (t Tensor) Max() Tensor { return t.unary("max", C.KG_MAX) }

// Min returns the smallest element.
func (t Tensor) Min() Tensor { return t.unary("min", C.KG_MIN) }

// SumDims returns the sums over some dimensions, which keepdim leaves as size 1.
func (t Tensor) SumDims(over []int64, keepdim bool) Tensor {
	var out C.kg_tensor
	p, n := dims(over)
	err := C.kg_sum_dims(t.ptr("sum"), p, n, flag(keepdim), &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(over)
	return newTensor("sum", err, out)
}

// MeanDims returns the means over some dimensions, which keepdim leaves as size 1.
func (t Tensor) MeanDims(over []int64, keepdim bool) Tensor {
	var out C.kg_tensor
	p, n := dims(over)
	err := C.kg_mean_dims(t.ptr("mean"), p, n, flag(keepdim), &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(over)
	return newTensor("mean", err, out)
}

// Argmin returns where the smallest element is, counted over the flattened tensor, or, with a dimension (an int) and
// whether to keep it (a bool) as options, along that dimension.
func (t Tensor) Argmin(opts ...any) Tensor { return t.arg("argmin", false, opts) }

// Argmax is [Tensor.Argmin] for the largest element.
func (t Tensor) Argmax(opts ...any) Tensor { return t.arg("argmax", true, opts) }

func (t Tensor) arg(op string, largest bool, opts []any) Tensor {
	var dim *C.int64_t
	var keepdim bool
	if len(opts) > 0 {
		v := reflect.ValueOf(opts[0])
		if !v.IsValid() || !v.CanInt() {
			fail(op, "the first option is %v, expected a dimension", opts[0])
		}
		d := C.int64_t(v.Int())
		dim = &d
	}
	if len(opts) > 1 {
		keep, ok := opts[1].(bool)
		if !ok {
			fail(op, "the second option is %v, expected a bool", opts[1])
		}
		keepdim = keep
	}
	var out C.kg_tensor
	err := C.kg_arg(flag(largest), t.ptr(op), dim, flag(keepdim), &out)
	runtime.KeepAlive(t.T)
	return newTensor(op, err, out)
}

// TopK returns the k largest (or smallest) elements along a dimension, and where they are.
func TopK(t Tensor, k, dim int64, largest, sorted bool) (values, indices Tensor) {
	var v, i C.kg_tensor
	err := C.kg_topk(t.ptr("topk"), C.int64_t(k), C.int64_t(dim), flag(largest), flag(sorted), &v, &i)
	runtime.KeepAlive(t.T)
	return newTensor("topk", err, v), newTensor("topk", nil, i)
}

// LogSoftmax returns the logarithm of [Tensor.Softmax].
func (t Tensor) LogSoftmax(dim int64) Tensor {
	var out C.kg_tensor
	err := C.kg_log_softmax(t.ptr("log_softmax"), C.int64_t(dim), &out)
	runtime.KeepAlive(t.T)
	return newTensor("log_softmax", err, out)
}

// LogSoftmax is [Tensor.LogSoftmax].
func LogSoftmax(t Tensor, dim int64) Tensor { return t.LogSoftmax(dim) }

// Softmax returns eᵗ divided by its sum along a dimension.
func (t Tensor) Softmax(dim int64) Tensor {
	var out C.kg_tensor
	err := C.kg_softmax(t.ptr("softmax"), C.int64_t(dim), &out)
	runtime.KeepAlive(t.T)
	return newTensor("softmax", err, out)
}

// AllFinite tells whether no element of any of the tensors, all on one device, is NaN or infinite. It waits for the device
// once.
func AllFinite(ts []Tensor) bool {
	v := list("all_finite", ts)
	var finite C.int
	err := C.kg_all_finite(first(v), C.int(len(v)), &finite)
	runtime.KeepAlive(ts)
	check("all_finite", err)
	return finite != 0
}

// Norm2 returns the Euclidean norm of all elements of all the tensors, all on one device. It waits for the device once.
func Norm2(ts []Tensor) float64 {
	v := list("norm2", ts)
	var norm C.double
	err := C.kg_norm2(first(v), C.int(len(v)), &norm)
	runtime.KeepAlive(ts)
	check("norm2", err)
	return float64(norm)
}
