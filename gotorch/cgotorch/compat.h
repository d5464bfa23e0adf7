// The differences between libtorch versions. All other files of this folder use only what 1.13, 2.6 and 2.11 share.
#pragma once

#include <ATen/ATen.h>
#include <torch/csrc/api/include/torch/version.h>

#include <vector>

// KG_TORCH_AT_LEAST(2, 4) is true for 2.4.0 and later.
#define KG_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace keygan {

// _fused_adam_ has a CUDA kernel in 1.13 already, and a CPU kernel since 2.4.
constexpr bool kFusedAdamOnCPU = KG_TORCH_AT_LEAST(2, 4);

// It takes the learning rate as a tensor since 2.2.
constexpr bool kFusedAdamTensorRate = KG_TORCH_AT_LEAST(2, 2);

// Optional is the type of arguments that may be left out: the standard's, or in earlier versions libtorch's own.
#if KG_TORCH_AT_LEAST(2, 6)
template <class T>
using Optional = std::optional<T>;
#else
template <class T>
using Optional = c10::optional<T>;
#endif

// fused_adam is one step of Adam for tensors that have counted it in steps already. The rate is rate where that is
// defined and can be taken, else lr. skip, where it is defined and 1, makes it do nothing.
inline void fused_adam(std::vector<at::Tensor>& p, std::vector<at::Tensor>& g, std::vector<at::Tensor>& m,
                       std::vector<at::Tensor>& v, std::vector<at::Tensor>& steps, double lr, const at::Tensor& rate,
                       double beta1, double beta2, double weight_decay, double eps, const at::Tensor& skip) {
  Optional<at::Tensor> found;
  if (skip.defined()) found = skip;
#if KG_TORCH_AT_LEAST(2, 2)
  if (rate.defined()) {
    at::_fused_adam_(p, g, m, v, {}, steps, rate, beta1, beta2, weight_decay, eps, false, false, {}, found);
    return;
  }
#else
  (void)rate;
#endif
  at::_fused_adam_(p, g, m, v, {}, steps, lr, beta1, beta2, weight_decay, eps, /*amsgrad=*/false, /*maximize=*/false,
                   /*grad_scale=*/{}, found);
}

}  // namespace keygan

// oneDNN has a switch for deterministic kernels since 2.6.
#if KG_TORCH_AT_LEAST(2, 6)
#define KG_SET_DETERMINISTIC_MKLDNN(context, on) (context).setDeterministicMkldnn(on)
#else
#define KG_SET_DETERMINISTIC_MKLDNN(context, on) ((void)(on))
#endif

// c10d's store has a second kind of server since 2.2, libuv's, which not every build has.
#if KG_TORCH_AT_LEAST(2, 2)
#define KG_STORE_WITHOUT_LIBUV(options) (options).useLibUV = false
#else
#define KG_STORE_WITHOUT_LIBUV(options) ((void)(options))
#endif
