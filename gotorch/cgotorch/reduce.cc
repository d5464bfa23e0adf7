// Many elements to few: sums, means, norms, softmax, the largest.
#include <ATen/ATen.h>

#include "handle.h"

using namespace keygan;

char* kg_sum_dims(kg_tensor a, const int64_t* dims, int n, int keepdim, kg_tensor* out) {
  return guard([&] { *out = make(at::sum(get(a), ints(dims, n), keepdim != 0)); });
}

char* kg_mean_dims(kg_tensor a, const int64_t* dims, int n, int keepdim, kg_tensor* out) {
  return guard([&] { *out = make(at::mean(get(a), ints(dims, n), keepdim != 0)); });
}

char* kg_arg(int max, kg_tensor a, const int64_t* dim, int keepdim, kg_tensor* out) {
  return guard([&] {
    c10::optional<int64_t> d;
    if (dim != nullptr) d = *dim;
    *out = make(max ? at::argmax(get(a), d, keepdim != 0) : at::argmin(get(a), d, keepdim != 0));
  });
}

char* kg_topk(kg_tensor a, int64_t k, int64_t dim, int largest, int sorted, kg_tensor* values, kg_tensor* indices) {
  return guard([&] {
    auto r = at::topk(get(a), k, dim, largest != 0, sorted != 0);
    *values = make(std::get<0>(r));
    *indices = make(std::get<1>(r));
  });
}

char* kg_log_softmax(kg_tensor a, int64_t dim, kg_tensor* out) {
  return guard([&] { *out = make(at::log_softmax(get(a), dim)); });
}

char* kg_softmax(kg_tensor a, int64_t dim, kg_tensor* out) {
  return guard([&] { *out = make(at::softmax(get(a), dim)); });
}

char* kg_all_finite(const kg_tensor* ts, int n, int* finite) {
  return guard([&] {
    at::NoGradGuard no_grad;
    // The least and the greatest element show every NaN and infinity in one pass and no copy; the answers are gathered on
    // the device, so that the host waits for it once.
    std::vector<at::Tensor> extremes;
    for (int i = 0; i < n; i++) {
      const at::Tensor& t = get(ts[i]);
      if (t.numel() == 0) continue;
      auto r = at::aminmax(t.reshape({-1}), 0);
      extremes.push_back(std::get<0>(r));
      extremes.push_back(std::get<1>(r));
    }
    *finite = extremes.empty() || at::isfinite(at::stack(extremes)).all().item<bool>();
  });
}

char* kg_norm2(const kg_tensor* ts, int n, double* norm) {
  return guard([&] {
    at::NoGradGuard no_grad;
    *norm = 0;
    if (n == 0) return;
    std::vector<at::Tensor> norms = at::_foreach_norm(get_all(ts, n), 2);
    *norm = at::linalg_vector_norm(at::stack(norms).to(at::kDouble), 2).item<double>();
  });
}
