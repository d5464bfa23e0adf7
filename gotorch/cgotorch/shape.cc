// The same elements in another shape, and tensors joined and cut.
#include <ATen/ATen.h>

#include <string>

#include "handle.h"

using namespace keygan;

char* kg_view(kg_tensor a, const int64_t* shape, int dims, kg_tensor* out) {
  return guard([&] { *out = make(get(a).view(ints(shape, dims))); });
}

char* kg_reshape(kg_tensor a, const int64_t* shape, int dims, kg_tensor* out) {
  return guard([&] { *out = make(get(a).reshape(ints(shape, dims))); });
}

char* kg_expand(kg_tensor a, const int64_t* shape, int dims, kg_tensor* out) {
  return guard([&] { *out = make(get(a).expand(ints(shape, dims))); });
}

char* kg_permute(kg_tensor a, const int64_t* order, int dims, kg_tensor* out) {
  return guard([&] { *out = make(get(a).permute(ints(order, dims))); });
}

char* kg_transpose(kg_tensor a, int64_t dim0, int64_t dim1, kg_tensor* out) {
  return guard([&] { *out = make(get(a).transpose(dim0, dim1)); });
}

char* kg_flatten(kg_tensor a, int64_t start, int64_t end, kg_tensor* out) {
  return guard([&] { *out = make(get(a).flatten(start, end)); });
}

char* kg_squeeze(kg_tensor a, int64_t dim, kg_tensor* out) {
  return guard([&] { *out = make(get(a).squeeze(dim)); });
}

char* kg_unsqueeze(kg_tensor a, int64_t dim, kg_tensor* out) {
  return guard([&] { *out = make(get(a).unsqueeze(dim)); });
}

char* kg_narrow(kg_tensor a, int64_t dim, int64_t start, int64_t length, kg_tensor* out) {
  return guard([&] { *out = make(get(a).narrow(dim, start, length)); });
}

char* kg_index_select(kg_tensor a, int64_t dim, kg_tensor index, kg_tensor* out) {
  return guard([&] { *out = make(get(a).index_select(dim, get(index))); });
}

char* kg_index(kg_tensor a, const int64_t* index, int dims, kg_tensor* out) {
  return guard([&] {
    at::Tensor t = get(a);
    TORCH_CHECK(t.dim() == dims, "expected an index of ", t.dim(), " numbers, got ", dims);
    for (int i = 0; i < dims; i++) t = t.select(0, index[i]);
    *out = make(t);
  });
}

char* kg_stack(const kg_tensor* ts, int n, int64_t dim, kg_tensor* out) {
  return guard([&] { *out = make(at::stack(get_all(ts, n), dim)); });
}

char* kg_cat(const kg_tensor* ts, int n, int64_t dim, kg_tensor* out) {
  return guard([&] { *out = make(at::cat(get_all(ts, n), dim)); });
}

char* kg_pad(kg_tensor a, const int64_t* pad, int n, const char* mode, double value, kg_tensor* out) {
  return guard([&] {
    std::string m = mode;
    if (m == "constant") {
      *out = make(at::constant_pad_nd(get(a), ints(pad, n), value));
      return;
    }
    TORCH_CHECK(n == 4, "mode ", m, " pads the last two dimensions: expected 4 widths, got ", n);
    if (m == "reflect") {
      *out = make(at::reflection_pad2d(get(a), ints(pad, n)));
    } else if (m == "replicate") {
      *out = make(at::replication_pad2d(get(a), ints(pad, n)));
    } else {
      TORCH_CHECK(false, "unknown mode ", m, ", expected constant, reflect or replicate");
    }
  });
}
