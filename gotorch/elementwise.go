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

func (t Tensor) scalar(op string, code C.int, x float64) Tensor {
	var out C.kg_tensor
	err := C.kg_scalar(code, t.ptr(op), C.double(x), &out)
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

// Abs returns |t|.
func (t Tensor) Abs() Tensor { return t.unary("abs", C.KG_ABS) }

// Sqrt returns √t.
func (t Tensor) Sqrt() Tensor { return t.unary("sqrt", C.KG_SQRT) }

// Square returns t².
func (t Tensor) Square() Tensor { return t.unary("square", C.KG_SQUARE) }

// Exp returns eᵗ.
func (t Tensor) Exp() Tensor { return t.unary("exp", C.KG_EXP) }

// Log returns the natural logarithm of t.
func (t Tensor) Log() Tensor { return t.unary("log", C.KG_LOG) }

// Log1p returns the natural logarithm of 1 + t.
func (t Tensor) Log1p() Tensor { return t.unary("log1p", C.KG_LOG1P) }

// Sin returns the sine of t radians.
func (t Tensor) Sin() Tensor { return t.unary("sin", C.KG_SIN) }

// Cos returns the cosine of t radians.
func (t Tensor) Cos() Tensor { return t.unary("cos", C.KG_COS) }

// Sign returns −1, 0 or 1.
func (t Tensor) Sign() Tensor { return t.unary("sign", C.KG_SIGN) }

// Floor rounds down.
func (t Tensor) Floor() Tensor { return t.unary("floor", C.KG_FLOOR) }

// Round rounds to the nearest whole number, halves to the even one.
func (t Tensor) Round() Tensor { return t.unary("round", C.KG_ROUND) }

// IsFinite returns a tensor of [Bool]: false where t is NaN or infinite.
func (t Tensor) IsFinite() Tensor { return t.unary("isfinite", C.KG_ISFINITE) }

// Relu returns max(t, 0).
func (t Tensor) Relu() Tensor { return t.unary("relu", C.KG_RELU) }

// Sigmoid returns 1 / (1 + e⁻ᵗ).
func (t Tensor) Sigmoid() Tensor { return t.unary("sigmoid", C.KG_SIGMOID) }

// Tanh returns the hyperbolic tangent of t.
func (t Tensor) Tanh() Tensor { return t.unary("tanh", C.KG_TANH) }

// Softplus returns log(1 + eᵗ).
func (t Tensor) Softplus() Tensor { return t.unary("softplus", C.KG_SOFTPLUS) }

// LeakyRelu returns t where it is positive, else negativeSlope·t.
func (t Tensor) LeakyRelu(negativeSlope float64) Tensor {
	return t.scalar("leaky_relu", C.KG_LEAKY_RELU, negativeSlope)
}

// Elu returns t where it is positive, else alpha·(eᵗ − 1).
func (t Tensor) Elu(alpha float64) Tensor { return t.scalar("elu", C.KG_ELU, alpha) }

// AddScalar returns t + x.
func (t Tensor) AddScalar(x float64) Tensor { return t.scalar("add", C.KG_ADD_SCALAR, x) }

// SubScalar returns t − x.
func (t Tensor) SubScalar(x float64) Tensor { return t.scalar("sub", C.KG_ADD_SCALAR, -x) }

// MulScalar returns t·x.
func (t Tensor) MulScalar(x float64) Tensor { return t.scalar("mul", C.KG_MUL_SCALAR, x) }

// DivScalar returns t / x.
func (t Tensor) DivScalar(x float64) Tensor { return t.scalar("div", C.KG_DIV_SCALAR, x) }

// Pow returns t to the power x.
func (t Tensor) Pow(x float64) Tensor { return t.scalar("pow", C.KG_POW, x) }

// Gt returns a tensor of [Bool]: t > x.
func (t Tensor) Gt(x float64) Tensor { return t.scalar("gt", C.KG_GT, x) }

// Ge returns a tensor of [Bool]: t ≥ x.
func (t Tensor) Ge(x float64) Tensor { return t.scalar("ge", C.KG_GE, x) }

// Lt returns a tensor of [Bool]: t < x.
func (t Tensor) Lt(x float64) Tensor { return t.scalar("lt", C.KG_LT, x) }

// Le returns a tensor of [Bool]: t ≤ x.
func (t Tensor) Le(x float64) Tensor { return t.scalar("le", C.KG_LE, x) }

// ClampMin returns max(t, low).
func (t Tensor) ClampMin(low float64) Tensor { return t.scalar("clamp_min", C.KG_CLAMP_MIN, low) }

// ClampMax returns min(t, high).
func (t Tensor) ClampMax(high float64) Tensor { return t.scalar("clamp_max", C.KG_CLAMP_MAX, high) }

// Clamp returns t held within [low, high].
func (t Tensor) Clamp(low, high float64) Tensor {
	var out C.kg_tensor
	err := C.kg_clamp(t.ptr("clamp"), C.double(low), C.double(high), &out)
	runtime.KeepAlive(t.T)
	return newTensor("clamp", err, out)
}

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

// Maximum returns the larger of each pair of elements.
func (t Tensor) Maximum(other Tensor) Tensor { return t.binary("maximum", C.KG_MAXIMUM, other, 0) }

// Minimum returns the smaller of each pair of elements.
func (t Tensor) Minimum(other Tensor) Tensor { return t.binary("minimum", C.KG_MINIMUM, other, 0) }

// Lerp returns t + weight·(end − t).
func (t Tensor) Lerp(end Tensor, weight float64) Tensor {
	return t.binary("lerp", C.KG_LERP, end, weight)
}

// ZerosLike returns zeros of t's shape and type, on its device.
func (t Tensor) ZerosLike() Tensor { return t.unary("zeros_like", C.KG_ZEROS_LIKE) }

// OnesLike returns ones of t's shape and type, on its device.
func (t Tensor) OnesLike() Tensor { return t.unary("ones_like", C.KG_ONES_LIKE) }

// EmptyLike returns elements that are not set to anything, of t's shape and type, on its device.
func (t Tensor) EmptyLike() Tensor { return t.unary("empty_like", C.KG_EMPTY_LIKE) }

// RandLike returns elements drawn evenly from [0, 1), of t's shape and type, by its device's generator.
func (t Tensor) RandLike() Tensor { return t.unary("rand_like", C.KG_RAND_LIKE) }

// RandNLike returns elements drawn from the standard normal distribution, of t's shape and type, by its device's generator.
func (t Tensor) RandNLike() Tensor { return t.unary("randn_like", C.KG_RANDN_LIKE) }

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

// Softplus is [Tensor.Softplus].
func Softplus(t Tensor) Tensor { return t.Softplus() }

// Equal tells whether two tensors have the same shape and the same elements.
func Equal(a, b Tensor) bool {
	var r C.int
	err := C.kg_equal(a.ptr("equal"), b.ptr("equal"), &r)
	runtime.KeepAlive(a.T)
	runtime.KeepAlive(b.T)
	check("equal", err)
	return r != 0
}

// AllClose tells whether |a − b| ≤ 1e-8 + 1e-5·|b| for all elements.
func AllClose(a, b Tensor) bool {
	var r C.int
	err := C.kg_all_close(a.ptr("allclose"), b.ptr("allclose"), &r)
	runtime.KeepAlive(a.T)
	runtime.KeepAlive(b.T)
	check("allclose", err)
	return r != 0
}
