// Random number generators: the CPU has one, and so has each CUDA device.
#include <ATen/ATen.h>

#include <mutex>

#include "handle.h"

using namespace keygan;

char* kg_manual_seed(int64_t seed) {
  return guard([&] { at::manual_seed(static_cast<uint64_t>(seed)); });
}

char* kg_rng_state(int device, kg_tensor* out) {
  return guard([&] {
    at::Generator g = at::globalContext().defaultGenerator(device_of(device));
    std::lock_guard<std::mutex> lock(g.mutex());
    *out = make(g.get_state());
  });
}

char* kg_set_rng_state(int device, kg_tensor state) {
  return guard([&] {
    at::Generator g = at::globalContext().defaultGenerator(device_of(device));
    std::lock_guard<std::mutex> lock(g.mutex());
    g.set_state(get(state));
  });
}
