package gotorch

// #include <stdlib.h>
// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// View returns the same elements in another shape, of which one size may be −1: what is left.
func (t Tensor) View(shape ...int64) Tensor {
	var out C.kg_tensor
	p, n := dims(shape)
	err := C.kg_view(t.ptr("view"), p, n, &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(shape)
	return newTensor("view", err, out)
}

// View is [Tensor.View].
func View(t Tensor, shape ...int64) Tensor { return t.View(shape...) }

// Reshape is [Tensor.View], with a copy where the elements do not lie in order.
func (t Tensor) Reshape(shape ...int64) Tensor {
	var out C.kg_tensor
	p, n := dims(shape)
	err := C.kg_reshape(t.ptr("reshape"), p, n, &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(shape)
	return newTensor("reshape", err, out)
}

// Expand repeats dimensions of size 1, without a copy, up to a shape; −1 leaves a size as it is.
func (t Tensor) Expand(shape ...int64) Tensor {
	var out C.kg_tensor
	p, n := dims(shape)
	err := C.kg_expand(t.ptr("expand"), p, n, &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(shape)
	return newTensor("expand", err, out)
}

// ExpandAs is [Tensor.Expand] to another tensor's shape.
func (t Tensor) ExpandAs(other Tensor) Tensor { return t.binary("expand_as", C.KG_EXPAND_AS, other, 0) }

// ExpandAs is [Tensor.ExpandAs].
func ExpandAs(t, other Tensor) Tensor { return t.ExpandAs(other) }

// Permute puts the dimensions in another order.
func (t Tensor) Permute(order []int64) Tensor {
	var out C.kg_tensor
	p, n := dims(order)
	err := C.kg_permute(t.ptr("permute"), p, n, &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(order)
	return newTensor("permute", err, out)
}

// Transpose swaps two dimensions.
func (t Tensor) Transpose(dim0, dim1 int64) Tensor {
	var out C.kg_tensor
	err := C.kg_transpose(t.ptr("transpose"), C.int64_t(dim0), C.int64_t(dim1), &out)
	runtime.KeepAlive(t.T)
	return newTensor("transpose", err, out)
}

// Transpose is [Tensor.Transpose].
func Transpose(t Tensor, dim0, dim1 int64) Tensor { return t.Transpose(dim0, dim1) }

// Flatten makes one dimension of those from startDim to endDim, both included.
func (t Tensor) Flatten(startDim, endDim int64) Tensor {
	var out C.kg_tensor
	err := C.kg_flatten(t.ptr("flatten"), C.int64_t(startDim), C.int64_t(endDim), &out)
	runtime.KeepAlive(t.T)
	return newTensor("flatten", err, out)
}

// Flatten is [Tensor.Flatten].
func Flatten(t Tensor, startDim, endDim int64) Tensor { return t.Flatten(startDim, endDim) }

// Squeeze drops a dimension of size 1 or, without an argument, all of them.
func (t Tensor) Squeeze(dim ...int64) Tensor {
	switch len(dim) {
	case 0:
		return t.unary("squeeze", C.KG_SQUEEZE)
	case 1:
		var out C.kg_tensor
		err := C.kg_squeeze(t.ptr("squeeze"), C.int64_t(dim[0]), &out)
		runtime.KeepAlive(t.T)
		return newTensor("squeeze", err, out)
	}
	fail("squeeze", "expected at most one dimension, got %v", dim)
	return Tensor{}
}

// Squeeze is [Tensor.Squeeze].
func Squeeze(t Tensor, dim ...int64) Tensor { return t.Squeeze(dim...) }

// Unsqueeze inserts a dimension of size 1.
func (t Tensor) Unsqueeze(dim int64) Tensor {
	var out C.kg_tensor
	err := C.kg_unsqueeze(t.ptr("unsqueeze"), C.int64_t(dim), &out)
	runtime.KeepAlive(t.T)
	return newTensor("unsqueeze", err, out)
}

// Narrow returns length elements from start on along a dimension, sharing memory.
func (t Tensor) Narrow(dim, start, length int64) Tensor {
	var out C.kg_tensor
	err := C.kg_narrow(t.ptr("narrow"), C.int64_t(dim), C.int64_t(start), C.int64_t(length), &out)
	runtime.KeepAlive(t.T)
	return newTensor("narrow", err, out)
}

// IndexSelect copies the slices along a dimension that index, a vector of [Long], names.
func (t Tensor) IndexSelect(dim int64, index Tensor) Tensor {
	var out C.kg_tensor
	err := C.kg_index_select(t.ptr("index_select"), C.int64_t(dim), index.ptr("index_select"), &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(index.T)
	return newTensor("index_select", err, out)
}

// IndexSelect is [Tensor.IndexSelect].
func IndexSelect(t Tensor, dim int64, index Tensor) Tensor { return t.IndexSelect(dim, index) }

// Index returns the one element at an index of as many numbers as the tensor has dimensions.
func (t Tensor) Index(index ...int64) Tensor {
	var out C.kg_tensor
	p, n := dims(index)
	err := C.kg_index(t.ptr("index"), p, n, &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(index)
	return newTensor("index", err, out)
}

// Stack joins tensors of one shape along a new dimension.
func Stack(tensors []Tensor, dim int64) Tensor {
	v := list("stack", tensors)
	var out C.kg_tensor
	err := C.kg_stack(first(v), C.int(len(v)), C.int64_t(dim), &out)
	runtime.KeepAlive(tensors)
	return newTensor("stack", err, out)
}

// Cat joins tensors along a dimension that they have.
func Cat(tensors []Tensor, dim int64) Tensor {
	v := list("cat", tensors)
	var out C.kg_tensor
	err := C.kg_cat(first(v), C.int(len(v)), C.int64_t(dim), &out)
	runtime.KeepAlive(tensors)
	return newTensor("cat", err, out)
}

// Pad adds elements at the ends of the last dimensions: widths are the pairs (before, after), last dimension first. The mode
// is "constant" (of value), "reflect" or "replicate"; the latter two pad exactly two dimensions.
func Pad(t Tensor, widths []int64, mode string, value float64) Tensor {
	m := C.CString(mode)
	defer C.free(unsafe.Pointer(m))
	var out C.kg_tensor
	p, n := dims(widths)
	err := C.kg_pad(t.ptr("pad"), p, n, m, C.double(value), &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(widths)
	return newTensor("pad", err, out)
}

// MM is the product of two matrices.
func MM(a, b Tensor) Tensor { return a.binary("mm", C.KG_MM, b, 0) }

// MatMul is the product of matrices, or of batches of them.
func MatMul(a, b Tensor) Tensor { return a.binary("matmul", C.KG_MATMUL, b, 0) }

// Contiguous returns the tensor with its elements in C order, itself if they are.
func (t Tensor) Contiguous() Tensor { return t.unary("contiguous", C.KG_CONTIGUOUS) }

// Clone copies the elements; gradients flow through.
func (t Tensor) Clone() Tensor { return t.unary("clone", C.KG_CLONE) }
