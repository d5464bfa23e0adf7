package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"unsafe"
)

func read[E any](t Tensor, op string, dtype int8) []E {
	dst := make([]E, t.Numel())
	err := C.kg_read(t.ptr(op), C.int(dtype), unsafe.Pointer(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	runtime.KeepAlive(t.T)
	check(op, err)
	return dst
}

// Floats copies the elements to Go, in C order, from any device and converted to float32.
func (t Tensor) Floats() []float32 { return read[float32](t, "floats", Float) }

// Bytes is [Tensor.Floats] for uint8.
func (t Tensor) Bytes() []byte { return read[byte](t, "bytes", Byte) }

// SetFloats overwrites the elements, in C order and on any device. No gradient records it. src must have as many elements as
// the tensor.
func (t Tensor) SetFloats(src []float32) {
	err := C.kg_write(t.ptr("set_floats"), C.int(Float), unsafe.Pointer(unsafe.SliceData(src)), C.int64_t(len(src)))
	runtime.KeepAlive(t.T)
	check("set_floats", err)
}
