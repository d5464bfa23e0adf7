package gotorch

// #include <stdlib.h>
// #include "cgotorch.h"
import "C"

import "unsafe"

// withInts runs an operation on the tensor and whole numbers; cgotorch.h says which numbers each operation takes.
func (t Tensor) withInts(op string, code C.int, numbers ...int64) Tensor {
	var out C.kg_tensor
	p, n := cInts(numbers)
	err := C.kg_with_ints(code, t.ptr(op), p, n, &out)
	return newTensor(op, err, out, t)
}

// View returns the same elements in another shape. One size may be −1, which stands for the size that is left.
func (t Tensor) View(shape ...int64) Tensor { return t.withInts("view", C.KG_VIEW, shape...) }

// ExpandAs repeats dimensions of size 1, without a copy, up to another tensor's shape.
func (t Tensor) ExpandAs(other Tensor) Tensor { return t.binary("expand_as", C.KG_EXPAND_AS, other, 0) }

// Permute puts the dimensions in another order.
func (t Tensor) Permute(order []int64) Tensor { return t.withInts("permute", C.KG_PERMUTE, order...) }

// Transpose swaps two dimensions.
func (t Tensor) Transpose(dim0, dim1 int64) Tensor {
	return t.withInts("transpose", C.KG_TRANSPOSE, dim0, dim1)
}

// Flatten joins the dimensions from startDim to endDim, both included, into one.
func (t Tensor) Flatten(startDim, endDim int64) Tensor {
	return t.withInts("flatten", C.KG_FLATTEN, startDim, endDim)
}

// Squeeze drops a dimension of size 1 or, without an argument, all of them.
func (t Tensor) Squeeze(dim ...int64) Tensor {
	switch len(dim) {
	case 0:
		return t.unary("squeeze", C.KG_SQUEEZE)
	case 1:
		return t.withInts("squeeze", C.KG_SQUEEZE_DIM, dim...)
	}
	fail("squeeze", "expected at most one dimension, got %v", dim)
	return Tensor{}
}

// Index returns one element. It takes one number for each dimension.
func (t Tensor) Index(index ...int64) Tensor { return t.withInts("index", C.KG_INDEX, index...) }

// IndexSelect copies the slices along a dimension that index, a vector of [Long], lists.
func (t Tensor) IndexSelect(dim int64, index Tensor) Tensor {
	var out C.kg_tensor
	err := C.kg_index_select(t.ptr("index_select"), C.int64_t(dim), index.ptr("index_select"), &out)
	return newTensor("index_select", err, out, t, index)
}

// Narrow returns length slices along a dimension, from start on, without a copy.
func (t Tensor) Narrow(dim, start, length int64) Tensor {
	return t.withInts("narrow", C.KG_NARROW, dim, start, length)
}

// Stack joins tensors of equal shape along a new dimension.
func Stack(tensors []Tensor, dim int64) Tensor {
	v, n := handles("stack", tensors, Tensor.ptr)
	var out C.kg_tensor
	err := C.kg_stack(v, n, C.int64_t(dim), &out)
	return newTensor("stack", err, out, tensors...)
}

// Cat joins tensors along one of their dimensions.
func Cat(tensors []Tensor, dim int64) Tensor {
	v, n := handles("cat", tensors, Tensor.ptr)
	var out C.kg_tensor
	err := C.kg_cat(v, n, C.int64_t(dim), &out)
	return newTensor("cat", err, out, tensors...)
}

// Pad adds elements at both ends of the last dimensions. widths holds a pair (before, after) for each, the last dimension
// first. The mode is "constant", which adds value, or "reflect" or "replicate", which pad exactly two dimensions.
func Pad(t Tensor, widths []int64, mode string, value float64) Tensor {
	m := C.CString(mode)
	defer C.free(unsafe.Pointer(m))
	var out C.kg_tensor
	p, n := cInts(widths)
	err := C.kg_pad(t.ptr("pad"), p, n, m, C.double(value), &out)
	return newTensor("pad", err, out, t)
}

// Contiguous returns the tensor with its elements in C order; it copies them only if they are not.
func (t Tensor) Contiguous() Tensor { return t.unary("contiguous", C.KG_CONTIGUOUS) }

// ChannelsLast returns images [N, C, H, W] with the channels of each pixel side by side in memory, which suits convolutions on the CPU. It
// copies them only if they are not. Shape and indices stay.
func (t Tensor) ChannelsLast() Tensor { return t.unary("channels_last", C.KG_CHANNELS_LAST) }
