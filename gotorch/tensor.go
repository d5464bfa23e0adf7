package gotorch

// #cgo noescape kg_shape
// #cgo nocallback kg_shape
// #include "cgotorch.h"
import "C"

import (
	"fmt"
	"reflect"
	"unsafe"
)

// Tensor refers to an array of numbers of one type on one device. The zero Tensor, whose T is nil, refers to nothing.
type Tensor struct{ T *handle }

// Shape returns the size of each dimension. A single number has none.
func (t Tensor) Shape() []int64 {
	var sizes [C.KG_MAX_DIMS]C.int64_t
	var n C.int
	err := C.kg_shape(t.ptr("shape"), &sizes[0], &n)
	check("shape", err, t)
	shape := make([]int64, n)
	for i := range shape {
		shape[i] = int64(sizes[i])
	}
	return shape
}

func (t Tensor) property(op string, which C.int) int64 {
	var v C.int64_t
	err := C.kg_property(which, t.ptr(op), &v)
	check(op, err, t)
	return int64(v)
}

// Dim returns the number of dimensions.
func (t Tensor) Dim() int64 { return int64(len(t.Shape())) }

// Numel returns the number of elements.
func (t Tensor) Numel() int64 { return t.property("numel", C.KG_NUMEL) }

// Dtype returns the type of the elements: [Float], [Long] and so on.
func (t Tensor) Dtype() int8 { return int8(t.property("dtype", C.KG_DTYPE)) }

// Device returns the device that holds the elements.
func (t Tensor) Device() Device { return Device{int(t.property("device", C.KG_DEVICE)) + 1} }

// Defined reports whether there is a tensor behind the handle: not for Tensor{}, nor for a [Tensor.Grad] that no Backward has computed.
func (t Tensor) Defined() bool { return t.T != nil && t.property("defined", C.KG_DEFINED) != 0 }

// String shows the elements as PyTorch's C++ library prints them.
func (t Tensor) String() string {
	if t.T == nil {
		return "Tensor{}"
	}
	var s *C.char
	err := C.kg_string(t.ptr("string"), &s)
	check("string", err, t)
	defer C.kg_free_error(s)
	return C.GoString(s)
}

// Print writes the tensor to standard output.
func (t Tensor) Print() { fmt.Println(t) }

func (t Tensor) to(op string, d Device, dtype int8, nonBlocking bool) Tensor {
	var out C.kg_tensor
	err := C.kg_to(t.ptr(op), d.index(), C.int(dtype), cBool(nonBlocking), &out)
	return newTensor(op, err, out, t)
}

// To returns the tensor on a device, with elements of another type if one is given. The result shares the elements if nothing changes.
func (t Tensor) To(device Device, dtype ...int8) Tensor {
	if len(dtype) == 0 {
		dtype = []int8{t.Dtype()}
	}
	return t.to("to", device, dtype[0], false)
}

// To is [Tensor.To].
func To(t Tensor, device Device, dtype int8) Tensor { return t.To(device, dtype) }

// CUDA returns the tensor on a CUDA device; the CPU is an *[Error]. With nonBlocking, the host does not wait for a copy from pinned memory.
func (t Tensor) CUDA(device Device, nonBlocking bool) Tensor {
	if !device.IsCUDA() {
		fail("cuda", "expected a CUDA device, got %v", device)
	}
	return t.to("cuda", device, t.Dtype(), nonBlocking)
}

// CopyTo returns the tensor on a device.
func (t Tensor) CopyTo(device Device) Tensor { return t.To(device) }

// CastTo returns the tensor with elements of another type.
func (t Tensor) CastTo(dtype int8) Tensor { return t.To(t.Device(), dtype) }

// PinMemory returns a copy in pinned host memory, from which a CUDA device can copy by itself; without a CUDA device, the tensor itself.
func (t Tensor) PinMemory() Tensor {
	c := t.ptr("pin_memory")
	if !IsCUDAAvailable() {
		return t
	}
	var out C.kg_tensor
	err := C.kg_pin_memory(c, &out)
	return newTensor("pin_memory", err, out, t)
}

// SetData makes t share b's elements, type and device. Gradients and optimizers still see the same t.
func (t Tensor) SetData(b Tensor) {
	err := C.kg_set_data(t.ptr("set_data"), b.ptr("set_data"))
	check("set_data", err, t, b)
}

// Item returns the only element as a Go value of the tensor's type: float32 for [Float], int64 for [Long]. It waits for the device.
func (t Tensor) Item() any {
	whole := func() int64 { return t.property("item", C.KG_ITEM) }
	switch dtype := t.Dtype(); dtype {
	case Byte:
		return byte(whole())
	case Bool:
		return whole() != 0
	case Char:
		return int8(whole())
	case Short:
		return int16(whole())
	case Int:
		return int32(whole())
	case Long:
		return whole()
	case Half, BFloat16, Float:
		return float32(t.Float())
	case Double:
		return t.Float()
	default:
		fail("item", "no Go type for dtype %d", dtype)
		return nil
	}
}

// Float returns the only element. It waits for the device.
func (t Tensor) Float() float64 {
	var v C.double
	err := C.kg_item_double(t.ptr("item"), &v)
	check("item", err, t)
	return float64(v)
}

func read[E any](t Tensor, op string, dtype int8) []E {
	dst := make([]E, t.Numel())
	err := C.kg_read(t.ptr(op), C.int(dtype), unsafe.Pointer(unsafe.SliceData(dst)), C.int64_t(len(dst)))
	check(op, err, t)
	return dst
}

// Floats copies the elements to Go, in C order, from any device and converted to float32.
func (t Tensor) Floats() []float32 { return read[float32](t, "floats", Float) }

// Bytes is [Tensor.Floats] for uint8.
func (t Tensor) Bytes() []byte { return read[byte](t, "bytes", Byte) }

// SetFloats overwrites the elements, in C order and on any device. No gradient records it. src must have as many elements as the tensor.
func (t Tensor) SetFloats(src []float32) {
	err := C.kg_write(t.ptr("set_floats"), C.int(Float), unsafe.Pointer(unsafe.SliceData(src)), C.int64_t(len(src)))
	check("set_floats", err, t)
}

// The types of a tensor's elements.
const (
	Byte   int8 = iota // uint8
	Char               // int8
	Short              // int16
	Int                // int32
	Long               // int64
	Half               // 16-bit floating point
	Float              // float32
	Double             // float64
	ComplexHalf
	ComplexFloat
	ComplexDouble
	Bool
	QInt8
	QUInt8
	QInt32
	BFloat16
	Invalid = -1
)

// dtypeOfKind maps Go's element types to dtypes. Go has no 16-bit floating point: a uint16 holds the bits of a [Half].
var dtypeOfKind = map[reflect.Kind]int8{
	reflect.Bool: Bool, reflect.Uint8: Byte, reflect.Int8: Char, reflect.Int16: Short, reflect.Int32: Int, reflect.Int64: Long,
	reflect.Uint16: Half, reflect.Float32: Float, reflect.Float64: Double,
}

// itemSize is the size of an element in bytes.
var itemSize = map[int8]uintptr{
	Byte: 1, Char: 1, Bool: 1, Short: 2, Half: 2, BFloat16: 2, Int: 4, Float: 4, ComplexHalf: 4, Long: 8, Double: 8, ComplexFloat: 8,
}
