package gotorch

// #include "cgotorch.h"
import "C"
import "reflect"

func (t Tensor) unary(op string, code C.int) Tensor {
	var out C.kg_tensor
	err := C.kg_unary(code, t.ptr(op), &out)
	return newTensor(op, err, out, t)
}

func (t Tensor) scalar(op string, code C.int, x, y float64) Tensor {
	var out C.kg_tensor
	err := C.kg_scalar(code, t.ptr(op), C.double(x), C.double(y), &out)
	return newTensor(op, err, out, t)
}

func (t Tensor) binary(op string, code C.int, b Tensor, alpha float64) Tensor {
	var out C.kg_tensor
	err := C.kg_binary(code, t.ptr(op), b.ptr(op), C.double(alpha), &out)
	return newTensor(op, err, out, t, b)
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

func compare(op string, how C.int, a, b Tensor) bool {
	var yes C.int
	err := C.kg_compare(how, a.ptr(op), b.ptr(op), &yes)
	check(op, err, a, b)
	return yes != 0
}

// Equal reports whether two tensors have the same shape and the same elements.
func Equal(a, b Tensor) bool { return compare("equal", C.KG_EQUAL, a, b) }

// AllClose reports whether |a − b| ≤ 1e-8 + 1e-5·|b| for every element.
func AllClose(a, b Tensor) bool { return compare("allclose", C.KG_ALL_CLOSE, a, b) }

// The operations of this file change the tensor itself and return it. A parameter allows them only inside [NoGrad].

func (t Tensor) binaryInPlace(op string, code C.int, b Tensor, alpha float64) Tensor {
	err := C.kg_binary_inplace(code, t.ptr(op), b.ptr(op), C.double(alpha))
	check(op, err, t, b)
	return t
}

func (t Tensor) scalarInPlace(op string, code C.int, x, y float64) Tensor {
	err := C.kg_scalar_inplace(code, t.ptr(op), C.double(x), C.double(y))
	check(op, err, t)
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

// CopyAsyncI is [Tensor.CopyI], but the host does not wait for a copy between a CUDA device and pinned memory.
func (t Tensor) CopyAsyncI(src Tensor) Tensor { return t.binaryInPlace("copy_", C.KG_COPY_I, src, 1) }

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

// These functions are the methods of the same name: upstream has both forms.
var (
	Add, Sub, Mul, Div, Eq         = Tensor.Add, Tensor.Sub, Tensor.Mul, Tensor.Div, Tensor.Eq
	Relu, LeakyRelu, Sigmoid, Tanh = Tensor.Relu, Tensor.LeakyRelu, Tensor.Sigmoid, Tensor.Tanh
	Sum, Mean, LogSoftmax          = Tensor.Sum, Tensor.Mean, Tensor.LogSoftmax
	View, Flatten, Squeeze         = Tensor.View, Tensor.Flatten, Tensor.Squeeze
	Transpose, ExpandAs            = Tensor.Transpose, Tensor.ExpandAs
	IndexSelect                    = Tensor.IndexSelect
)

// Sum returns the sum of all elements or, with an option {"dim": 1, "keepDim": true}, the sums over one dimension.
func (t Tensor) Sum(opt ...map[string]any) Tensor {
	if len(opt) == 0 || opt[0]["dim"] == nil {
		return t.unary("sum", C.KG_SUM)
	}
	dim := reflect.ValueOf(opt[0]["dim"])
	if !dim.CanInt() {
		fail("sum", "option dim is %v, expected an int", opt[0]["dim"])
	}
	keep, ok := opt[0]["keepDim"].(bool)
	if !ok && opt[0]["keepDim"] != nil {
		fail("sum", "option keepDim is %v, expected a bool", opt[0]["keepDim"])
	}
	return t.SumDims([]int64{dim.Int()}, keep)
}

// Mean returns the mean of all elements.
func (t Tensor) Mean() Tensor { return t.unary("mean", C.KG_MEAN) }

// SumDims returns the sums over some dimensions. With keepdim these stay, with size 1.
func (t Tensor) SumDims(over []int64, keepdim bool) Tensor {
	return t.overDims("sum", C.KG_SUM_DIMS, over, keepdim)
}

// MeanDims is [Tensor.SumDims] for means.
func (t Tensor) MeanDims(over []int64, keepdim bool) Tensor {
	return t.overDims("mean", C.KG_MEAN_DIMS, over, keepdim)
}

func (t Tensor) overDims(op string, code C.int, over []int64, keepdim bool) Tensor {
	return t.withInts(op, code, append([]int64{int64(cBool(keepdim))}, over...)...)
}

// Argmin returns the position of the smallest element or, with a dimension (int) and perhaps whether to keep it (bool), those along it.
func (t Tensor) Argmin(opts ...any) Tensor { return t.argExtreme("argmin", C.KG_ARGMIN, opts) }

// Argmax is [Tensor.Argmin] for the largest element.
func (t Tensor) Argmax(opts ...any) Tensor { return t.argExtreme("argmax", C.KG_ARGMAX, opts) }

func (t Tensor) argExtreme(op string, code C.int, opts []any) Tensor {
	if len(opts) == 0 {
		return t.withInts(op, code)
	}
	dim := reflect.ValueOf(opts[0])
	if !dim.IsValid() || !dim.CanInt() {
		fail(op, "the first option is %v, expected a dimension", opts[0])
	}
	var keepdim, ok bool
	if len(opts) > 1 {
		if keepdim, ok = opts[1].(bool); !ok {
			fail(op, "the second option is %v, expected a bool", opts[1])
		}
	}
	return t.withInts(op, code, dim.Int(), int64(cBool(keepdim)))
}

// TopK returns the k largest (or smallest) elements along a dimension, and their positions.
func TopK(t Tensor, k, dim int64, largest, sorted bool) (values, indices Tensor) {
	var v, i C.kg_tensor
	err := C.kg_topk(t.ptr("topk"), C.int64_t(k), C.int64_t(dim), cBool(largest), cBool(sorted), &v, &i)
	return newTensor("topk", err, v, t), newTensor("topk", nil, i)
}

// LogSoftmax returns the logarithm of eᵗ divided by its sum along a dimension.
func (t Tensor) LogSoftmax(dim int64) Tensor { return t.withInts("log_softmax", C.KG_LOG_SOFTMAX, dim) }

// Finite is 1 if no element of the tensors is NaN or infinite, else 0: a scalar on their device, which they must share.
func Finite(ts []Tensor) Tensor {
	v, n := handles("isfinite", ts, Tensor.ptr)
	var out C.kg_tensor
	err := C.kg_finite(v, n, &out)
	return newTensor("isfinite", err, out, ts...)
}

// AllFinite reports whether [Finite] is 1. It waits for the device once.
func AllFinite(ts []Tensor) bool {
	t := Finite(ts)
	defer t.Close()
	return t.Float() != 0
}

// Where takes each element from a where yes, of booleans, is true, and else from b. The three have the same shape, or one that expands to it.
func Where(yes, a, b Tensor) Tensor {
	var out C.kg_tensor
	err := C.kg_where(yes.ptr("where"), a.ptr("where"), b.ptr("where"), &out)
	return newTensor("where", err, out, yes, a, b)
}
