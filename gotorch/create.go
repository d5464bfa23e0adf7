package gotorch

// #include "cgotorch.h"
import "C"

import (
	"reflect"
	"runtime"
	"unsafe"
)

func create(op string, kind C.int, shape []int64, dtype int8, d Device, value float64, requiresGrad bool) Tensor {
	var out C.kg_tensor
	p, n := dims(shape)
	err := C.kg_create(kind, p, n, C.int(dtype), d.index(), C.double(value), &out)
	runtime.KeepAlive(shape)
	return newTensor(op, err, out).withGrad(requiresGrad)
}

func (t Tensor) withGrad(requires bool) Tensor {
	if requires {
		t.SetRequiresGrad(true)
	}
	return t
}

// Empty returns float32 elements that are not set to anything.
func Empty(shape []int64, requiresGrad bool) Tensor {
	return create("empty", C.KG_EMPTY, shape, Float, Device{}, 0, requiresGrad)
}

// Zeros returns float32 zeros.
func Zeros(shape []int64, requiresGrad bool) Tensor {
	return create("zeros", C.KG_ZEROS, shape, Float, Device{}, 0, requiresGrad)
}

// Ones returns float32 ones.
func Ones(shape []int64, requiresGrad bool) Tensor {
	return create("ones", C.KG_ONES, shape, Float, Device{}, 0, requiresGrad)
}

// Full returns float32 elements that are all value.
func Full(shape []int64, value float32, requiresGrad bool) Tensor {
	return create("full", C.KG_FULL, shape, Float, Device{}, float64(value), requiresGrad)
}

// Rand returns float32 elements drawn evenly from [0, 1).
func Rand(shape []int64, requiresGrad bool) Tensor {
	return create("rand", C.KG_RAND, shape, Float, Device{}, 0, requiresGrad)
}

// RandN returns float32 elements drawn from the standard normal distribution.
func RandN(shape []int64, requiresGrad bool) Tensor {
	return create("randn", C.KG_RANDN, shape, Float, Device{}, 0, requiresGrad)
}

// EmptyOn is [Empty] with a type and a device.
func EmptyOn(device Device, dtype int8, shape ...int64) Tensor {
	return create("empty", C.KG_EMPTY, shape, dtype, device, 0, false)
}

// Eye returns an n×m float32 matrix with ones on the diagonal and zeros beside it.
func Eye(n, m int64, requiresGrad bool) Tensor {
	var out C.kg_tensor
	err := C.kg_eye(C.int64_t(n), C.int64_t(m), &out)
	return newTensor("eye", err, out).withGrad(requiresGrad)
}

// Arange returns begin, begin + step, and so on, up to but without end.
func Arange(begin, end, step float32, requiresGrad bool) Tensor {
	var out C.kg_tensor
	err := C.kg_arange(C.double(begin), C.double(end), C.double(step), &out)
	return newTensor("arange", err, out).withGrad(requiresGrad)
}

// Linspace returns steps numbers at equal distances from begin to end, both included.
func Linspace(begin, end float32, steps int64, requiresGrad bool) Tensor {
	var out C.kg_tensor
	err := C.kg_linspace(C.double(begin), C.double(end), C.int64_t(steps), &out)
	return newTensor("linspace", err, out).withGrad(requiresGrad)
}

// Logspace returns base to the powers of [Linspace].
func Logspace(begin, end float32, steps int64, base float64, requiresGrad bool) Tensor {
	var out C.kg_tensor
	err := C.kg_logspace(C.double(begin), C.double(end), C.int64_t(steps), C.double(base), &out)
	return newTensor("logspace", err, out).withGrad(requiresGrad)
}

// FromBlob copies elements of a type from memory, which holds as many as sizes say.
func FromBlob(data unsafe.Pointer, dtype int8, sizes []int64) Tensor {
	var out C.kg_tensor
	p, n := dims(sizes)
	err := C.kg_from_host(data, C.int(dtype), p, n, &out)
	runtime.KeepAlive(sizes)
	return newTensor("from_blob", err, out)
}

// elementsOf is the number of elements of a shape.
func elementsOf(op string, shape []int64) int64 {
	n := int64(1)
	for _, s := range shape {
		if s < 0 {
			fail(op, "shape %v has a negative size", shape)
		}
		if s != 0 && n > (1<<62)/s {
			fail(op, "shape %v is too large", shape)
		}
		n *= s
	}
	return n
}

func fromSlice[E any](op string, data []E, dtype int8, shape []int64) Tensor {
	if n := elementsOf(op, shape); n != int64(len(data)) {
		fail(op, "shape %v needs %d elements, got %d", shape, n, len(data))
	}
	t := FromBlob(unsafe.Pointer(unsafe.SliceData(data)), dtype, shape)
	runtime.KeepAlive(data)
	return t
}

// FromFloats copies float32 elements, in C order, into a new tensor of a shape that holds exactly that many.
func FromFloats(data []float32, shape ...int64) Tensor {
	return fromSlice("from_floats", data, Float, shape)
}

// FromInt64s is [FromFloats] for int64.
func FromInt64s(data []int64, shape ...int64) Tensor {
	return fromSlice("from_int64s", data, Long, shape)
}

// FromBytes is [FromFloats] for uint8.
func FromBytes(data []byte, shape ...int64) Tensor { return fromSlice("from_bytes", data, Byte, shape) }

// NewTensor copies a slice, or slices of slices all of one length, into a new tensor: []float32, [][]int64, and so on.
// An option {"dtype": torch.Half} reads the elements as another type of the same size; {"requires_grad": true} makes the
// tensor a parameter.
func NewTensor(data any, options ...map[string]any) Tensor {
	v := reflect.ValueOf(data)
	if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
		fail("tensor", "expected a slice, got %T", data)
	}
	var shape []int64
	elem := v.Type()
	for first := v; elem.Kind() == reflect.Slice || elem.Kind() == reflect.Array; elem = elem.Elem() {
		shape = append(shape, 0)
		if first.IsValid() {
			shape[len(shape)-1] = int64(first.Len())
			if first.Len() > 0 {
				first = first.Index(0)
			} else {
				first = reflect.Value{}
			}
		}
	}
	goType, dtype := elementType(elem)
	flat := reflect.MakeSlice(reflect.SliceOf(goType), 0, int(elementsOf("tensor", shape)))
	flat = flatten(flat, v, shape, goType)
	var requiresGrad bool
	for _, o := range options {
		if d, ok := o["dtype"]; ok {
			dtype = sameSize(goType, d)
		}
		if r, ok := o["requires_grad"].(bool); ok {
			requiresGrad = r
		}
	}
	t := FromBlob(flat.UnsafePointer(), dtype, shape)
	runtime.KeepAlive(flat.Interface())
	return t.withGrad(requiresGrad)
}

// elementType is how a Go element travels: int as int64, uint16 as the bits of a half.
func elementType(elem reflect.Type) (goType reflect.Type, dtype int8) {
	switch elem.Kind() {
	case reflect.Bool:
		return reflect.TypeFor[bool](), Bool
	case reflect.Uint8:
		return reflect.TypeFor[uint8](), Byte
	case reflect.Int8:
		return reflect.TypeFor[int8](), Char
	case reflect.Int16:
		return reflect.TypeFor[int16](), Short
	case reflect.Int32:
		return reflect.TypeFor[int32](), Int
	case reflect.Int64, reflect.Int:
		return reflect.TypeFor[int64](), Long
	case reflect.Uint16:
		return reflect.TypeFor[uint16](), Half
	case reflect.Float32:
		return reflect.TypeFor[float32](), Float
	case reflect.Float64:
		return reflect.TypeFor[float64](), Double
	}
	fail("tensor", "no dtype for elements of type %v", elem)
	return nil, Invalid
}

func sameSize(goType reflect.Type, option any) int8 {
	dtype, ok := option.(int8)
	size, known := itemSize(dtype)
	if !ok || !known || size != int64(goType.Size()) {
		fail("tensor", "dtype %v does not fit elements of type %v", option, goType)
	}
	return dtype
}

func flatten(flat, v reflect.Value, shape []int64, goType reflect.Type) reflect.Value {
	if len(shape) == 0 {
		return reflect.Append(flat, v.Convert(goType))
	}
	if int64(v.Len()) != shape[0] {
		fail("tensor", "slices of %d and of %d elements side by side", shape[0], v.Len())
	}
	for i := range v.Len() {
		flat = flatten(flat, v.Index(i), shape[1:], goType)
	}
	return flat
}
