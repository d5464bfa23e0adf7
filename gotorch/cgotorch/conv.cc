// Convolutions whose derivatives, of any order, are convolutions again.
//
// libtorch's own second derivative of a convolution takes the gradient of the weight as a convolution with a kernel as large as the image.
// Here three functions are each other's derivatives: a convolution, its gradient by the image (which is the transposed convolution), and
// its gradient by the weight.
#include <ATen/ATen.h>
#include <torch/csrc/autograd/custom_function.h>

#include "handle.h"

using namespace keygan;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

namespace {

// Geometry is stride, padding and dilation (height, then width) and the number of groups, as autograd saves it.
using Geometry = std::vector<int64_t>;

Geometry geometry(const int64_t* stride, const int64_t* padding, const int64_t* dilation, int64_t groups) {
  return {stride[0], stride[1], padding[0], padding[1], dilation[0], dilation[1], groups};
}

at::IntArrayRef part(const Geometry& g, size_t i) { return at::IntArrayRef(g).slice(i, 2); }

bool channels_last(const at::Tensor& a, const at::Tensor& b) {
  auto format = [](const at::Tensor& t) { return t.suggest_memory_format() == at::MemoryFormat::ChannelsLast; };
  return format(a) || format(b);
}

// Of an operand that the wanted gradient does not depend on, libtorch looks at shape and layout only.
at::Tensor unused(const at::Tensor& a, const at::Tensor& b, at::IntArrayRef sizes) {
  auto format = channels_last(a, b) ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous;
  return at::empty(sizes, a.options().memory_format(format));
}

at::Tensor gradient(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& w, const Geometry& g, bool of_weight) {
  auto both = at::convolution_backward(grad, x, w, {}, part(g, 0), part(g, 2), part(g, 4), false, {0, 0}, g[6],
                                       {!of_weight, of_weight, false});
  return of_weight ? std::get<1>(both) : std::get<0>(both);
}

// Each function of two tensors is linear in both. first() and second() are the gradients by them, from that of the result.
template <class F>
struct Bilinear : torch::autograd::Function<F> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& a, const at::Tensor& b, Geometry g, std::vector<int64_t> sizes) {
    ctx->save_for_backward({a, b});
    at::Tensor out = F::compute(a, b, g, sizes);
    ctx->saved_data["geometry"] = std::move(g);
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    variable_list saved = ctx->get_saved_variables(), out(4);
    Geometry g = ctx->saved_data["geometry"].toIntVector();
    if (ctx->needs_input_grad(0)) out[0] = F::first(grads[0], saved[0], saved[1], g);
    if (ctx->needs_input_grad(1)) out[1] = F::second(grads[0], saved[0], saved[1], g);
    return out;
  }
};

// Image is the gradient by the image of a convolution, of the given sizes: a transposed convolution.
struct Image : Bilinear<Image> {
  static at::Tensor compute(const at::Tensor& grad, const at::Tensor& w, const Geometry& g, const std::vector<int64_t>& sizes) {
    return gradient(grad, unused(grad, w, sizes), w, g, false);
  }
  static at::Tensor first(const at::Tensor& v, const at::Tensor& grad, const at::Tensor& w, const Geometry& g);
  static at::Tensor second(const at::Tensor& v, const at::Tensor& grad, const at::Tensor& w, const Geometry& g);
};

// Weight is the gradient by the weight of a convolution, of the given sizes.
struct Weight : Bilinear<Weight> {
  static at::Tensor compute(const at::Tensor& grad, const at::Tensor& x, const Geometry& g, const std::vector<int64_t>& sizes) {
    return gradient(grad, x, unused(grad, x, sizes), g, true);
  }
  static at::Tensor first(const at::Tensor& v, const at::Tensor& grad, const at::Tensor& x, const Geometry& g);
  static at::Tensor second(const at::Tensor& v, const at::Tensor& grad, const at::Tensor& x, const Geometry& g) {
    return Image::apply(grad, v, g, x.sizes().vec());
  }
};

struct Conv : Bilinear<Conv> {
  static at::Tensor compute(const at::Tensor& x, const at::Tensor& w, const Geometry& g, const std::vector<int64_t>&) {
    return at::convolution(x, w, {}, part(g, 0), part(g, 2), part(g, 4), false, {0, 0}, g[6]);
  }
  static at::Tensor first(const at::Tensor& v, const at::Tensor& x, const at::Tensor& w, const Geometry& g) {
    return Image::apply(v, w, g, x.sizes().vec());
  }
  static at::Tensor second(const at::Tensor& v, const at::Tensor& x, const at::Tensor& w, const Geometry& g) {
    return Weight::apply(v, x, g, w.sizes().vec());
  }
};

at::Tensor convolve(const at::Tensor& x, const at::Tensor& w, const Geometry& g) { return Conv::apply(x, w, g, std::vector<int64_t>()); }

at::Tensor Image::first(const at::Tensor& v, const at::Tensor&, const at::Tensor& w, const Geometry& g) { return convolve(v, w, g); }
at::Tensor Image::second(const at::Tensor& v, const at::Tensor& grad, const at::Tensor& w, const Geometry& g) {
  return Weight::apply(grad, v, g, w.sizes().vec());
}
at::Tensor Weight::first(const at::Tensor& v, const at::Tensor&, const at::Tensor& x, const Geometry& g) { return convolve(x, v, g); }

at::Tensor with_bias(const at::Tensor& y, const at::Tensor& bias) {
  return bias.defined() ? y + bias.view({1, -1, 1, 1}) : y;
}

// The sizes of what a convolution of g with weight w makes grad of; extra is what its rounding down leaves open.
std::vector<int64_t> image_sizes(const at::Tensor& grad, const at::Tensor& w, const Geometry& g, const int64_t* extra) {
  TORCH_CHECK(grad.dim() == 4 && w.dim() == 4, "expected an image and a weight of 4 dimensions, got ", grad.sizes(), " and ", w.sizes());
  TORCH_CHECK(g[6] > 0 && grad.size(1) == w.size(0) && w.size(0) % g[6] == 0, "weight of size ", w.sizes(),
              ", expected input to have ", w.size(0), " channels in ", g[6], " groups, but got ", grad.sizes());
  std::vector<int64_t> sizes = {grad.size(0), w.size(1) * g[6], 0, 0};
  for (size_t i = 0; i < 2; i++) {
    int64_t stride = g[i], padding = g[2 + i], dilation = g[4 + i], most = std::max(stride, dilation);
    TORCH_CHECK(stride > 0 && padding >= 0 && dilation > 0, "expected a stride and a dilation above 0, and no negative padding");
    TORCH_CHECK(0 <= extra[i] && extra[i] < most, "output padding must be smaller than either stride or dilation, got ", extra[i]);
    sizes[2 + i] = (grad.size(2 + i) - 1) * stride - 2 * padding + dilation * (w.size(2 + i) - 1) + extra[i] + 1;
    TORCH_CHECK(sizes[2 + i] > 0, "the output of an input of ", grad.sizes(), " and a weight of ", w.sizes(), " would be empty");
  }
  return sizes;
}

}  // namespace

char* kg_conv2d(kg_tensor x, kg_tensor weight, kg_tensor bias, const int64_t* stride, const int64_t* padding,
                const int64_t* dilation, int64_t groups, kg_tensor* out) {
  return guard([&] {
    *out = make(with_bias(convolve(get(x), get(weight), geometry(stride, padding, dilation, groups)), get_or_none(bias)));
  });
}

char* kg_conv_transpose2d(kg_tensor x, kg_tensor weight, kg_tensor bias, const int64_t* stride, const int64_t* padding,
                          const int64_t* output_padding, int64_t groups, const int64_t* dilation, kg_tensor* out) {
  return guard([&] {
    Geometry g = geometry(stride, padding, dilation, groups);
    auto sizes = image_sizes(get(x), get(weight), g, output_padding);
    *out = make(with_bias(Image::apply(get(x), get(weight), g, sizes), get_or_none(bias)));
  });
}
