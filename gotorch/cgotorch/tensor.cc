// The properties of a tensor, and copies to other devices, types and host memory.
#include <ATen/ATen.h>
#include <ATen/core/Formatting.h>

#include <algorithm>
#include <sstream>

#include "handle.h"

using namespace keygan;

char* kg_shape(kg_tensor t, int64_t* sizes, int* dims) {
  return guard([&] {
    at::IntArrayRef s = get(t).sizes();
    TORCH_CHECK(s.size() <= KG_MAX_DIMS, "a tensor of ", s.size(), " dimensions, expected at most ", int(KG_MAX_DIMS));
    std::copy(s.begin(), s.end(), sizes);
    *dims = static_cast<int>(s.size());
  });
}

char* kg_property(int which, kg_tensor t, int64_t* v) {
  return guard([&] {
    if (which == KG_DEFINED) {
      *v = get_or_none(t).defined();
      return;
    }
    const at::Tensor& a = get(t);
    switch (which) {
      case KG_NUMEL: *v = a.numel(); return;
      case KG_DTYPE: *v = static_cast<int64_t>(a.scalar_type()); return;
      case KG_DEVICE: *v = number_of(a.device()); return;
      case KG_REQUIRES_GRAD: *v = a.requires_grad(); return;
      case KG_ITEM: *v = a.item().toLong(); return;
    }
    unknown("property", which);
  });
}

char* kg_to(kg_tensor t, int device, int dtype, int non_blocking, kg_tensor* out) {
  return guard([&] { *out = make(get(t).to(device_of(device), scalar_type(dtype), non_blocking != 0)); });
}

char* kg_pin_memory(kg_tensor t, kg_tensor* out) {
  return guard([&] { *out = make(get(t).pin_memory()); });
}

char* kg_set_data(kg_tensor t, kg_tensor data) {
  return guard([&] { get(t).set_data(get(data)); });
}

char* kg_item_double(kg_tensor t, double* v) {
  return guard([&] { *v = get(t).item().toDouble(); });
}

char* kg_string(kg_tensor t, char** s) {
  return guard([&] {
    std::ostringstream text;
    text << get_or_none(t);
    *s = message(text.str().c_str());
  });
}

char* kg_read(kg_tensor t, int dtype, void* dst, int64_t elements) {
  return guard([&] {
    const at::Tensor& a = get(t);
    TORCH_CHECK(a.numel() == elements, "the tensor holds ", a.numel(), " elements, the memory ", elements);
    at::NoGradGuard no_grad;
    at::from_blob(dst, a.sizes(), at::TensorOptions(scalar_type(dtype))).copy_(a);
  });
}

char* kg_write(kg_tensor t, int dtype, const void* src, int64_t elements) {
  return guard([&] {
    const at::Tensor& a = get(t);
    TORCH_CHECK(a.numel() == elements, "the tensor holds ", a.numel(), " elements, the memory ", elements);
    at::NoGradGuard no_grad;
    a.copy_(at::from_blob(const_cast<void*>(src), a.sizes(), at::TensorOptions(scalar_type(dtype))));
  });
}
