// The differences between libtorch versions. All other files of this folder use only what 1.13, 2.6 and 2.11 share.
#pragma once

#include <torch/csrc/api/include/torch/version.h>

// KG_TORCH_AT_LEAST(2, 4) is true for 2.4.0 and later.
#define KG_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace keygan {

// _fused_adam_ has a CUDA kernel in 1.13 already, and a CPU kernel since 2.4.
constexpr bool kFusedAdamOnCPU = KG_TORCH_AT_LEAST(2, 4);

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
