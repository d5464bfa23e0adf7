// Arithmetic element by element. Each family of operations is one function of the C interface.
#include <ATen/ATen.h>

#include <cmath>

#include "handle.h"

using namespace keygan;

namespace {

// libtorch refuses a floating-point factor for a tensor of integers, even 1.0.
at::Scalar scalar_for(const at::Tensor& a, double x) {
  bool whole = std::abs(x) < 1e15 && x == std::floor(x);
  if (whole && at::isIntegralType(a.scalar_type(), /*includeBool=*/true)) return at::Scalar(static_cast<int64_t>(x));
  return at::Scalar(x);
}

at::Tensor unary(int op, const at::Tensor& a) {
  switch (op) {
    case KG_NEG: return at::neg(a);
    case KG_SQRT: return at::sqrt(a);
    case KG_SQUARE: return at::square(a);
    case KG_FLOOR: return at::floor(a);
    case KG_RELU: return at::relu(a);
    case KG_SIGMOID: return at::sigmoid(a);
    case KG_TANH: return at::tanh(a);
    case KG_SOFTPLUS: return at::softplus(a);
    case KG_DETACH: return a.detach();
    case KG_CONTIGUOUS: return a.contiguous();
    case KG_CHANNELS_LAST: return a.contiguous(at::MemoryFormat::ChannelsLast);
    case KG_SQUEEZE: return a.squeeze();
    case KG_SUM: return at::sum(a);
    case KG_MEAN: return at::mean(a);
    case KG_EMPTY_LIKE: return at::empty_like(a);
  }
  unknown("operation on one tensor", op);
}

at::Tensor scalar(int op, const at::Tensor& a, double x, double y) {
  switch (op) {
    case KG_ADD_SCALAR: return at::add(a, scalar_for(a, x));
    case KG_MUL_SCALAR: return at::mul(a, scalar_for(a, x));
    case KG_DIV_SCALAR: return at::div(a, x);
    case KG_GT: return at::gt(a, x);
    case KG_LT: return at::lt(a, x);
    case KG_LEAKY_RELU: return at::leaky_relu(a, x);
    case KG_CLAMP: return at::clamp(a, x, y);
  }
  unknown("operation on a tensor and numbers", op);
}

at::Tensor binary(int op, const at::Tensor& a, const at::Tensor& b, double alpha) {
  switch (op) {
    case KG_ADD: return at::add(a, b, scalar_for(a, alpha));
    case KG_SUB: return at::sub(a, b, scalar_for(a, alpha));
    case KG_MUL: return at::mul(a, b);
    case KG_DIV: return at::div(a, b);
    case KG_EQ: return at::eq(a, b);
    case KG_MM: return at::mm(a, b);
    case KG_EXPAND_AS: return a.expand_as(b);
  }
  unknown("operation on two tensors", op);
}

}  // namespace

char* kg_unary(int op, kg_tensor a, kg_tensor* out) {
  return guard([&] { *out = make(unary(op, get(a))); });
}

char* kg_scalar(int op, kg_tensor a, double x, double y, kg_tensor* out) {
  return guard([&] { *out = make(scalar(op, get(a), x, y)); });
}

char* kg_binary(int op, kg_tensor a, kg_tensor b, double alpha, kg_tensor* out) {
  return guard([&] { *out = make(binary(op, get(a), get(b), alpha)); });
}

char* kg_binary_inplace(int op, kg_tensor a, kg_tensor b, double alpha) {
  return guard([&] {
    const at::Tensor& x = get(a);
    const at::Tensor& y = get(b);
    switch (op) {
      case KG_ADD_I: x.add_(y, scalar_for(x, alpha)); return;
      case KG_SUB_I: x.sub_(y, scalar_for(x, alpha)); return;
      case KG_MUL_I: x.mul_(y); return;
      case KG_DIV_I: x.div_(y); return;
      case KG_COPY_I: x.copy_(y, /*non_blocking=*/alpha != 0); return;
      case KG_LERP_I: x.lerp_(y, alpha); return;
    }
    unknown("in-place operation on two tensors", op);
  });
}

char* kg_where(kg_tensor yes, kg_tensor a, kg_tensor b, kg_tensor* out) {
  return guard([&] { *out = make(at::where(get(yes), get(a), get(b))); });
}

char* kg_scalar_inplace(int op, kg_tensor a, double x, double y) {
  return guard([&] {
    at::Tensor t = get(a);
    switch (op) {
      case KG_FILL_I: t.fill_(x); return;
      case KG_MUL_SCALAR_I: t.mul_(scalar_for(t, x)); return;
      case KG_RELU_I: at::relu_(t); return;
      case KG_LEAKY_RELU_I: at::leaky_relu_(t, x); return;
      case KG_UNIFORM_I: t.uniform_(x, y); return;
      case KG_NORMAL_I: t.normal_(x, y); return;
    }
    unknown("in-place operation on a tensor and numbers", op);
  });
}

char* kg_compare(int how, kg_tensor a, kg_tensor b, int* yes) {
  return guard([&] { *yes = how == KG_EQUAL ? at::equal(get(a), get(b)) : at::allclose(get(a), get(b)); });
}
