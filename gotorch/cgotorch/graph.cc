// CUDA graphs: the work of one thread's stream, captured once and replayed without its launches. Needs -DKEYGAN_CUDA.
#include "handle.h"

#ifdef KEYGAN_CUDA
#include <ATen/cuda/CUDAGraph.h>
#endif

using namespace keygan;

#ifdef KEYGAN_CUDA

struct kg_graph_s {
  at::cuda::CUDAGraph graph;
};

namespace {

at::cuda::CUDAGraph& graph_of(kg_graph g) {
  TORCH_CHECK(g != nullptr, "the graph is closed");
  return g->graph;
}

}  // namespace

char* kg_graph_new(kg_graph* out) {
  return guard([&] { *out = new kg_graph_s; });
}

// The device's own generator of random numbers is part of every capture: each replay draws the numbers that come next.
char* kg_graph_begin(kg_graph g) {
  return guard([&] { graph_of(g).capture_begin(); });
}

char* kg_graph_end(kg_graph g) {
  return guard([&] { graph_of(g).capture_end(); });
}

char* kg_graph_replay(kg_graph g) {
  return guard([&] { graph_of(g).replay(); });
}

void kg_graph_close(kg_graph g) { delete g; }

#else

namespace {

char* no_cuda() { return message("this build of libcgotorch.so has no CUDA"); }

}  // namespace

char* kg_graph_new(kg_graph*) { return no_cuda(); }
char* kg_graph_begin(kg_graph) { return no_cuda(); }
char* kg_graph_end(kg_graph) { return no_cuda(); }
char* kg_graph_replay(kg_graph) { return no_cuda(); }
void kg_graph_close(kg_graph) {}

#endif
