// Operations that take whole numbers: other shapes, reductions over dimensions, tensors joined and cut.
#include <ATen/ATen.h>

#include <string>

#include "compat.h"
#include "handle.h"

using namespace keygan;

namespace {

at::Tensor index(at::Tensor t, at::IntArrayRef v) {
  TORCH_CHECK(static_cast<size_t>(t.dim()) == v.size(), "expected an index of ", t.dim(), " numbers, got ", v.size());
  for (int64_t i : v) t = t.select(0, i);
  return t;
}

at::Tensor with_ints(int op, const at::Tensor& a, at::IntArrayRef v) {
  Optional<int64_t> dim;
  if (!v.empty()) dim = v[0];
  switch (op) {
    case KG_VIEW: return a.view(v);
    case KG_PERMUTE: return a.permute(v);
    case KG_INDEX: return index(a, v);
    case KG_TRANSPOSE: return a.transpose(v.at(0), v.at(1));
    case KG_FLATTEN: return a.flatten(v.at(0), v.at(1));
    case KG_SQUEEZE_DIM: return a.squeeze(v.at(0));
    case KG_LOG_SOFTMAX: return at::log_softmax(a, v.at(0));
    case KG_NARROW: return a.narrow(v.at(0), v.at(1), v.at(2));
    case KG_SUM_DIMS: return at::sum(a, v.slice(1), v.at(0) != 0);
    case KG_MEAN_DIMS: return at::mean(a, v.slice(1), v.at(0) != 0);
    case KG_ARGMIN: return at::argmin(a, dim, dim && v.at(1) != 0);
    case KG_ARGMAX: return at::argmax(a, dim, dim && v.at(1) != 0);
  }
  unknown("operation on a tensor and whole numbers", op);
}

at::Tensor pad(const at::Tensor& a, at::IntArrayRef widths, const std::string& mode, double value) {
  if (mode == "constant") return at::constant_pad_nd(a, widths, value);
  TORCH_CHECK(widths.size() == 4, "mode ", mode, " pads the last two dimensions: expected 4 widths, got ", widths.size());
  if (mode == "reflect") return at::reflection_pad2d(a, widths);
  if (mode == "replicate") return at::replication_pad2d(a, widths);
  TORCH_CHECK(false, "unknown mode ", mode, ", expected constant, reflect or replicate");
}

}  // namespace

char* kg_with_ints(int op, kg_tensor a, const int64_t* v, int n, kg_tensor* out) {
  return guard([&] { *out = make(with_ints(op, get(a), ints(v, n))); });
}

char* kg_index_select(kg_tensor a, int64_t dim, kg_tensor index, kg_tensor* out) {
  return guard([&] { *out = make(get(a).index_select(dim, get(index))); });
}

char* kg_stack(const kg_tensor* ts, int n, int64_t dim, kg_tensor* out) {
  return guard([&] { *out = make(at::stack(get_all(ts, n), dim)); });
}

char* kg_cat(const kg_tensor* ts, int n, int64_t dim, kg_tensor* out) {
  return guard([&] { *out = make(at::cat(get_all(ts, n), dim)); });
}

char* kg_pad(kg_tensor a, const int64_t* widths, int n, const char* mode, double value, kg_tensor* out) {
  return guard([&] { *out = make(pad(get(a), ints(widths, n), mode, value)); });
}

char* kg_topk(kg_tensor a, int64_t k, int64_t dim, int largest, int sorted, kg_tensor* values, kg_tensor* indices) {
  return guard([&] {
    auto r = at::topk(get(a), k, dim, largest != 0, sorted != 0);
    *values = make(std::get<0>(r));
    *indices = make(std::get<1>(r));
  });
}

char* kg_finite(const kg_tensor* ts, int n, kg_tensor* out) {
  return guard([&] {
    at::NoGradGuard no_grad;
    // The least and the greatest element show every NaN and infinity in one pass without a copy. The answers are
    // gathered on the device.
    std::vector<at::Tensor> extremes;
    for (const at::Tensor& t : get_all(ts, n)) {
      if (t.numel() == 0) continue;
      auto r = at::aminmax(t.reshape({-1}), 0);
      extremes.push_back(std::get<0>(r));
      extremes.push_back(std::get<1>(r));
    }
    *out = make(extremes.empty() ? at::ones({}) : at::isfinite(at::stack(extremes)).all().to(at::kFloat));
  });
}
