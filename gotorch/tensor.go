package gotorch

// #cgo noescape kg_shape
// #cgo nocallback kg_shape
// #include "cgotorch.h"
import "C"

import (
	"fmt"
	"runtime"
)

// Tensor refers to an array of numbers of one type on one device. The zero Tensor, whose T is nil, refers to nothing.
type Tensor struct {
	T *handle
}

// Shape returns the size of each dimension. A single number has none.
func (t Tensor) Shape() []int64 {
	var sizes [C.KG_MAX_DIMS]C.int64_t
	var n C.int
	err := C.kg_shape(t.ptr("shape"), &sizes[0], &n)
	runtime.KeepAlive(t.T)
	check("shape", err)
	shape := make([]int64, n)
	for i := range shape {
		shape[i] = int64(sizes[i])
	}
	return shape
}

func (t Tensor) property(op string, which C.int) int64 {
	var v C.int64_t
	err := C.kg_property(which, t.ptr(op), &v)
	runtime.KeepAlive(t.T)
	check(op, err)
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

// Defined reports whether there is a tensor behind the handle. A [Tensor.Grad] that no Backward has computed is undefined,
// and so is the zero Tensor.
func (t Tensor) Defined() bool { return t.T != nil && t.property("defined", C.KG_DEFINED) != 0 }

// String shows the elements as PyTorch's C++ library prints them.
func (t Tensor) String() string {
	if t.T == nil {
		return "Tensor{}"
	}
	var s *C.char
	err := C.kg_string(t.ptr("string"), &s)
	runtime.KeepAlive(t.T)
	check("string", err)
	defer C.kg_free_error(s)
	return C.GoString(s)
}

// Print writes the tensor to standard output.
func (t Tensor) Print() { fmt.Println(t) }

func (t Tensor) to(op string, d Device, dtype int8, nonBlocking bool) Tensor {
	var out C.kg_tensor
	err := C.kg_to(t.ptr(op), d.index(), C.int(dtype), cBool(nonBlocking), &out)
	runtime.KeepAlive(t.T)
	return newTensor(op, err, out)
}

// To returns the tensor on a device, with elements of another type if one is given. The result shares the elements if
// nothing changes.
func (t Tensor) To(device Device, dtype ...int8) Tensor {
	if len(dtype) == 0 {
		dtype = []int8{t.Dtype()}
	}
	return t.to("to", device, dtype[0], false)
}

// To is [Tensor.To].
func To(t Tensor, device Device, dtype int8) Tensor { return t.To(device, dtype) }

// CUDA returns the tensor on a CUDA device. With nonBlocking, a copy from pinned memory runs while the host goes on. It
// panics with *[Error] if the device is the CPU.
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

// PinMemory returns a copy in pinned host memory, from which a CUDA device can copy without the host. It returns the tensor
// itself if there is no CUDA device.
func (t Tensor) PinMemory() Tensor {
	c := t.ptr("pin_memory")
	if !IsCUDAAvailable() {
		return t
	}
	var out C.kg_tensor
	err := C.kg_pin_memory(c, &out)
	runtime.KeepAlive(t.T)
	return newTensor("pin_memory", err, out)
}

// SetData makes t share b's elements, type and device. Gradients and optimizers still see the same t.
func (t Tensor) SetData(b Tensor) {
	err := C.kg_set_data(t.ptr("set_data"), b.ptr("set_data"))
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(b.T)
	check("set_data", err)
}

// Item returns the only element as a Go value of the tensor's type: float32 for [Float], int64 for [Long], and so on. It
// waits for the device.
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
	runtime.KeepAlive(t.T)
	check("item", err)
	return float64(v)
}
