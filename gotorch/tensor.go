package gotorch

// #cgo noescape kg_shape
// #cgo nocallback kg_shape
// #include "cgotorch.h"
import "C"

import (
	"fmt"
	"runtime"
)

// Tensor refers to an array of numbers of one type on one device. The zero Tensor is no tensor; t.T == nil tells.
type Tensor struct {
	T *handle
}

// Shape is the size of each dimension; none for a single number.
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

// Dim is the number of dimensions.
func (t Tensor) Dim() int64 { return int64(len(t.Shape())) }

// Numel is the number of elements.
func (t Tensor) Numel() int64 {
	var n C.int64_t
	err := C.kg_numel(t.ptr("numel"), &n)
	runtime.KeepAlive(t.T)
	check("numel", err)
	return int64(n)
}

// Dtype is the type of the elements: [Float], [Long] and so on.
func (t Tensor) Dtype() int8 {
	var d C.int
	err := C.kg_dtype(t.ptr("dtype"), &d)
	runtime.KeepAlive(t.T)
	check("dtype", err)
	return int8(d)
}

// Device is where the elements are.
func (t Tensor) Device() Device {
	var d C.int
	err := C.kg_device(t.ptr("device"), &d)
	runtime.KeepAlive(t.T)
	check("device", err)
	return deviceAt(d)
}

// String shows the elements as PyTorch's C++ side prints them.
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

func (t Tensor) to(op string, d Device, dtype int8, nonBlocking, copy bool) Tensor {
	var out C.kg_tensor
	err := C.kg_to(t.ptr(op), d.index(), C.int(dtype), flag(nonBlocking), flag(copy), &out)
	runtime.KeepAlive(t.T)
	return newTensor(op, err, out)
}

// To returns the tensor on a device and, if one is given, with another type. Where nothing changes the elements are
// shared.
func (t Tensor) To(device Device, dtype ...int8) Tensor {
	d := t.Dtype()
	if len(dtype) > 0 {
		d = dtype[0]
	}
	return t.to("to", device, d, false, false)
}

// To is [Tensor.To].
func To(t Tensor, device Device, dtype int8) Tensor { return t.To(device, dtype) }

// CUDA returns the tensor on a CUDA device. With nonBlocking, a copy from pinned memory goes on while the host does other
// work.
func (t Tensor) CUDA(device Device, nonBlocking bool) Tensor {
	return t.to("cuda", device, t.Dtype(), nonBlocking, false)
}

// CopyTo returns the tensor on a device.
func (t Tensor) CopyTo(device Device) Tensor { return t.To(device) }

// CastTo returns the tensor with elements of another type.
func (t Tensor) CastTo(dtype int8) Tensor { return t.To(t.Device(), dtype) }

// PinMemory returns a copy in memory that the host has pinned, from where a CUDA device can copy by itself. Without CUDA it
// returns the tensor as it is.
func (t Tensor) PinMemory() Tensor {
	if !IsCUDAAvailable() {
		t.ptr("pin_memory")
		return t
	}
	var out C.kg_tensor
	err := C.kg_pin_memory(t.ptr("pin_memory"), &out)
	runtime.KeepAlive(t.T)
	return newTensor("pin_memory", err, out)
}

// SetData makes t share b's elements, type and device, while t stays the same node for gradients and optimizers.
func (t Tensor) SetData(b Tensor) {
	err := C.kg_set_data(t.ptr("set_data"), b.ptr("set_data"))
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(b.T)
	check("set_data", err)
}

// Item returns the only element as a Go value of the tensor's type: float32 for [Float], int64 for [Long], and so on. It
// waits for the device.
func (t Tensor) Item() any {
	switch dtype := t.Dtype(); dtype {
	case Byte:
		return byte(t.itemInt64())
	case Bool:
		return t.itemInt64() != 0
	case Char:
		return int8(t.itemInt64())
	case Short:
		return int16(t.itemInt64())
	case Int:
		return int32(t.itemInt64())
	case Long:
		return t.itemInt64()
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

func (t Tensor) itemInt64() int64 {
	var v C.int64_t
	err := C.kg_item_int64(t.ptr("item"), &v)
	runtime.KeepAlive(t.T)
	check("item", err)
	return int64(v)
}
