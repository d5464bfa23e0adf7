// Adam and SGD over lists of tensors, with PyTorch's arithmetic.
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <utility>

#include "compat.h"
#include "handle.h"

using namespace keygan;

namespace {

using Tensors = std::vector<at::Tensor>;

// The indices of the parameters that have a gradient. The others keep their values, as in PyTorch.
std::vector<size_t> with_gradient(const Tensors& grads) {
  std::vector<size_t> v;
  for (size_t i = 0; i < grads.size(); i++) {
    if (grads[i].defined()) v.push_back(i);
  }
  return v;
}

Tensors pick(const Tensors& from, const std::vector<size_t>& which) {
  Tensors v;
  v.reserve(which.size());
  for (size_t i : which) v.push_back(from[i]);
  return v;
}

bool all_float_on(const Tensors& ts, at::Device device) {
  for (const at::Tensor& t : ts) {
    if (t.scalar_type() != at::kFloat || t.device() != device || !t.is_non_overlapping_and_dense()) return false;
  }
  return true;
}

}  // namespace

struct kg_optimizer_s {
  explicit kg_optimizer_s(double rate) : lr(rate) {}
  virtual ~kg_optimizer_s() = default;
  kg_optimizer_s(const kg_optimizer_s&) = delete;
  kg_optimizer_s& operator=(const kg_optimizer_s&) = delete;

  // skip, where it is defined, is a scalar on the parameters' device: 1 leaves the step out.
  virtual void step(const Tensors& grads, const at::Tensor& skip) = 0;
  virtual void set_rate(double rate) { lr = rate; }

  Tensors params;
  double lr;
};

namespace {

struct Adam : kg_optimizer_s {
  Adam(double rate, double b1, double b2, double decay)
      : kg_optimizer_s(rate), beta1(b1), beta2(b2), weight_decay(decay) {}

  // Each parameter's m and v start at zero, on its device and with its type.
  void grow() {
    for (size_t i = exp_avg.size(); i < params.size(); i++) {
      exp_avg.push_back(at::zeros_like(params[i]));
      exp_avg_sq.push_back(at::zeros_like(params[i]));
      steps.push_back(0);
    }
    // A module may have moved to another device or changed its type since the last step.
    for (size_t i = 0; i < params.size(); i++) {
      at::Device device = params[i].device();
      at::ScalarType dtype = params[i].scalar_type();
      if (exp_avg[i].device() == device && exp_avg[i].scalar_type() == dtype) continue;
      exp_avg[i] = exp_avg[i].to(device, dtype);
      exp_avg_sq[i] = exp_avg_sq[i].to(device, dtype);
      count();
      device_steps.clear();
      device_rate = at::Tensor();
    }
  }

  // The rate that the fused kernel reads on CUDA: a step captured in a graph then follows every change.
  void set_rate(double rate) override {
    if (device_rate.defined() && rate != lr) device_rate.fill_(rate);
    lr = rate;
  }

  // steps as device_steps has them now: a step that was replayed, or skipped on the device, has counted only there.
  void count() {
    if (device_steps.empty()) return;
    at::Tensor counted = at::stack(device_steps).to(at::kCPU, at::kDouble);
    for (size_t i = 0; i < steps.size(); i++) steps[i] = static_cast<int64_t>(counted[static_cast<int64_t>(i)].item<double>());
  }

  void step(const Tensors& all_grads, const at::Tensor& skip) override {
    grow();
    std::vector<size_t> which = with_gradient(all_grads);
    if (which.empty()) return;
    Tensors p = pick(params, which), g = pick(all_grads, which);
    Tensors m = pick(exp_avg, which), v = pick(exp_avg_sq, which);
    // The kernels over lists need each gradient in its parameter's layout. backward() gives that, autograd::grad does not.
    for (size_t i = 0; i < p.size(); i++) {
      if (g[i].strides() != p[i].strides()) g[i] = at::empty_like(p[i]).copy_(g[i]);
    }
    at::Device device = p[0].device();
    bool kernel = device.is_cuda() || (kFusedAdamOnCPU && device.is_cpu());
    if (kernel && all_float_on(p, device) && all_float_on(g, device) && all_float_on(m, device)) {
      fused(p, g, m, v, which, skip);
    } else if (!skip.defined() || skip.item<float>() == 0) {
      count();
      device_steps.clear();
      for (size_t i : which) steps[i]++;
      foreach (p, g, m, v, which);
    }
  }

  // One kernel updates all parameters. It takes the step counts, already advanced, as tensors on the same device. The
  // host waits for nothing.
  void fused(Tensors& p, Tensors& g, Tensors& m, Tensors& v, const std::vector<size_t>& which, const at::Tensor& skip) {
    if (device_steps.size() != params.size()) {
      device_steps.clear();
      for (size_t i = 0; i < params.size(); i++) {
        device_steps.push_back(at::full({}, double(steps[i]), at::TensorOptions(at::kFloat).device(params[i].device())));
      }
    }
    Tensors s = pick(device_steps, which);
    at::_foreach_add_(s, 1);
    if (kFusedAdamTensorRate && p[0].is_cuda() && !device_rate.defined()) {
      device_rate = at::full({}, lr, at::TensorOptions(at::kFloat).device(p[0].device()));
    }
    fused_adam(p, g, m, v, s, lr, device_rate, beta1, beta2, weight_decay, eps, skip);
    if (skip.defined()) at::_foreach_sub_(s, Tensors(s.size(), skip.reshape({})));
  }

  // The order of operations is torch.optim.Adam's:
  //   m ← β₁m + (1−β₁)g,  v ← β₂v + (1−β₂)g²,  θ ← θ − lr/(1−β₁ᵗ) · m / (√v/√(1−β₂ᵗ) + ε)
  void foreach (Tensors& p, Tensors& g, Tensors& m, Tensors& v, const std::vector<size_t>& which) {
    if (weight_decay != 0) g = at::_foreach_add(g, p, weight_decay);
    at::_foreach_mul_(m, beta1);
    at::_foreach_add_(m, g, 1 - beta1);
    at::_foreach_mul_(v, beta2);
    at::_foreach_addcmul_(v, g, g, 1 - beta2);
    std::vector<at::Scalar> roots, sizes;
    for (size_t i : which) {
      double t = static_cast<double>(steps[i]);
      roots.emplace_back(std::sqrt(1 - std::pow(beta2, t)));
      sizes.emplace_back(-lr / (1 - std::pow(beta1, t)));
    }
    Tensors denominator = at::_foreach_sqrt(v);
    at::_foreach_div_(denominator, roots);
    at::_foreach_add_(denominator, eps);
    at::_foreach_addcdiv_(p, m, denominator, sizes);
  }

  const double beta1, beta2, weight_decay, eps = 1e-8;
  std::vector<int64_t> steps;
  Tensors exp_avg, exp_avg_sq;
  Tensors device_steps;  // steps as tensors, for the fused kernel, which then count; empty until it runs
  at::Tensor device_rate;  // lr for the fused kernel on CUDA; else undefined
};

struct SGD : kg_optimizer_s {
  SGD(double rate, double mu, double damp, double decay, bool nest)
      : kg_optimizer_s(rate), momentum(mu), dampening(damp), weight_decay(decay), nesterov(nest) {}

  void step(const Tensors& grads, const at::Tensor& skip) override {
    TORCH_CHECK(!skip.defined(), "SGD leaves out no steps");
    buffers.resize(params.size());
    for (size_t i : with_gradient(grads)) {
      at::Tensor d = grads[i];
      if (weight_decay != 0) d = d.add(params[i], weight_decay);
      if (momentum != 0) {
        at::Tensor& b = buffers[i];
        if (b.defined()) {
          b.mul_(momentum).add_(d, 1 - dampening);
        } else {
          b = d.clone();
        }
        d = nesterov ? d.add(b, momentum) : b;
      }
      params[i].add_(d, -lr);
    }
  }

  const double momentum, dampening, weight_decay;
  const bool nesterov;
  Tensors buffers;  // undefined until the parameter's first step
};

kg_optimizer_s& optimizer(kg_optimizer o) {
  TORCH_CHECK(o != nullptr, "the optimizer is closed");
  return *o;
}

Adam& adam(kg_optimizer o) {
  Adam* a = dynamic_cast<Adam*>(&optimizer(o));
  TORCH_CHECK(a != nullptr, "the optimizer is not Adam");
  return *a;
}

void check_state(const Adam& a, const kg_tensor* state, int n) {
  TORCH_CHECK(static_cast<size_t>(n) == a.params.size(), "expected state for ", a.params.size(), " parameters, got ", n);
  for (size_t i = 0; i < a.params.size(); i++) {
    TORCH_CHECK(get(state[i]).numel() == a.params[i].numel(), "parameter ", i, " has ", a.params[i].numel(),
                " elements, its state ", get(state[i]).numel());
  }
}

}  // namespace

char* kg_adam(double lr, double beta1, double beta2, double weight_decay, kg_optimizer* out) {
  return guard([&] {
    TORCH_CHECK(lr >= 0 && weight_decay >= 0, "expected a learning rate and a weight decay of at least 0, got ", lr,
                " and ", weight_decay);
    TORCH_CHECK(0 <= beta1 && beta1 < 1 && 0 <= beta2 && beta2 < 1, "expected betas in [0, 1), got ", beta1, " and ",
                beta2);
    *out = new Adam(lr, beta1, beta2, weight_decay);
  });
}

char* kg_sgd(double lr, double momentum, double dampening, double weight_decay, int nesterov, kg_optimizer* out) {
  return guard([&] {
    TORCH_CHECK(lr >= 0 && momentum >= 0 && weight_decay >= 0,
                "expected a learning rate, a momentum and a weight decay of at least 0, got ", lr, ", ", momentum,
                " and ", weight_decay);
    TORCH_CHECK(!nesterov || (momentum > 0 && dampening == 0), "Nesterov needs a momentum and no dampening");
    *out = new SGD(lr, momentum, dampening, weight_decay, nesterov != 0);
  });
}

void kg_optimizer_close(kg_optimizer o) { delete o; }

char* kg_optimizer_add(kg_optimizer o, const kg_tensor* params, int n) {
  return guard([&] {
    for (const at::Tensor& t : get_all(params, n)) optimizer(o).params.push_back(t);
  });
}

char* kg_optimizer_zero_grad(kg_optimizer o) {
  return guard([&] {
    for (at::Tensor& p : optimizer(o).params) p.mutable_grad() = at::Tensor();
  });
}

char* kg_optimizer_step(kg_optimizer o) {
  return guard([&] {
    at::NoGradGuard no_grad;
    Tensors grads;
    for (const at::Tensor& p : optimizer(o).params) grads.push_back(p.grad());
    optimizer(o).step(grads, at::Tensor());
  });
}

char* kg_optimizer_step_with(kg_optimizer o, const kg_tensor* grads, int n, kg_tensor skip) {
  return guard([&] {
    at::NoGradGuard no_grad;
    const Tensors& params = optimizer(o).params;
    TORCH_CHECK(static_cast<size_t>(n) == params.size(), "expected ", params.size(), " gradients, got ", n);
    Tensors v;
    for (size_t i = 0; i < params.size(); i++) {
      v.push_back(get_or_none(grads[i]));
      TORCH_CHECK(!v[i].defined() || v[i].sizes() == params[i].sizes(), "parameter ", i, " is of shape ",
                  params[i].sizes(), ", its gradient of ", v[i].sizes());
    }
    optimizer(o).step(v, get_or_none(skip));
  });
}

char* kg_optimizer_set_lr(kg_optimizer o, double lr) {
  return guard([&] { optimizer(o).set_rate(lr); });
}

char* kg_optimizer_size(kg_optimizer o, int* params) {
  return guard([&] { *params = static_cast<int>(optimizer(o).params.size()); });
}

int kg_tensor_rate(void) { return kFusedAdamTensorRate; }

char* kg_adam_state(kg_optimizer o, int64_t* step, kg_tensor* exp_avg, kg_tensor* exp_avg_sq) {
  return guard([&] {
    at::NoGradGuard no_grad;
    Adam& a = adam(o);
    a.grow();
    a.count();
    *step = 0;
    for (size_t i = 0; i < a.params.size(); i++) {
      *step = std::max(*step, a.steps[i]);
      exp_avg[i] = make(a.exp_avg[i]);
      exp_avg_sq[i] = make(a.exp_avg_sq[i]);
    }
  });
}

char* kg_adam_set_state(kg_optimizer o, int64_t step, const kg_tensor* exp_avg, const kg_tensor* exp_avg_sq, int n) {
  return guard([&] {
    at::NoGradGuard no_grad;
    Adam& a = adam(o);
    TORCH_CHECK(step >= 0, "expected a step of at least 0, got ", step);
    check_state(a, exp_avg, n);
    check_state(a, exp_avg_sq, n);
    a.grow();
    for (size_t i = 0; i < a.params.size(); i++) {
      a.steps[i] = step;
      a.exp_avg[i].copy_(get(exp_avg[i]).reshape(a.params[i].sizes()));
      a.exp_avg_sq[i].copy_(get(exp_avg_sq[i]).reshape(a.params[i].sizes()));
    }
    a.device_steps.clear();
  });
}
