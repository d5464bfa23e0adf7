// CUDA graphs: the work of one thread's stream, captured once and replayed without its launches. Needs -DKEYGAN_CUDA.
#include "handle.h"

#ifdef KEYGAN_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#endif

using namespace keygan;

#ifdef KEYGAN_CUDA

struct kg_graph_s {
  at::Device device;
  at::cuda::CUDAGraph graph;
};

namespace {

// on calls f with the graph, on its device: libtorch takes the stream of whatever device is the current one.
template <class F>
char* on(kg_graph g, F&& f) {
  return guard([&] {
    TORCH_CHECK(g != nullptr, "the graph is closed");
    c10::cuda::CUDAGuard device(g->device);
    f(g->graph);
  });
}

}  // namespace

char* kg_graph_new(int device, kg_graph* out) {
  return guard([&] {
    TORCH_CHECK(device >= 0, "expected a CUDA device, got the CPU");
    c10::cuda::CUDAGuard current(device_of(device));
    *out = new kg_graph_s{device_of(device), {}};
  });
}

// The device's own generator of random numbers is part of every capture: each replay draws the numbers that come next.
char* kg_graph_begin(kg_graph g) {
  return on(g, [](at::cuda::CUDAGraph& graph) { graph.capture_begin(); });
}

char* kg_graph_end(kg_graph g) {
  return on(g, [](at::cuda::CUDAGraph& graph) { graph.capture_end(); });
}

char* kg_graph_replay(kg_graph g) {
  return on(g, [](at::cuda::CUDAGraph& graph) { graph.replay(); });
}

void kg_graph_close(kg_graph g) { delete g; }

#else

namespace {

char* no_cuda() { return message("this build of libcgotorch.so has no CUDA"); }

}  // namespace

char* kg_graph_new(int, kg_graph*) { return no_cuda(); }
char* kg_graph_begin(kg_graph) { return no_cuda(); }
char* kg_graph_end(kg_graph) { return no_cuda(); }
char* kg_graph_replay(kg_graph) { return no_cuda(); }
void kg_graph_close(kg_graph) {}

#endif
