package gotorch

// #include "cgotorch.h"
import "C"

import (
	"reflect"
	"unsafe"
)

// defaultDevice is where new tensors are made.
var defaultDevice Device

// SetDefaultDevice makes the functions that return new tensors, but not the methods of a [Device], make them on d: as a program begins, and
// in tests. Without it that is the CPU.
func SetDefaultDevice(d Device) { defaultDevice = d }

// create makes float32 elements on the default device.
func create(op string, kind C.int, shape []int64, value float64, requiresGrad bool) Tensor {
	return defaultDevice.create(op, kind, shape, value).withGrad(requiresGrad)
}

// atHome moves a tensor that was made on the CPU to the default device.
func atHome(t Tensor) Tensor {
	if !defaultDevice.IsCUDA() {
		return t
	}
	defer t.Close()
	return t.To(defaultDevice)
}

func (d Device) create(op string, kind C.int, shape []int64, value float64) Tensor {
	var out C.kg_tensor
	p, n := cInts(shape)
	err := C.kg_create(kind, d.index(), p, n, C.double(value), &out)
	return newTensor(op, err, out)
}

// Zeros returns float32 zeros on the device.
func (d Device) Zeros(shape ...int64) Tensor { return d.create("zeros", C.KG_ZEROS, shape, 0) }

// Rand draws float32 elements uniformly from [0, 1), on the device and from its own generator.
func (d Device) Rand(shape ...int64) Tensor { return d.create("rand", C.KG_RAND, shape, 0) }

// RandN draws float32 elements from the standard normal distribution, on the device and from its own generator.
func (d Device) RandN(shape ...int64) Tensor { return d.create("randn", C.KG_RANDN, shape, 0) }

func (t Tensor) withGrad(requires bool) Tensor {
	if requires {
		t.SetRequiresGrad(true)
	}
	return t
}

// Empty returns float32 elements of unspecified values.
func Empty(shape []int64, requiresGrad bool) Tensor {
	return create("empty", C.KG_EMPTY, shape, 0, requiresGrad)
}

// Zeros returns float32 zeros.
func Zeros(shape []int64, requiresGrad bool) Tensor {
	return create("zeros", C.KG_ZEROS, shape, 0, requiresGrad)
}

// Ones returns float32 ones.
func Ones(shape []int64, requiresGrad bool) Tensor {
	return create("ones", C.KG_ONES, shape, 0, requiresGrad)
}

// Full returns float32 elements that all equal value.
func Full(shape []int64, value float32, requiresGrad bool) Tensor {
	return create("full", C.KG_FULL, shape, float64(value), requiresGrad)
}

// Rand draws float32 elements uniformly from [0, 1).
func Rand(shape []int64, requiresGrad bool) Tensor {
	return create("rand", C.KG_RAND, shape, 0, requiresGrad)
}

// RandN draws float32 elements from the standard normal distribution.
func RandN(shape []int64, requiresGrad bool) Tensor {
	return create("randn", C.KG_RANDN, shape, 0, requiresGrad)
}

// Eye returns an n×m float32 matrix with ones on its diagonal and zeros elsewhere.
func Eye(n, m int64, requiresGrad bool) Tensor {
	var out C.kg_tensor
	err := C.kg_eye(C.int64_t(n), C.int64_t(m), &out)
	return atHome(newTensor("eye", err, out)).withGrad(requiresGrad)
}

// Arange returns begin, begin + step, and so on, below end.
func Arange(begin, end, step float32, requiresGrad bool) Tensor {
	var out C.kg_tensor
	err := C.kg_arange(C.double(begin), C.double(end), C.double(step), &out)
	return atHome(newTensor("arange", err, out)).withGrad(requiresGrad)
}

// Linspace returns steps numbers at equal distances from begin to end, both included.
func Linspace(begin, end float32, steps int64, requiresGrad bool) Tensor {
	var out C.kg_tensor
	err := C.kg_linspace(C.double(begin), C.double(end), C.int64_t(steps), &out)
	return atHome(newTensor("linspace", err, out)).withGrad(requiresGrad)
}

// Logspace returns base to the powers of [Linspace].
func Logspace(begin, end float32, steps int64, base float64, requiresGrad bool) Tensor {
	var out C.kg_tensor
	err := C.kg_logspace(C.double(begin), C.double(end), C.int64_t(steps), C.double(base), &out)
	return atHome(newTensor("logspace", err, out)).withGrad(requiresGrad)
}

// FromBlob copies elements of a type from memory, which must hold as many as sizes say.
func FromBlob(data unsafe.Pointer, dtype int8, sizes []int64) Tensor {
	var out C.kg_tensor
	p, n := cInts(sizes)
	err := C.kg_from_host(data, C.int(dtype), p, n, &out)
	return atHome(newTensor("from_blob", err, out))
}

func elementCount(op string, shape []int64) int64 {
	n := int64(1)
	for _, size := range shape {
		if size < 0 {
			fail(op, "shape %v has a negative size", shape)
		}
		if size != 0 && n > (1<<62)/size {
			fail(op, "shape %v is too large", shape)
		}
		n *= size
	}
	return n
}

func fromSlice[E any](op string, data []E, dtype int8, shape []int64) Tensor {
	if n := elementCount(op, shape); n != int64(len(data)) {
		fail(op, "shape %v needs %d elements, got %d", shape, n, len(data))
	}
	t := FromBlob(unsafe.Pointer(unsafe.SliceData(data)), dtype, shape)
	return t
}

// FromFloats copies float32 elements, in C order, into a new tensor. The shape must hold exactly that many.
func FromFloats(data []float32, shape ...int64) Tensor {
	return fromSlice("from_floats", data, Float, shape)
}

// FromBytes is [FromFloats] for uint8.
func FromBytes(data []byte, shape ...int64) Tensor { return fromSlice("from_bytes", data, Byte, shape) }

// NewTensor copies a slice, or nested slices of equal lengths, into a new tensor. It refuses []int, whose size depends on the machine. The
// option {"dtype": torch.BFloat16} reads the elements as another type of the same size; {"requires_grad": true} makes a parameter.
func NewTensor(data any, options ...map[string]any) Tensor {
	v := reflect.ValueOf(data)
	if !isList(v.Kind()) {
		fail("tensor", "expected a slice, got %T", data)
	}
	var shape []int64
	elem := v.Type()
	for first := v; isList(elem.Kind()); elem = elem.Elem() {
		size := 0
		if first.IsValid() {
			size = first.Len()
		}
		shape = append(shape, int64(size))
		if size > 0 {
			first = first.Index(0)
		} else {
			first = reflect.Value{}
		}
	}
	dtype, ok := dtypeOfKind[elem.Kind()]
	if !ok {
		fail("tensor", "no dtype for elements of type %v", elem)
	}
	flat := reflect.MakeSlice(reflect.SliceOf(elem), 0, int(elementCount("tensor", shape)))
	flat = flatten(flat, v, shape)
	var requiresGrad bool
	for _, o := range options {
		if d, given := o["dtype"]; given {
			if dtype, ok = d.(int8); !ok || itemSize[dtype] != elem.Size() {
				fail("tensor", "dtype %v does not fit elements of type %v", d, elem)
			}
		}
		if r, given := o["requires_grad"].(bool); given {
			requiresGrad = r
		}
	}
	t := FromBlob(flat.UnsafePointer(), dtype, shape)
	return t.withGrad(requiresGrad)
}

func isList(k reflect.Kind) bool { return k == reflect.Slice || k == reflect.Array }

func flatten(flat, v reflect.Value, shape []int64) reflect.Value {
	if len(shape) == 0 {
		return reflect.Append(flat, v)
	}
	if int64(v.Len()) != shape[0] {
		fail("tensor", "slices of %d and of %d elements side by side", shape[0], v.Len())
	}
	for i := range v.Len() {
		flat = flatten(flat, v.Index(i), shape[1:])
	}
	return flat
}

// ManualSeed seeds the random number generators of all devices.
func ManualSeed(seed int64) { check("manual_seed", C.kg_manual_seed(C.int64_t(seed))) }

// RNGState returns the state of a device's generator. The state determines all numbers that the generator draws next.
func RNGState(device Device) []byte {
	var out C.kg_tensor
	err := C.kg_rng_state(device.index(), &out)
	t := newTensor("rng_state", err, out)
	defer t.Close()
	return t.Bytes()
}

// SetRNGState restores a state that [RNGState] returned from the same version of libtorch.
func SetRNGState(device Device, state []byte) error {
	return Try(func() {
		t := FromBytes(state, int64(len(state)))
		defer t.Close()
		err := C.kg_set_rng_state(device.index(), t.ptr("set_rng_state"))
		check("set_rng_state", err, t)
	})
}
