package gotorch

// #include "cgotorch.h"
import "C"

import "runtime"

// The operations of this file change the tensor itself and return it. On a parameter they need [NoGrad].

func (t Tensor) binaryI(op string, code C.int, b Tensor, alpha float64) Tensor {
	err := C.kg_binary_inplace(code, t.ptr(op), b.ptr(op), C.double(alpha))
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(b.T)
	check(op, err)
	return t
}

func (t Tensor) scalarI(op string, code C.int, x float64) Tensor {
	err := C.kg_scalar_inplace(code, t.ptr(op), C.double(x))
	runtime.KeepAlive(t.T)
	check(op, err)
	return t
}

func (t Tensor) scalar2I(op string, code C.int, x, y float64) Tensor {
	err := C.kg_scalar2_inplace(code, t.ptr(op), C.double(x), C.double(y))
	runtime.KeepAlive(t.T)
	check(op, err)
	return t
}

// AddI adds alpha·other to t.
func (t Tensor) AddI(other Tensor, alpha float32) Tensor {
	return t.binaryI("add_", C.KG_ADD_I, other, float64(alpha))
}

// SubI subtracts alpha·other from t.
func (t Tensor) SubI(other Tensor, alpha float32) Tensor {
	return t.binaryI("sub_", C.KG_SUB_I, other, float64(alpha))
}

// MulI multiplies t by other, element by element.
func (t Tensor) MulI(other Tensor) Tensor { return t.binaryI("mul_", C.KG_MUL_I, other, 0) }

// DivI divides t by other, element by element.
func (t Tensor) DivI(other Tensor) Tensor { return t.binaryI("div_", C.KG_DIV_I, other, 0) }

// CopyI copies src's elements into t, from any device and type, its shape expanded where needed.
func (t Tensor) CopyI(src Tensor) Tensor { return t.binaryI("copy_", C.KG_COPY_I, src, 0) }

// LerpI moves t towards end: t + weight·(end − t).
func (t Tensor) LerpI(end Tensor, weight float64) Tensor {
	return t.binaryI("lerp_", C.KG_LERP_I, end, weight)
}

// AddScalarI adds x to t.
func (t Tensor) AddScalarI(x float64) Tensor { return t.scalarI("add_", C.KG_ADD_SCALAR_I, x) }

// MulScalarI multiplies t by x.
func (t Tensor) MulScalarI(x float64) Tensor { return t.scalarI("mul_", C.KG_MUL_SCALAR_I, x) }

// FillI sets every element to x.
func (t Tensor) FillI(x float64) Tensor { return t.scalarI("fill_", C.KG_FILL_I, x) }

// ZeroI sets every element to 0.
func (t Tensor) ZeroI() Tensor { return t.FillI(0) }

// ReluI replaces t by max(t, 0).
func (t Tensor) ReluI() Tensor { return t.scalarI("relu_", C.KG_RELU_I, 0) }

// LeakyReluI multiplies the negative elements by negativeSlope.
func (t Tensor) LeakyReluI(negativeSlope float64) Tensor {
	return t.scalarI("leaky_relu_", C.KG_LEAKY_RELU_I, negativeSlope)
}

// ClampI holds t within [low, high].
func (t Tensor) ClampI(low, high float64) Tensor {
	return t.scalar2I("clamp_", C.KG_CLAMP_I, low, high)
}

// UniformI draws every element evenly from [low, high).
func (t Tensor) UniformI(low, high float64) Tensor {
	return t.scalar2I("uniform_", C.KG_UNIFORM_I, low, high)
}

// NormalI draws every element from a normal distribution.
func (t Tensor) NormalI(mean, std float64) Tensor {
	return t.scalar2I("normal_", C.KG_NORMAL_I, mean, std)
}
