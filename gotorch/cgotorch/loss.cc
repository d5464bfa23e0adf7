// Losses.
#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>

#include <string>

#include "handle.h"

using namespace keygan;

namespace {

int64_t reduction_of(const char* name) {
  std::string n = name;
  if (n == "none") return at::Reduction::None;
  if (n == "mean") return at::Reduction::Mean;
  if (n == "sum") return at::Reduction::Sum;
  TORCH_CHECK(false, "unknown reduction ", n, ", expected none, mean or sum");
}

}  // namespace

char* kg_nll_loss(kg_tensor x, kg_tensor target, kg_tensor weight, int64_t ignore, const char* reduction,
                  kg_tensor* out) {
  return guard([&] {
    *out = make(at::nll_loss_nd(get(x), get(target), get_or_none(weight), reduction_of(reduction), ignore));
  });
}

char* kg_cross_entropy(kg_tensor x, kg_tensor target, kg_tensor weight, int64_t ignore, const char* reduction,
                       kg_tensor* out) {
  return guard([&] {
    *out = make(at::cross_entropy_loss(get(x), get(target), get_or_none(weight), reduction_of(reduction), ignore));
  });
}

char* kg_bce(kg_tensor x, kg_tensor target, kg_tensor weight, const char* reduction, kg_tensor* out) {
  return guard(
      [&] { *out = make(at::binary_cross_entropy(get(x), get(target), get_or_none(weight), reduction_of(reduction))); });
}

char* kg_bce_with_logits(kg_tensor x, kg_tensor target, kg_tensor weight, const char* reduction, kg_tensor* out) {
  return guard([&] {
    *out = make(at::binary_cross_entropy_with_logits(get(x), get(target), get_or_none(weight), at::Tensor(),
                                                     reduction_of(reduction)));
  });
}

char* kg_mse_loss(kg_tensor x, kg_tensor target, const char* reduction, kg_tensor* out) {
  return guard([&] { *out = make(at::mse_loss(get(x), get(target), reduction_of(reduction))); });
}

char* kg_l1_loss(kg_tensor x, kg_tensor target, const char* reduction, kg_tensor* out) {
  return guard([&] { *out = make(at::l1_loss(get(x), get(target), reduction_of(reduction))); });
}
