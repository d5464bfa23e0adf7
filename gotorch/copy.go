package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"unsafe"
)

func readInto[E any](t Tensor, op string, dtype int8, dst []E) {
	err := C.kg_read(t.ptr(op), C.int(dtype), unsafe.Pointer(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	runtime.KeepAlive(t.T)
	check(op, err)
}

func writeFrom[E any](t Tensor, op string, dtype int8, src []E) {
	err := C.kg_write(t.ptr(op), C.int(dtype), unsafe.Pointer(unsafe.SliceData(src)), C.int64_t(len(src)))
	runtime.KeepAlive(t.T)
	check(op, err)
}

// Floats copies the elements, in C order, to Go, from any device and converted to float32.
func (t Tensor) Floats() []float32 {
	v := make([]float32, t.Numel())
	readInto(t, "floats", Float, v)
	return v
}

// CopyFloats is [Tensor.Floats] into dst, which must have as many elements as the tensor.
func (t Tensor) CopyFloats(dst []float32) { readInto(t, "copy_floats", Float, dst) }

// SetFloats overwrites the elements, in C order, on whatever device they are, without a trace in any graph. src must have
// as many elements as the tensor.
func (t Tensor) SetFloats(src []float32) { writeFrom(t, "set_floats", Float, src) }

// Int64s is [Tensor.Floats] for int64.
func (t Tensor) Int64s() []int64 {
	v := make([]int64, t.Numel())
	readInto(t, "int64s", Long, v)
	return v
}

// Bytes is [Tensor.Floats] for uint8.
func (t Tensor) Bytes() []byte {
	v := make([]byte, t.Numel())
	readInto(t, "bytes", Byte, v)
	return v
}
