// Handles, versions and threads.
#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>

#include "compat.h"
#include "handle.h"

namespace keygan {
namespace {

std::atomic<int64_t> live{0};
thread_local int64_t current_scope = 0;
char out_of_memory[] = "out of memory";

}  // namespace

Handle::Handle(at::Tensor t) : kg_handle{current_scope}, tensor(std::move(t)) { live++; }
Handle::~Handle() { live--; }

char* message(const char* text) noexcept {
  char* copy = strdup(text);
  return copy != nullptr ? copy : out_of_memory;
}

}  // namespace keygan

using namespace keygan;

void kg_free_error(char* message) {
  if (message != out_of_memory) free(message);
}

void kg_close(kg_tensor t) { delete static_cast<Handle*>(t); }

int64_t kg_live(void) { return live; }

int64_t kg_set_scope(int64_t scope) { return std::exchange(current_scope, scope); }

int64_t kg_scope(void) { return current_scope; }

const char* kg_version(void) {
  // libtorch has no function that returns its version. Its list of build settings has, since 1.0.
  static const std::string loaded = [] {
    const std::string key = "TORCH_VERSION=", all = at::show_config();
    const auto at = all.find(key);
    if (at == std::string::npos) return std::string(TORCH_VERSION);
    const auto from = at + key.size();
    return all.substr(from, all.find_first_of(", \n", from) - from);
  }();
  return loaded.c_str();
}

const char* kg_built_version(void) { return TORCH_VERSION; }

int kg_num_threads(void) { return at::get_num_threads(); }

char* kg_set_num_threads(int n) {
  return guard([&] {
    TORCH_CHECK(n > 0, "expected a positive number of threads, got ", n);
    at::set_num_threads(n);
  });
}
