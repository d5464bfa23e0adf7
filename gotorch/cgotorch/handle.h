// Handles and the wall that keeps C++ exceptions in: what every file of this folder starts from.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include <exception>
#include <vector>

#include "cgotorch.h"

namespace keygan {

// Handle is what a kg_tensor points to. Making and deleting one is counted, for kg_live.
struct Handle : kg_handle {
  explicit Handle(at::Tensor t);
  ~Handle();
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;

  at::Tensor tensor;
};

inline const at::Tensor& get(kg_tensor t) {
  TORCH_CHECK(t != nullptr, "a tensor is missing");
  return static_cast<const Handle*>(t)->tensor;
}

// An undefined tensor is how ATen spells an absent optional argument.
inline at::Tensor get_or_none(kg_tensor t) { return t == nullptr ? at::Tensor() : get(t); }

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

inline at::Device device_of(int device) {
  return device < 0 ? at::Device(at::kCPU) : at::Device(at::kCUDA, static_cast<at::DeviceIndex>(device));
}

// A copy for kg_free_error. Never NULL, so that a failure stays one even when no memory is left for its message.
char* message(const char* text) noexcept;

// guard runs f; what f throws becomes the message that it returns, without the C++ backtrace.
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
