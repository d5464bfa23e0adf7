// Devices, and settings of the whole process.
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "compat.h"
#include "handle.h"

using namespace keygan;

int kg_cuda_devices(void) {
  int n = 0;
  // An error, such as a driver that is too old, means that no device can be used.
  kg_free_error(guard([&] { n = at::hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0; }));
  return n;
}

int kg_cudnn_available(void) {
  bool has = false;
  kg_free_error(guard([&] { has = kg_cuda_devices() > 0 && at::detail::getCUDAHooks().hasCuDNN(); }));
  return has;
}

char* kg_setting(int which, int* on) {
  return guard([&] {
    const at::Context& context = at::globalContext();
    switch (which) {
      case KG_CUDNN: *on = context.userEnabledCuDNN(); return;
      case KG_CUDNN_BENCHMARK: *on = context.benchmarkCuDNN(); return;
      case KG_CUDNN_DETERMINISTIC: *on = context.deterministicCuDNN(); return;
      case KG_CUDNN_TF32: *on = context.allowTF32CuDNN(); return;
      case KG_CUBLAS_TF32: *on = context.allowTF32CuBLAS(); return;
      case KG_DETERMINISTIC: *on = context.deterministicAlgorithms(); return;
    }
    unknown("setting", which);
  });
}

char* kg_set_setting(int which, int on) {
  return guard([&] {
    at::Context& context = at::globalContext();
    bool yes = on != 0;
    switch (which) {
      case KG_CUDNN: context.setUserEnabledCuDNN(yes); return;
      case KG_CUDNN_BENCHMARK: context.setBenchmarkCuDNN(yes); return;
      case KG_CUDNN_DETERMINISTIC: context.setDeterministicCuDNN(yes); return;
      case KG_CUDNN_TF32: context.setAllowTF32CuDNN(yes); return;
      case KG_CUBLAS_TF32: context.setAllowTF32CuBLAS(yes); return;
      case KG_DETERMINISTIC:
        context.setDeterministicAlgorithms(yes, /*warn_only=*/false);
        KG_SET_DETERMINISTIC_MKLDNN(context, yes);
        return;
    }
    unknown("setting", which);
  });
}
