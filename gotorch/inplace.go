package gotorch

// #include "cgotorch.h"
import "C"

import "runtime"

// The operations of this file change the tensor itself and return it. A parameter allows them only inside [NoGrad].

func (t Tensor) binaryInPlace(op string, code C.int, b Tensor, alpha float64) Tensor {
	err := C.kg_binary_inplace(code, t.ptr(op), b.ptr(op), C.double(alpha))
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(b.T)
	check(op, err)
	return t
}

func (t Tensor) scalarInPlace(op string, code C.int, x, y float64) Tensor {
	err := C.kg_scalar_inplace(code, t.ptr(op), C.double(x), C.double(y))
	runtime.KeepAlive(t.T)
	check(op, err)
	return t
}

// AddI adds alpha·other to t.
func (t Tensor) AddI(other Tensor, alpha float32) Tensor {
	return t.binaryInPlace("add_", C.KG_ADD_I, other, float64(alpha))
}

// SubI subtracts alpha·other from t.
func (t Tensor) SubI(other Tensor, alpha float32) Tensor {
	return t.binaryInPlace("sub_", C.KG_SUB_I, other, float64(alpha))
}

// MulI multiplies t by other, element by element.
func (t Tensor) MulI(other Tensor) Tensor { return t.binaryInPlace("mul_", C.KG_MUL_I, other, 0) }

// DivI divides t by other, element by element.
func (t Tensor) DivI(other Tensor) Tensor { return t.binaryInPlace("div_", C.KG_DIV_I, other, 0) }

// CopyI copies src's elements into t, from any device and type, and repeats them as t's shape needs.
func (t Tensor) CopyI(src Tensor) Tensor { return t.binaryInPlace("copy_", C.KG_COPY_I, src, 0) }

// LerpI replaces t by t + weight·(end − t).
func (t Tensor) LerpI(end Tensor, weight float64) Tensor {
	return t.binaryInPlace("lerp_", C.KG_LERP_I, end, weight)
}

// MulScalarI multiplies t by x.
func (t Tensor) MulScalarI(x float64) Tensor { return t.scalarInPlace("mul_", C.KG_MUL_SCALAR_I, x, 0) }

// FillI sets every element to x.
func (t Tensor) FillI(x float64) Tensor { return t.scalarInPlace("fill_", C.KG_FILL_I, x, 0) }

// ZeroI sets every element to 0.
func (t Tensor) ZeroI() Tensor { return t.FillI(0) }

// ReluI replaces t by max(t, 0).
func (t Tensor) ReluI() Tensor { return t.scalarInPlace("relu_", C.KG_RELU_I, 0, 0) }

// LeakyReluI multiplies the negative elements by negativeSlope.
func (t Tensor) LeakyReluI(negativeSlope float64) Tensor {
	return t.scalarInPlace("leaky_relu_", C.KG_LEAKY_RELU_I, negativeSlope, 0)
}

// UniformI draws every element uniformly from [low, high).
func (t Tensor) UniformI(low, high float64) Tensor {
	return t.scalarInPlace("uniform_", C.KG_UNIFORM_I, low, high)
}

// NormalI draws every element from a normal distribution.
func (t Tensor) NormalI(mean, std float64) Tensor {
	return t.scalarInPlace("normal_", C.KG_NORMAL_I, mean, std)
}
