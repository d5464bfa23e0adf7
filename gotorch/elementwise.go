package gotorch

// #include "cgotorch.h"
import "C"

import "runtime"

func (t Tensor) unary(op string, code C.int) Tensor {
	var out C.kg_tensor
	err := C.kg_unary(code, t.ptr(op), &out)
	runtime.KeepAlive(t.T)
	return newTensor(op, err, out)
}

func (t Tensor) scalar(op string, code C.int, x, y float64) Tensor {
	var out C.kg_tensor
	err := C.kg_scalar(code, t.ptr(op), C.double(x), C.double(y), &out)
	runtime.KeepAlive(t.T)
	return newTensor(op, err, out)
}

func (t Tensor) binary(op string, code C.int, b Tensor, alpha float64) Tensor {
	var out C.kg_tensor
	err := C.kg_binary(code, t.ptr(op), b.ptr(op), C.double(alpha), &out)
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(b.T)
	return newTensor(op, err, out)
}

// Neg returns −t.
func (t Tensor) Neg() Tensor { return t.unary("neg", C.KG_NEG) }

// Sqrt returns √t.
func (t Tensor) Sqrt() Tensor { return t.unary("sqrt", C.KG_SQRT) }

// Square returns t².
func (t Tensor) Square() Tensor { return t.unary("square", C.KG_SQUARE) }

// Floor rounds down.
func (t Tensor) Floor() Tensor { return t.unary("floor", C.KG_FLOOR) }

// Relu returns max(t, 0).
func (t Tensor) Relu() Tensor { return t.unary("relu", C.KG_RELU) }

// Sigmoid returns 1 / (1 + e⁻ᵗ).
func (t Tensor) Sigmoid() Tensor { return t.unary("sigmoid", C.KG_SIGMOID) }

// Tanh returns the hyperbolic tangent of t.
func (t Tensor) Tanh() Tensor { return t.unary("tanh", C.KG_TANH) }

// Softplus returns log(1 + eᵗ).
func (t Tensor) Softplus() Tensor { return t.unary("softplus", C.KG_SOFTPLUS) }

// LeakyRelu returns t where t is positive, else negativeSlope·t.
func (t Tensor) LeakyRelu(negativeSlope float64) Tensor {
	return t.scalar("leaky_relu", C.KG_LEAKY_RELU, negativeSlope, 0)
}

// AddScalar returns t + x.
func (t Tensor) AddScalar(x float64) Tensor { return t.scalar("add", C.KG_ADD_SCALAR, x, 0) }

// MulScalar returns t·x.
func (t Tensor) MulScalar(x float64) Tensor { return t.scalar("mul", C.KG_MUL_SCALAR, x, 0) }

// DivScalar returns t / x.
func (t Tensor) DivScalar(x float64) Tensor { return t.scalar("div", C.KG_DIV_SCALAR, x, 0) }

// Gt returns a tensor of [Bool]: t > x.
func (t Tensor) Gt(x float64) Tensor { return t.scalar("gt", C.KG_GT, x, 0) }

// Lt returns a tensor of [Bool]: t < x.
func (t Tensor) Lt(x float64) Tensor { return t.scalar("lt", C.KG_LT, x, 0) }

// Clamp limits t to [low, high].
func (t Tensor) Clamp(low, high float64) Tensor { return t.scalar("clamp", C.KG_CLAMP, low, high) }

// Add returns t + alpha·other.
func (t Tensor) Add(other Tensor, alpha float32) Tensor {
	return t.binary("add", C.KG_ADD, other, float64(alpha))
}

// Sub returns t − alpha·other.
func (t Tensor) Sub(other Tensor, alpha float32) Tensor {
	return t.binary("sub", C.KG_SUB, other, float64(alpha))
}

// Mul returns t·other, element by element.
func (t Tensor) Mul(other Tensor) Tensor { return t.binary("mul", C.KG_MUL, other, 0) }

// Div returns t / other, element by element.
func (t Tensor) Div(other Tensor) Tensor { return t.binary("div", C.KG_DIV, other, 0) }

// Eq returns a tensor of [Bool]: t = other, element by element.
func (t Tensor) Eq(other Tensor) Tensor { return t.binary("eq", C.KG_EQ, other, 0) }

// MM returns the product of two matrices.
func MM(a, b Tensor) Tensor { return a.binary("mm", C.KG_MM, b, 0) }

// EmptyLike returns elements of unspecified values, with t's shape, type and device.
func (t Tensor) EmptyLike() Tensor { return t.unary("empty_like", C.KG_EMPTY_LIKE) }

// The functions below are the methods of the same name, which upstream has in both forms.

// Add is [Tensor.Add].
func Add(a, other Tensor, alpha float32) Tensor { return a.Add(other, alpha) }

// Sub is [Tensor.Sub].
func Sub(a, other Tensor, alpha float32) Tensor { return a.Sub(other, alpha) }

// Mul is [Tensor.Mul].
func Mul(a, other Tensor) Tensor { return a.Mul(other) }

// Div is [Tensor.Div].
func Div(a, other Tensor) Tensor { return a.Div(other) }

// Eq is [Tensor.Eq].
func Eq(a, other Tensor) Tensor { return a.Eq(other) }

// LeakyRelu is [Tensor.LeakyRelu].
func LeakyRelu(t Tensor, negativeSlope float64) Tensor { return t.LeakyRelu(negativeSlope) }

// Relu is [Tensor.Relu].
func Relu(t Tensor) Tensor { return t.Relu() }

// Sigmoid is [Tensor.Sigmoid].
func Sigmoid(t Tensor) Tensor { return t.Sigmoid() }

// Tanh is [Tensor.Tanh].
func Tanh(t Tensor) Tensor { return t.Tanh() }

func compare(op string, how C.int, a, b Tensor) bool {
	var yes C.int
	err := C.kg_compare(how, a.ptr(op), b.ptr(op), &yes)
	runtime.KeepAlive(a.T)
	runtime.KeepAlive(b.T)
	check(op, err)
	return yes != 0
}

// Equal reports whether two tensors have the same shape and the same elements.
func Equal(a, b Tensor) bool { return compare("equal", C.KG_EQUAL, a, b) }

// AllClose reports whether |a − b| ≤ 1e-8 + 1e-5·|b| for every element.
func AllClose(a, b Tensor) bool { return compare("allclose", C.KG_ALL_CLOSE, a, b) }
