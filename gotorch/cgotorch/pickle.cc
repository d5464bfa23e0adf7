// Converts one tensor to and from the bytes of torch.save.
#include <torch/csrc/jit/serialization/pickle.h>

#include <cstdlib>
#include <cstring>
#include <new>

#include "handle.h"

using namespace keygan;

char* kg_pickle(kg_tensor t, char** data, int64_t* size) {
  return guard([&] {
    std::vector<char> bytes = torch::jit::pickle_save(get(t).cpu());
    char* copy = static_cast<char*>(malloc(bytes.size()));
    if (copy == nullptr) throw std::bad_alloc();
    memcpy(copy, bytes.data(), bytes.size());
    *data = copy;
    *size = static_cast<int64_t>(bytes.size());
  });
}

char* kg_unpickle(const char* data, int64_t size, kg_tensor* out) {
  return guard([&] {
    c10::IValue value = torch::jit::pickle_load(std::vector<char>(data, data + size));
    TORCH_CHECK(value.isTensor(), "the pickle holds a ", value.tagKind(), ", expected a tensor");
    *out = make(value.toTensor());
  });
}

void kg_free_bytes(char* data) { free(data); }
