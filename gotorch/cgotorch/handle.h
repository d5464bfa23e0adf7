// Handles, and the guard that keeps C++ exceptions inside the library. Every file of this folder includes it.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include <exception>
#include <vector>

#include "cgotorch.h"

namespace keygan {

// Handle is what a kg_tensor points to. kg_live counts them.
struct Handle : kg_handle {
  explicit Handle(at::Tensor t);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  at::Tensor tensor;
};

// ATen's undefined tensor stands for an optional argument left out, and for a gradient that no backward has computed.
inline at::Tensor get_or_none(kg_tensor t) {
  return t == nullptr ? at::Tensor() : static_cast<const Handle*>(t)->tensor;
}

inline const at::Tensor& get(kg_tensor t) {
  TORCH_CHECK(t != nullptr, "a tensor is missing");
  const at::Tensor& a = static_cast<const Handle*>(t)->tensor;
  TORCH_CHECK(a.defined(), "the tensor is undefined: a gradient that no Backward has computed");
  return a;
}

inline kg_tensor make(at::Tensor t) { return new Handle(std::move(t)); }

inline std::vector<at::Tensor> get_all(const kg_tensor* ts, int n) {
  std::vector<at::Tensor> v;
  v.reserve(static_cast<size_t>(n));
  for (int i = 0; i < n; i++) v.push_back(get(ts[i]));
  return v;
}

inline at::IntArrayRef ints(const int64_t* p, int n) { return at::IntArrayRef(p, static_cast<size_t>(n)); }
inline at::IntArrayRef pair(const int64_t* p) { return at::IntArrayRef(p, 2); }

inline at::ScalarType scalar_type(int dtype) {
  TORCH_CHECK(0 <= dtype && dtype < static_cast<int>(at::ScalarType::Undefined), "no dtype has the number ", dtype);
  return static_cast<at::ScalarType>(dtype);
}

// device_of and number_of are the only places that know how devices are numbered.
inline at::Device device_of(int device) {
  return device < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device));
}

inline int number_of(const at::Device& device) {
  TORCH_CHECK(device.is_cpu() || device.is_cuda(), "a tensor on ", device.str(), ", expected cpu or cuda");
  return device.is_cuda() ? device.index() : -1;
}

[[noreturn]] inline void unknown(const char* what, int number) {
  TORCH_CHECK(false, "no ", what, " has the number ", number);
}

// message copies a text for kg_free_error. It never returns NULL, which would mean success, even when memory runs out.
char* message(const char* text) noexcept;

// guard runs f and returns the message of what f throws, without the C++ backtrace.
template <class F>
char* guard(F&& f) noexcept {
  try {
    f();
    return nullptr;
  } catch (const c10::Error& e) {
    return message(e.what_without_backtrace());
  } catch (const std::exception& e) {
    return message(e.what());
  } catch (...) {
    return message("a C++ exception of unknown type");
  }
}

}  // namespace keygan
