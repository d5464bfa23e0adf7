// Arithmetic element by element, each family one function: one call from Go an operation.
#include <ATen/ATen.h>

#include <cmath>

#include "handle.h"

using namespace keygan;

namespace {

// Whole numbers stay whole: alpha = 1.0 is not allowed for tensors of integers, 1 is.
at::Scalar alpha_for(const at::Tensor& a, double alpha) {
  bool whole = std::abs(alpha) < 1e15 && alpha == std::floor(alpha);
  if (whole && at::isIntegralType(a.scalar_type(), /*includeBool=*/true)) {
    return at::Scalar(static_cast<int64_t>(alpha));
  }
  return at::Scalar(alpha);
}

at::Tensor unary(int op, const at::Tensor& a) {
  switch (op) {
    case KG_NEG: return at::neg(a);
    case KG_ABS: return at::abs(a);
    case KG_SQRT: return at::sqrt(a);
    case KG_SQUARE: return at::square(a);
    case KG_EXP: return at::exp(a);
    case KG_LOG: return at::log(a);
    case KG_LOG1P: return at::log1p(a);
    case KG_SIN: return at::sin(a);
    case KG_COS: return at::cos(a);
    case KG_SIGN: return at::sign(a);
    case KG_FLOOR: return at::floor(a);
    case KG_ROUND: return at::round(a);
    case KG_RELU: return at::relu(a);
    case KG_SIGMOID: return at::sigmoid(a);
    case KG_TANH: return at::tanh(a);
    case KG_SOFTPLUS: return at::softplus(a);
    case KG_ISFINITE: return at::isfinite(a);
    case KG_CLONE: return a.clone();
    case KG_DETACH: return a.detach();
    case KG_CONTIGUOUS: return a.contiguous();
    case KG_SQUEEZE: return a.squeeze();
    case KG_SUM: return at::sum(a);
    case KG_MEAN: return at::mean(a);
    case KG_MAX: return at::max(a);
    case KG_MIN: return at::min(a);
    case KG_ZEROS_LIKE: return at::zeros_like(a);
    case KG_ONES_LIKE: return at::ones_like(a);
    case KG_EMPTY_LIKE: return at::empty_like(a);
    case KG_RAND_LIKE: return at::rand_like(a);
    case KG_RANDN_LIKE: return at::randn_like(a);
  }
  TORCH_CHECK(false, "no operation on one tensor has the number ", op);
}

at::Tensor scalar(int op, const at::Tensor& a, double x) {
  switch (op) {
    case KG_ADD_SCALAR: return at::add(a, alpha_for(a, x));
    case KG_MUL_SCALAR: return at::mul(a, alpha_for(a, x));
    case KG_DIV_SCALAR: return at::div(a, x);
    case KG_POW: return at::pow(a, x);
    case KG_GT: return at::gt(a, x);
    case KG_GE: return at::ge(a, x);
    case KG_LT: return at::lt(a, x);
    case KG_LE: return at::le(a, x);
    case KG_LEAKY_RELU: return at::leaky_relu(a, x);
    case KG_ELU: return at::elu(a, x);
    case KG_CLAMP_MIN: return at::clamp_min(a, x);
    case KG_CLAMP_MAX: return at::clamp_max(a, x);
  }
  TORCH_CHECK(false, "no operation on a tensor and a number has the number ", op);
}

at::Tensor binary(int op, const at::Tensor& a, const at::Tensor& b, double alpha) {
  switch (op) {
    case KG_ADD: return at::add(a, b, alpha_for(a, alpha));
    case KG_SUB: return at::sub(a, b, alpha_for(a, alpha));
    case KG_MUL: return at::mul(a, b);
    case KG_DIV: return at::div(a, b);
    case KG_EQ: return at::eq(a, b);
    case KG_MAXIMUM: return at::maximum(a, b);
    case KG_MINIMUM: return at::minimum(a, b);
    case KG_MM: return at::mm(a, b);
    case KG_MATMUL: return at::matmul(a, b);
    case KG_EXPAND_AS: return a.expand_as(b);
    case KG_LERP: return at::lerp(a, b, alpha);
  }
  TORCH_CHECK(false, "no operation on two tensors has the number ", op);
}

}  // namespace

char* kg_unary(int op, kg_tensor a, kg_tensor* out) {
  return guard([&] { *out = make(unary(op, get(a))); });
}

char* kg_scalar(int op, kg_tensor a, double x, kg_tensor* out) {
  return guard([&] { *out = make(scalar(op, get(a), x)); });
}

char* kg_binary(int op, kg_tensor a, kg_tensor b, double alpha, kg_tensor* out) {
  return guard([&] { *out = make(binary(op, get(a), get(b), alpha)); });
}

char* kg_binary_inplace(int op, kg_tensor a, kg_tensor b, double alpha) {
  return guard([&] {
    const at::Tensor& x = get(a);
    const at::Tensor& y = get(b);
    switch (op) {
      case KG_ADD_I: x.add_(y, alpha_for(x, alpha)); return;
      case KG_SUB_I: x.sub_(y, alpha_for(x, alpha)); return;
      case KG_MUL_I: x.mul_(y); return;
      case KG_DIV_I: x.div_(y); return;
      case KG_COPY_I: x.copy_(y); return;
      case KG_LERP_I: x.lerp_(y, alpha); return;
    }
    TORCH_CHECK(false, "no in-place operation on two tensors has the number ", op);
  });
}

char* kg_scalar_inplace(int op, kg_tensor a, double x) {
  return guard([&] {
    const at::Tensor& t = get(a);
    switch (op) {
      case KG_FILL_I: t.fill_(x); return;
      case KG_ADD_SCALAR_I: t.add_(alpha_for(t, x)); return;
      case KG_MUL_SCALAR_I: t.mul_(alpha_for(t, x)); return;
      case KG_RELU_I: at::relu_(const_cast<at::Tensor&>(t)); return;
      case KG_LEAKY_RELU_I: at::leaky_relu_(const_cast<at::Tensor&>(t), x); return;
    }
    TORCH_CHECK(false, "no in-place operation on a tensor and a number has the number ", op);
  });
}

char* kg_scalar2_inplace(int op, kg_tensor a, double x, double y) {
  return guard([&] {
    const at::Tensor& t = get(a);
    switch (op) {
      case KG_UNIFORM_I: t.uniform_(x, y); return;
      case KG_NORMAL_I: t.normal_(x, y); return;
      case KG_CLAMP_I: t.clamp_(x, y); return;
    }
    TORCH_CHECK(false, "no in-place operation on a tensor and two numbers has the number ", op);
  });
}

char* kg_clamp(kg_tensor a, double low, double high, kg_tensor* out) {
  return guard([&] { *out = make(at::clamp(get(a), low, high)); });
}

char* kg_equal(kg_tensor a, kg_tensor b, int* equal) {
  return guard([&] { *equal = at::equal(get(a), get(b)); });
}

char* kg_all_close(kg_tensor a, kg_tensor b, int* close) {
  return guard([&] { *close = at::allclose(get(a), get(b)); });
}
