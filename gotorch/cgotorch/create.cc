// New tensors.
#include <ATen/ATen.h>

#include <algorithm>

#include "handle.h"

using namespace keygan;

char* kg_create(int kind, int device, const int64_t* shape, int dims, double value, kg_tensor* out) {
  return guard([&] {
    at::IntArrayRef s = ints(shape, dims);
    at::TensorOptions o = at::TensorOptions(at::kFloat).device(device_of(device));
    switch (kind) {
      case KG_EMPTY: *out = make(at::empty(s, o)); return;
      case KG_ZEROS: *out = make(at::zeros(s, o)); return;
      case KG_ONES: *out = make(at::ones(s, o)); return;
      case KG_FULL: *out = make(at::full(s, value, o)); return;
      case KG_RAND: *out = make(at::rand(s, o)); return;
      case KG_RANDN: *out = make(at::randn(s, o)); return;
    }
    unknown("kind of new tensor", kind);
  });
}

char* kg_from_host(const void* src, int dtype, const int64_t* shape, int dims, kg_tensor* out) {
  return guard([&] {
    // The clone is needed: from_blob only borrows the memory, which belongs to Go.
    at::TensorOptions o(scalar_type(dtype));
    bool none = std::find(shape, shape + dims, 0) != shape + dims;
    TORCH_CHECK(src != nullptr || none, "no memory to copy the elements from");
    *out = make(at::from_blob(const_cast<void*>(src), ints(shape, dims), o).clone());
  });
}

char* kg_eye(int64_t n, int64_t m, kg_tensor* out) {
  return guard([&] { *out = make(at::eye(n, m)); });
}

char* kg_arange(double begin, double end, double step, kg_tensor* out) {
  return guard([&] { *out = make(at::arange(begin, end, step, at::TensorOptions(at::kFloat))); });
}

char* kg_linspace(double begin, double end, int64_t steps, kg_tensor* out) {
  return guard([&] { *out = make(at::linspace(begin, end, steps, at::TensorOptions(at::kFloat))); });
}

char* kg_logspace(double begin, double end, int64_t steps, double base, kg_tensor* out) {
  return guard([&] { *out = make(at::logspace(begin, end, steps, base, at::TensorOptions(at::kFloat))); });
}
