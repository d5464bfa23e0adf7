// The layers: convolutions, normalisation, pooling.
#include <ATen/ATen.h>

#include "handle.h"

using namespace keygan;

char* kg_conv2d(kg_tensor x, kg_tensor weight, kg_tensor bias, const int64_t* stride, const int64_t* padding,
                const int64_t* dilation, int64_t groups, kg_tensor* out) {
  return guard([&] {
    *out = make(at::conv2d(get(x), get(weight), get_or_none(bias), pair(stride), pair(padding), pair(dilation), groups));
  });
}

char* kg_conv_transpose2d(kg_tensor x, kg_tensor weight, kg_tensor bias, const int64_t* stride, const int64_t* padding,
                          const int64_t* output_padding, int64_t groups, const int64_t* dilation, kg_tensor* out) {
  return guard([&] {
    *out = make(at::conv_transpose2d(get(x), get(weight), get_or_none(bias), pair(stride), pair(padding),
                                     pair(output_padding), groups, pair(dilation)));
  });
}

char* kg_batch_norm(kg_tensor x, kg_tensor weight, kg_tensor bias, kg_tensor mean, kg_tensor var, int training,
                    double momentum, double eps, kg_tensor* out) {
  return guard([&] {
    *out = make(at::batch_norm(get(x), get_or_none(weight), get_or_none(bias), get_or_none(mean), get_or_none(var),
                               training != 0, momentum, eps, at::globalContext().userEnabledCuDNN()));
  });
}

char* kg_instance_norm(kg_tensor x, kg_tensor weight, kg_tensor bias, kg_tensor mean, kg_tensor var,
                       int use_input_stats, double momentum, double eps, kg_tensor* out) {
  return guard([&] {
    *out = make(at::instance_norm(get(x), get_or_none(weight), get_or_none(bias), get_or_none(mean), get_or_none(var),
                                  use_input_stats != 0, momentum, eps, at::globalContext().userEnabledCuDNN()));
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

char* kg_avg_pool2d(kg_tensor x, const int64_t* kernel, const int64_t* stride, const int64_t* padding, kg_tensor* out) {
  return guard([&] { *out = make(at::avg_pool2d(get(x), pair(kernel), pair(stride), pair(padding))); });
}

char* kg_adaptive_avg_pool2d(kg_tensor x, const int64_t* size, kg_tensor* out) {
  return guard([&] { *out = make(at::adaptive_avg_pool2d(get(x), pair(size))); });
}
