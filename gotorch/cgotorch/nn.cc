// Layers and losses: normalisation, pooling.
#include <ATen/ATen.h>
#include <ATen/core/Reduction.h>

#include <string>

#include "handle.h"

using namespace keygan;

namespace {

int64_t reduction_of(const std::string& name) {
  if (name == "none") return at::Reduction::None;
  if (name == "mean") return at::Reduction::Mean;
  if (name == "sum") return at::Reduction::Sum;
  TORCH_CHECK(false, "unknown reduction ", name, ", expected none, mean or sum");
}

at::Tensor loss(int kind, const at::Tensor& x, const at::Tensor& target, const at::Tensor& weight, int64_t ignore,
                int64_t reduction) {
  switch (kind) {
    case KG_NLL_LOSS: return at::nll_loss_nd(x, target, weight, reduction, ignore);
    case KG_CROSS_ENTROPY: return at::cross_entropy_loss(x, target, weight, reduction, ignore);
    case KG_BCE: return at::binary_cross_entropy(x, target, weight, reduction);
    case KG_MSE_LOSS: return at::mse_loss(x, target, reduction);
  }
  unknown("loss", kind);
}

}  // namespace

char* kg_norm(int kind, kg_tensor x, kg_tensor mean, kg_tensor var, kg_tensor weight, kg_tensor bias,
              int use_input_stats, double momentum, double eps, kg_tensor* out) {
  return guard([&] {
    at::Tensor w = get_or_none(weight), b = get_or_none(bias), m = get_or_none(mean), v = get_or_none(var);
    bool stats = use_input_stats != 0, cudnn = at::globalContext().userEnabledCuDNN();
    *out = make(kind == KG_BATCH_NORM ? at::batch_norm(get(x), w, b, m, v, stats, momentum, eps, cudnn)
                                      : at::instance_norm(get(x), w, b, m, v, stats, momentum, eps, cudnn));
  });
}

char* kg_linear(kg_tensor x, kg_tensor weight, kg_tensor bias, kg_tensor* out) {
  return guard([&] { *out = make(at::linear(get(x), get(weight), get_or_none(bias))); });
}

char* kg_dropout(kg_tensor x, double p, int training, kg_tensor* out) {
  return guard([&] { *out = make(at::dropout(get(x), p, training != 0)); });
}

char* kg_max_pool2d(kg_tensor x, const int64_t* kernel, const int64_t* stride, const int64_t* padding,
                    const int64_t* dilation, int ceil_mode, kg_tensor* out) {
  return guard([&] {
    *out = make(
        at::max_pool2d(get(x), pair(kernel), pair(stride), pair(padding), pair(dilation), ceil_mode != 0));
  });
}

char* kg_adaptive_avg_pool2d(kg_tensor x, const int64_t* size, kg_tensor* out) {
  return guard([&] { *out = make(at::adaptive_avg_pool2d(get(x), pair(size))); });
}

char* kg_loss(int kind, kg_tensor x, kg_tensor target, kg_tensor weight, int64_t ignore, const char* reduction,
              kg_tensor* out) {
  return guard([&] {
    *out = make(loss(kind, get(x), get(target), get_or_none(weight), ignore, reduction_of(reduction)));
  });
}
