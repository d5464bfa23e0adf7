// Devices, and the switches that hold for the whole process.
#include <ATen/Context.h>
#include <ATen/detail/CUDAHooksInterface.h>

#include "compat.h"
#include "handle.h"

using namespace keygan;

int kg_cuda_devices(void) {
  int n = 0;
  // An error here, such as a driver that is too old, means that there is none to use.
  kg_free_error(guard([&] { n = at::hasCUDA() ? at::detail::getCUDAHooks().getNumGPUs() : 0; }));
  return n;
}

int kg_cudnn_available(void) {
  bool has = false;
  kg_free_error(guard([&] { has = kg_cuda_devices() > 0 && at::detail::getCUDAHooks().hasCuDNN(); }));
  return has;
}

char* kg_set_deterministic(int on) {
  return guard([&] {
    at::Context& context = at::globalContext();
    context.setDeterministicCuDNN(on != 0);
    context.setDeterministicAlgorithms(on != 0, /*warn_only=*/false);
    KG_SET_DETERMINISTIC_MKLDNN(context, on != 0);
  });
}

char* kg_set_cudnn_benchmark(int on) {
  return guard([&] { at::globalContext().setBenchmarkCuDNN(on != 0); });
}

char* kg_set_tf32(int on) {
  return guard([&] {
    at::globalContext().setAllowTF32CuBLAS(on != 0);
    at::globalContext().setAllowTF32CuDNN(on != 0);
  });
}
