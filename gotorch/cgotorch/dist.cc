// Processes that compute together: c10d's TCPStore, Gloo for tensors on the CPU, NCCL for tensors on a CUDA device.
#include <torch/csrc/autograd/custom_function.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>

#include "compat.h"
#include "handle.h"

#if __has_include(<gloo/config.h>) && __has_include(<torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>)
#define KEYGAN_GLOO
#define USE_C10D_GLOO  // c10d's header is empty without
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#endif

#ifdef KEYGAN_CUDA
#include <c10/cuda/CUDAGuard.h>
#include <torch/csrc/cuda/nccl.h>
#endif

using namespace keygan;

#ifdef KEYGAN_GLOO

struct kg_store_s {
  c10::intrusive_ptr<c10d::TCPStore> store;
};

struct kg_group_s {
  c10::intrusive_ptr<c10d::ProcessGroupGloo> gloo;
  int64_t elements = 0;  // that all_reduce has summed
#ifdef KEYGAN_CUDA
  torch::cuda::nccl::ncclComm_t nccl = nullptr;  // null where the group works on the CPU only
#endif
};

namespace {

void check_dense(const at::Tensor& t) { TORCH_CHECK(t.is_contiguous(), "expected a contiguous tensor"); }

#ifdef KEYGAN_CUDA

// The id that makes a communicator travels from rank 0 to the others through the store. Whoever is missing makes the call wait for
// ever: the caller watches over that.
torch::cuda::nccl::ncclComm_t join_nccl(c10d::Store& store, int rank, int size, int device) {
  torch::cuda::nccl::ncclUniqueId id;
  auto* bytes = reinterpret_cast<uint8_t*>(id.internal);
  if (rank == 0) {
    torch::cuda::nccl::get_unique_id(id);
    store.set("nccl", std::vector<uint8_t>(bytes, bytes + NCCL_UNIQUE_ID_BYTES));
  } else {
    std::vector<uint8_t> v = store.get("nccl");
    TORCH_CHECK(v.size() == NCCL_UNIQUE_ID_BYTES, "the store holds an NCCL id of ", v.size(), " bytes");
    std::copy(v.begin(), v.end(), bytes);
  }
  c10::cuda::CUDAGuard on(static_cast<c10::DeviceIndex>(device));
  return torch::cuda::nccl::comm_init_rank(size, id, rank);
}

torch::cuda::nccl::comm_list communicator(kg_group g) {
  TORCH_CHECK(g->nccl != nullptr, "a tensor on a CUDA device, but this group works on the CPU");
  return {g->nccl};
}

#endif

// all_reduce puts the sum over all ranks into t.
void all_reduce(kg_group g, at::Tensor t) {
  check_dense(t);
  g->elements += t.numel();
  std::vector<at::Tensor> ts{t};
#ifdef KEYGAN_CUDA
  if (t.is_cuda()) {
    c10::cuda::CUDAGuard on(t.device());
    torch::cuda::nccl::all_reduce(ts, ts, static_cast<int32_t>(torch::cuda::nccl::ncclRedOp::Sum), {}, communicator(g));
    return;
  }
#endif
  g->gloo->allreduce(ts)->wait();
}

// Sum is all_reduce as an operation with derivatives of every order. Each rank's y is the sum of all ranks' x, so the gradient of each
// x is the sum of the gradients of all ranks' y: the same operation.
struct Sum : torch::autograd::Function<Sum> {
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x, int64_t group) {
    ctx->saved_data["group"] = group;
    at::Tensor y = x.detach().clone(at::MemoryFormat::Contiguous);
    all_reduce(reinterpret_cast<kg_group>(group), y);
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx, torch::autograd::variable_list grads) {
    return {apply(grads[0], ctx->saved_data["group"].toInt()), at::Tensor()};
  }
};

}  // namespace

char* kg_store_open(const char* host, int port, int serve, int64_t timeout_ms, kg_store* out) {
  return guard([&] {
    c10d::TCPStoreOptions o;
    o.port = static_cast<uint16_t>(port);
    o.isServer = serve != 0;
    o.waitWorkers = false;
    o.timeout = std::chrono::milliseconds(timeout_ms);
    KG_STORE_WITHOUT_LIBUV(o);
    *out = new kg_store_s{c10::make_intrusive<c10d::TCPStore>(host, o)};
  });
}

int kg_store_port(kg_store s) { return s->store->getPort(); }

char* kg_store_set(kg_store s, const char* key, const char* data, int64_t size) {
  return guard([&] { s->store->set(key, std::vector<uint8_t>(data, data + size)); });
}

char* kg_store_check(kg_store s, const char* key, int* there) {
  return guard([&] { *there = s->store->check({key}); });
}

char* kg_store_get(kg_store s, const char* key, char** data, int64_t* size) {
  return guard([&] {
    std::vector<uint8_t> v = s->store->get(key);
    TORCH_CHECK(v.size() <= (1 << 24), "the store holds ", v.size(), " bytes under ", key, ", more than 16 MiB");
    char* copy = static_cast<char*>(malloc(v.size() + 1));
    if (copy == nullptr) throw std::bad_alloc();
    memcpy(copy, v.data(), v.size());
    *data = copy;
    *size = static_cast<int64_t>(v.size());
  });
}

char* kg_store_add(kg_store s, const char* key, int64_t n, int64_t* value) {
  return guard([&] { *value = s->store->add(key, n); });
}

void kg_store_close(kg_store s) { delete s; }

char* kg_group_open(kg_store s, const char* name, int rank, int size, int device, const char* address, int64_t timeout_ms,
                    kg_group* out) {
  return guard([&] {
    auto store = c10::make_intrusive<c10d::PrefixStore>(name, s->store);
    auto options = c10d::ProcessGroupGloo::Options::create(std::chrono::milliseconds(timeout_ms));
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
    auto g = std::make_unique<kg_group_s>();
    g->gloo = c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
    if (device >= 0) {
#ifdef KEYGAN_CUDA
      g->nccl = join_nccl(*store, rank, size, device);
#else
      TORCH_CHECK(false, "this build of libcgotorch.so has no CUDA");
#endif
    }
    *out = g.release();
  });
}

char* kg_all_reduce(kg_group g, kg_tensor t) {
  return guard([&] { all_reduce(g, get(t).detach()); });
}

char* kg_all_reduce_all(kg_group g, const kg_tensor* ts, const kg_tensor* models, int n, kg_tensor* out) {
  return guard([&] {
    at::NoGradGuard no_grad;
    std::vector<at::Tensor> from = get_all(ts, n), as = get_all(models, n), parts;
    int64_t total = 0;
    for (const at::Tensor& m : as) {
      TORCH_CHECK(m.is_non_overlapping_and_dense(), "a tensor with gaps cannot be a model");
      total += m.numel();
    }
    // All ranks lay the numbers behind each other in the same order: that of the models, which are alike everywhere.
    at::Tensor all = at::empty({total}, from.at(0).options());
    int64_t at = 0;
    for (size_t i = 0; i < from.size(); i++) {
      parts.push_back(all.as_strided(as[i].sizes(), as[i].strides(), at));
      parts[i].copy_(from[i]);
      at += as[i].numel();
    }
    all_reduce(g, all);
    for (int i = 0; i < n; i++) out[i] = make(parts[static_cast<size_t>(i)]);
  });
}

char* kg_sum_over_ranks(kg_group g, kg_tensor t, kg_tensor* out) {
  return guard([&] { *out = make(Sum::apply(get(t), reinterpret_cast<int64_t>(g))); });
}

char* kg_broadcast(kg_group g, kg_tensor t) {
  return guard([&] {
    std::vector<at::Tensor> ts{get(t).detach()};
    check_dense(ts[0]);
#ifdef KEYGAN_CUDA
    if (ts[0].is_cuda()) {
      c10::cuda::CUDAGuard on(ts[0].device());
      torch::cuda::nccl::broadcast(ts, {}, communicator(g));
      return;
    }
#endif
    g->gloo->broadcast(ts)->wait();
  });
}

int64_t kg_group_elements(kg_group g) { return g->elements; }

void kg_group_close(kg_group g) {
#ifdef KEYGAN_CUDA
  if (g->nccl != nullptr) torch::cuda::nccl::comm_destroy(g->nccl);
#endif
  delete g;
}

#else

namespace {

char* no_gloo() { return message("the libtorch that libcgotorch.so was built for has no Gloo, so processes cannot train together"); }

}  // namespace

char* kg_store_open(const char*, int, int, int64_t, kg_store*) { return no_gloo(); }
int kg_store_port(kg_store) { return 0; }
char* kg_store_set(kg_store, const char*, const char*, int64_t) { return no_gloo(); }
char* kg_store_check(kg_store, const char*, int*) { return no_gloo(); }
char* kg_store_get(kg_store, const char*, char**, int64_t*) { return no_gloo(); }
char* kg_store_add(kg_store, const char*, int64_t, int64_t*) { return no_gloo(); }
void kg_store_close(kg_store) {}
char* kg_group_open(kg_store, const char*, int, int, int, const char*, int64_t, kg_group*) { return no_gloo(); }
char* kg_all_reduce(kg_group, kg_tensor) { return no_gloo(); }
char* kg_all_reduce_all(kg_group, const kg_tensor*, const kg_tensor*, int, kg_tensor*) { return no_gloo(); }
char* kg_sum_over_ranks(kg_group, kg_tensor, kg_tensor*) { return no_gloo(); }
char* kg_broadcast(kg_group, kg_tensor) { return no_gloo(); }
int64_t kg_group_elements(kg_group) { return 0; }
void kg_group_close(kg_group) {}

#endif
