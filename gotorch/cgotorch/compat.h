// What differs between libtorch versions, and nothing else. The rest of this folder is written against what 1.13, 2.6 and
// 2.11 have in common.
#pragma once

#include <torch/csrc/api/include/torch/version.h>

// KG_TORCH_AT_LEAST(2, 4) is true for 2.4.0 and later.
#define KG_TORCH_AT_LEAST(major, minor) \
  (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

namespace keygan {

// The CUDA kernel behind _fused_adam_ is as old as 1.13; the CPU got one in 2.4.
constexpr bool kFusedAdamOnCPU = KG_TORCH_AT_LEAST(2, 4);

}  // namespace keygan

// Deterministic oneDNN kernels can be asked for since 2.6.
#if KG_TORCH_AT_LEAST(2, 6)
#define KG_SET_DETERMINISTIC_MKLDNN(context, on) (context).setDeterministicMkldnn(on)
#else
#define KG_SET_DETERMINISTIC_MKLDNN(context, on) ((void)(on))
#endif
