// Leaky ReLU of instance norm in one pass over memory, with its first and second derivative, for channels-last images on the CPU.
//
// For each channel of each image, with the mean μ and the variance σ² of its M pixels x, r = 1/√(σ²+ε) and x̂ = r(x−μ):
//
//   y  = m·x̂                     where m is 1 for x̂ > 0, else the slope
//   gx = r·P(h)                   the gradient by x, from that by y, g: h = m·g, P(h) = h − mean h − x̂·mean(h·x̂)
//   gg = m·r·P(v)                 the gradients by g and x from that by gx, v:
//   gx = −r²·(k·x̂ + mean(v·x̂)·P(h) + mean(h·x̂)·P(v)),   k = mean(v·h) − mean h·mean v − mean(h·x̂)·mean(v·x̂)
//
// Sums go over chunks of pixels whose size does not depend on the number of threads, so neither does the result. bf16 images are
// computed in float32.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "handle.h"

using namespace keygan;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// The kernels are compiled for several processors. clones says which; the loader picks one.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("O3", "no-trapping-math")
#define KG_CLONES __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define KG_CLONES
#endif
#if defined(__GNUC__) && !defined(__clang__)
#define KG_EACH_CHANNEL _Pragma("GCC ivdep") for (int64_t c = 0; c < n; c++)  // the arrays do not overlap
#else
#define KG_EACH_CHANNEL for (int64_t c = 0; c < n; c++)
#endif
#define KG_INLINE inline __attribute__((always_inline))

namespace {

// Chunk is some pixels of one image: rows of channels. The arrays of A hold a number a channel.
template <class T, class A>
struct Chunk {
  const T *x, *g, *v;        // pixels: of the image, and of gradients
  T *out, *out2;             // pixels
  const A *mu, *r;           // μ and r
  const A *c0, *c1, *c2, *c3, *c4;  // what a kernel says
  A* sums;                   // what a kernel says, one after another
  int64_t rows, channels;
  A slope;
};

struct Bf16 {
  uint16_t bits;
};

KG_INLINE double load(double x) { return x; }
KG_INLINE float load(float x) { return x; }
KG_INLINE float load(Bf16 x) {
  uint32_t u = uint32_t(x.bits) << 16;
  float f;
  std::memcpy(&f, &u, 4);
  return f;
}

KG_INLINE void store(double* p, double x) { *p = x; }
KG_INLINE void store(float* p, float x) { *p = x; }
KG_INLINE void store(Bf16* p, float x) { // to the nearest, ties to even; NaN stays NaN
  uint32_t u;
  std::memcpy(&u, &x, 4);
  uint32_t rounded = (u + 0x7fff + ((u >> 16) & 1)) >> 16;
  p->bits = static_cast<uint16_t>(x == x ? rounded : 0x7fc0);
}

// sums: the mean, and the sum of squares about it.
template <class T, class A>
KG_INLINE void moments(const Chunk<T, A>& k) {
  int64_t n = k.channels;
  A *mean = k.sums, *square = k.sums + n;
  for (int64_t i = 0; i < k.rows; i++) {
    const T* x = k.x + i * n;
    KG_EACH_CHANNEL mean[c] += load(x[c]);
  }
  KG_EACH_CHANNEL mean[c] /= A(k.rows);
  for (int64_t i = 0; i < k.rows; i++) {
    const T* x = k.x + i * n;
    KG_EACH_CHANNEL {
      A d = load(x[c]) - mean[c];
      square[c] += d * d;
    }
  }
}

template <class T, class A>
KG_INLINE void apply(const Chunk<T, A>& k) {
  int64_t n = k.channels;
  const A slope = k.slope;
  const A *mu = k.mu, *r = k.r;
  for (int64_t i = 0; i < k.rows; i++) {
    const T* x = k.x + i * n;
    T* y = k.out + i * n;
    KG_EACH_CHANNEL {
      A z = (load(x[c]) - mu[c]) * r[c];
      store(&y[c], z * (z > 0 ? A(1) : slope));
    }
  }
}

// sums: h and h·x̂.
template <class T, class A>
KG_INLINE void gradient_sums(const Chunk<T, A>& k) {
  int64_t n = k.channels;
  const A slope = k.slope;
  const A *mu = k.mu, *r = k.r;
  A *sh = k.sums, *shx = k.sums + n;
  for (int64_t i = 0; i < k.rows; i++) {
    const T *x = k.x + i * n, *g = k.g + i * n;
    KG_EACH_CHANNEL {
      A z = (load(x[c]) - mu[c]) * r[c], h = load(g[c]) * (z > 0 ? A(1) : slope);
      sh[c] += h;
      shx[c] += h * z;
    }
  }
}

// c0, c1: the means of h and h·x̂.
template <class T, class A>
KG_INLINE void gradient(const Chunk<T, A>& k) {
  int64_t n = k.channels;
  const A slope = k.slope;
  const A *mu = k.mu, *r = k.r, *mh = k.c0, *mhx = k.c1;
  for (int64_t i = 0; i < k.rows; i++) {
    const T *x = k.x + i * n, *g = k.g + i * n;
    T* out = k.out + i * n;
    KG_EACH_CHANNEL {
      A z = (load(x[c]) - mu[c]) * r[c], h = load(g[c]) * (z > 0 ? A(1) : slope);
      store(&out[c], r[c] * (h - mh[c] - z * mhx[c]));
    }
  }
}

// sums: h, h·x̂, v, v·x̂ and v·h.
template <class T, class A>
KG_INLINE void second_sums(const Chunk<T, A>& k) {
  int64_t n = k.channels;
  const A slope = k.slope;
  const A *mu = k.mu, *r = k.r;
  A *sh = k.sums, *shx = sh + n, *sv = shx + n, *svx = sv + n, *svh = svx + n;
  for (int64_t i = 0; i < k.rows; i++) {
    const T *x = k.x + i * n, *g = k.g + i * n, *v = k.v + i * n;
    KG_EACH_CHANNEL {
      A z = (load(x[c]) - mu[c]) * r[c], h = load(g[c]) * (z > 0 ? A(1) : slope), w = load(v[c]);
      sh[c] += h;
      shx[c] += h * z;
      sv[c] += w;
      svx[c] += w * z;
      svh[c] += w * h;
    }
  }
}

// c0, c1: the means of v and v·x̂; out is gg. c2, c3, c4: of x̂, of h and v, and alone in out2 = −r²(c2·x̂ + c1·h + c3·v − c4).
template <class T, class A>
KG_INLINE void second(const Chunk<T, A>& k) {
  int64_t n = k.channels;
  const A slope = k.slope;
  const A *mu = k.mu, *r = k.r;
  const A *mv = k.c0, *mvx = k.c1, *cx = k.c2, *cv = k.c3, *c4 = k.c4;
  for (int64_t i = 0; i < k.rows; i++) {
    const T *x = k.x + i * n, *g = k.g + i * n, *v = k.v + i * n;
    T *gg = k.out + i * n, *gx = k.out2 + i * n;
    KG_EACH_CHANNEL {
      A z = (load(x[c]) - mu[c]) * r[c], m = z > 0 ? A(1) : slope, w = load(v[c]);
      store(&gg[c], m * r[c] * (w - mv[c] - z * mvx[c]));
      store(&gx[c], -r[c] * r[c] * (cx[c] * z + mvx[c] * m * load(g[c]) + cv[c] * w - c4[c]));
    }
  }
}

// Each kernel for each type of pixel. GCC compiles no clones of templates, only of functions.
#define KG_KERNEL(name)                                                          \
  KG_CLONES void name##_of(const Chunk<float, float>& k) { name(k); }            \
  KG_CLONES void name##_of(const Chunk<Bf16, float>& k) { name(k); }             \
  void name##_of(const Chunk<double, double>& k) { name(k); }
KG_KERNEL(moments)
KG_KERNEL(apply)
KG_KERNEL(gradient_sums)
KG_KERNEL(gradient)
KG_KERNEL(second_sums)
KG_KERNEL(second)

// Images walks over the chunks of images [N, C, H, W] in channels-last layout.
template <class T, class A>
struct Images {
  explicit Images(const at::Tensor& x) : n(x.size(0)), channels(x.size(1)), pixels(x.size(2) * x.size(3)) {
    rows = std::max<int64_t>(1, std::min<int64_t>(256, 16384 / std::max<int64_t>(channels, 1)));
    chunks = (pixels + rows - 1) / rows;
  }

  static T* data(const at::Tensor& t) { return t.defined() ? static_cast<T*>(t.data_ptr()) : nullptr; }

  // each calls f with each chunk, on several threads, and with its number.
  template <class F>
  void each(const Chunk<T, A>& all, F f) const {
    at::parallel_for(0, n * chunks, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) {
        int64_t image = i / chunks, row = i % chunks * rows, skip = (image * pixels + row) * channels, channel = image * channels;
        Chunk<T, A> k = all;
        for (const T** p : {&k.x, &k.g, &k.v}) *p += *p ? skip : 0;
        for (T** p : {&k.out, &k.out2}) *p += *p ? skip : 0;
        for (const A** p : {&k.mu, &k.r, &k.c0, &k.c1, &k.c2, &k.c3, &k.c4}) *p += *p ? channel : 0;
        k.rows = std::min(rows, pixels - row);
        k.channels = channels;
        f(k, i);
      }
    });
  }

  // sum adds what a kernel sums up in each chunk, `count` numbers a channel, into [count][N·C] means over the pixels.
  template <class Kernel>
  std::vector<std::vector<A>> means(Chunk<T, A> all, int64_t count, Kernel kernel) const {
    std::vector<A> sums(static_cast<size_t>(n * chunks * count * channels));
    each(all, [&](Chunk<T, A>& k, int64_t i) {
      k.sums = sums.data() + i * count * channels;
      kernel(k);
    });
    std::vector<std::vector<A>> out(static_cast<size_t>(count), std::vector<A>(static_cast<size_t>(n * channels)));
    std::vector<double> total(static_cast<size_t>(count * channels));
    for (int64_t image = 0; image < n; image++) {
      std::fill(total.begin(), total.end(), 0);
      for (int64_t i = image * chunks; i < (image + 1) * chunks; i++) {
        for (int64_t j = 0; j < count * channels; j++) total[j] += sums[i * count * channels + j];
      }
      for (int64_t j = 0; j < count * channels; j++) out[j / channels][image * channels + j % channels] = A(total[j] / double(pixels));
    }
    return out;
  }

  // statistics computes μ and r, [N·C] each, with the mean and the squares of each chunk (Chan's formula).
  void statistics(const Chunk<T, A>& all, double eps, A* mu, A* r) const {
    std::vector<A> sums(static_cast<size_t>(n * chunks * 2 * channels));
    each(all, [&](Chunk<T, A>& k, int64_t i) {
      k.sums = sums.data() + i * 2 * channels;
      moments_of(k);
    });
    for (int64_t i = 0; i < n * channels; i++) {
      const A* first = sums.data() + i / channels * chunks * 2 * channels + i % channels;
      auto weight = [&](int64_t j) { return double(std::min(rows, pixels - j * rows)); };
      double mean = 0, square = 0;
      for (int64_t j = 0; j < chunks; j++) mean += weight(j) * first[j * 2 * channels];
      mean /= double(pixels);
      for (int64_t j = 0; j < chunks; j++) {
        double d = first[j * 2 * channels] - mean;
        square += first[(j * 2 + 1) * channels] + weight(j) * d * d;
      }
      mu[i] = A(mean);
      r[i] = A(1 / std::sqrt(square / double(pixels) + eps));
    }
  }

  int64_t n, channels, pixels, rows, chunks;
};

at::Tensor last(const at::Tensor& t, const at::Tensor& like) { return t.to(like.scalar_type()).contiguous(at::MemoryFormat::ChannelsLast); }
at::Tensor empty(const at::Tensor& like) { return at::empty_like(like, like.options(), at::MemoryFormat::ChannelsLast); }

// with_type calls f with a chunk of pixels of the type that x has.
template <class F>
void with_type(const at::Tensor& x, F f) {
  switch (x.scalar_type()) {
    case at::kFloat: f(Chunk<float, float>()); return;
    case at::kDouble: f(Chunk<double, double>()); return;
    case at::kBFloat16: f(Chunk<Bf16, float>()); return;
    default: TORCH_CHECK(false, "expected float, double or bfloat16, got ", x.scalar_type());
  }
}

template <class T, class A>
void fill(Chunk<T, A>& k, const at::Tensor& x, const at::Tensor& mu, const at::Tensor& r, double slope) {
  k.x = Images<T, A>::data(x);
  k.mu = Images<A, A>::data(mu);
  k.r = Images<A, A>::data(r);
  k.slope = A(slope);
}

// Gradient is gx as a function of g and x.
struct Gradient : torch::autograd::Function<Gradient> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& g, const at::Tensor& x, const at::Tensor& mu, const at::Tensor& r,
                            double slope) {
    ctx->save_for_backward({g, x, mu, r});
    ctx->saved_data["slope"] = slope;
    at::Tensor image = last(x, x), grad = last(g, x), out = empty(x);
    with_type(x, [&](auto k) { run(k, image, grad, mu, r, slope, out); });
    return out;
  }

  template <class T, class A>
  static void run(Chunk<T, A> k, const at::Tensor& x, const at::Tensor& g, const at::Tensor& mu, const at::Tensor& r, double slope,
                  const at::Tensor& out) {
    Images<T, A> images(x);
    fill(k, x, mu, r, slope);
    k.g = images.data(g);
    auto m = images.means(k, 2, [](const Chunk<T, A>& c) { gradient_sums_of(c); });
    k.c0 = m[0].data();
    k.c1 = m[1].data();
    k.out = images.data(out);
    images.each(k, [](const Chunk<T, A>& c, int64_t) { gradient_of(c); });
  }

  static variable_list backward(AutogradContext* ctx, variable_list v) {
    TORCH_CHECK(!at::GradMode::is_enabled() || !v[0].requires_grad(), "the norm has no third derivative");
    variable_list saved = ctx->get_saved_variables();
    const at::Tensor &g = saved[0], &x = saved[1];
    double slope = ctx->saved_data["slope"].toDouble();
    at::Tensor image = last(x, x), grad = last(g, x), by = last(v[0], x), gg = empty(x), gx = empty(x);
    with_type(x, [&](auto k) { second_run(k, image, grad, by, saved[2], saved[3], slope, gg, gx); });
    return {gg, gx, at::Tensor(), at::Tensor(), at::Tensor()};
  }

  template <class T, class A>
  static void second_run(Chunk<T, A> k, const at::Tensor& x, const at::Tensor& g, const at::Tensor& v, const at::Tensor& mu,
                         const at::Tensor& r, double slope, const at::Tensor& gg, const at::Tensor& gx) {
    Images<T, A> images(x);
    fill(k, x, mu, r, slope);
    k.g = images.data(g);
    k.v = images.data(v);
    auto m = images.means(k, 5, [](const Chunk<T, A>& c) { second_sums_of(c); });
    std::vector<A> of_x(m[0].size()), alone(m[0].size());
    for (size_t i = 0; i < of_x.size(); i++) {
      A h = m[0][i], hx = m[1][i], mv = m[2][i], vx = m[3][i], vh = m[4][i];
      of_x[i] = vh - h * mv - 3 * hx * vx;
      alone[i] = vx * h + hx * mv;
    }
    k.c0 = m[2].data();
    k.c1 = m[3].data();
    k.c2 = of_x.data();
    k.c3 = m[1].data();
    k.c4 = alone.data();
    k.out = images.data(gg);
    k.out2 = images.data(gx);
    images.each(k, [](const Chunk<T, A>& c, int64_t) { second_of(c); });
  }
};

struct NormLeaky : torch::autograd::Function<NormLeaky> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, double eps, double slope) {
    at::Tensor image = last(x, x), y = empty(x);
    auto options = x.options().dtype(x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat);
    at::Tensor mu = at::empty({x.size(0) * x.size(1)}, options), r = at::empty_like(mu);
    with_type(x, [&](auto k) { run(k, image, eps, slope, mu, r, y); });
    ctx->save_for_backward({x, mu, r});
    ctx->saved_data["slope"] = slope;
    return y;
  }

  template <class T, class A>
  static void run(Chunk<T, A> k, const at::Tensor& x, double eps, double slope, const at::Tensor& mu, const at::Tensor& r,
                  const at::Tensor& y) {
    Images<T, A> images(x);
    fill(k, x, mu, r, slope);
    images.statistics(k, eps, Images<A, A>::data(mu), Images<A, A>::data(r));
    k.out = images.data(y);
    images.each(k, [](const Chunk<T, A>& c, int64_t) { apply_of(c); });
  }

  static variable_list backward(AutogradContext* ctx, variable_list g) {
    variable_list saved = ctx->get_saved_variables();
    return {Gradient::apply(g[0], saved[0], saved[1], saved[2], ctx->saved_data["slope"].toDouble()), at::Tensor(), at::Tensor()};
  }
};

// On other devices: libtorch's own operations.
at::Tensor separately(const at::Tensor& x, double eps, double slope) {
  at::Tensor y = at::instance_norm(x, {}, {}, {}, {}, true, 0, eps, at::globalContext().userEnabledCuDNN());
  if (slope == 1) return y;
  return slope == 0 ? at::relu(y) : at::leaky_relu(y, slope);
}

}  // namespace

char* kg_instance_norm_leaky(kg_tensor x, double eps, double slope, kg_tensor* out) {
  return guard([&] {
    const at::Tensor& t = get(x);
    TORCH_CHECK(t.dim() == 4 && t.numel() > 0, "expected images [N, C, H, W], got ", t.sizes());
    TORCH_CHECK(t.size(2) * t.size(3) > 1, "expected more than 1 value per channel, got ", t.sizes());
    *out = make(t.is_cpu() ? NormLeaky::apply(t, eps, slope) : separately(t, eps, slope));
  });
}
