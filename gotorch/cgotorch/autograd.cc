// Gradients, and gradients of gradients.
#include <torch/csrc/autograd/autograd.h>

#include "handle.h"

using namespace keygan;

int kg_set_grad_enabled(int enabled) {
  int old = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled != 0);
  return old;
}

char* kg_set_requires_grad(kg_tensor t, int on) {
  return guard([&] { get(t).requires_grad_(on != 0); });
}

char* kg_backward(kg_tensor t) {
  return guard([&] { get(t).backward(); });
}

char* kg_tensor_grad(kg_tensor t, kg_tensor* out) {
  return guard([&] { *out = make(get(t).grad()); });
}

char* kg_grad(const kg_tensor* outputs, int n_out, const kg_tensor* inputs, int n_in, const kg_tensor* grad_outputs,
              int retain_graph, int create_graph, kg_tensor* out) {
  return guard([&] {
    std::vector<at::Tensor> weights;
    if (grad_outputs != nullptr) {
      for (int i = 0; i < n_out; i++) weights.push_back(get_or_none(grad_outputs[i]));
    }
    // A graph that is built on top of this one needs this one kept.
    bool retain = retain_graph != 0 || create_graph != 0;
    std::vector<at::Tensor> grads =
        torch::autograd::grad(get_all(outputs, n_out), get_all(inputs, n_in), weights, retain, create_graph != 0);
    for (int i = 0; i < n_in; i++) out[i] = make(grads[static_cast<size_t>(i)]);
  });
}
