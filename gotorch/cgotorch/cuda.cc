// What only a libtorch with CUDA has. It needs -DKEYGAN_CUDA; without, every function fails.
#include "handle.h"

#ifdef KEYGAN_CUDA
#include <ATen/cuda/CUDAContext.h>
#include <ATen/cuda/CUDAEvent.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

using namespace keygan;

#ifdef KEYGAN_CUDA

struct kg_stream_s {
  c10::cuda::CUDAStream stream;
};

struct kg_event_s {
  at::cuda::CUDAEvent event;
};

namespace {

c10::cuda::CUDAStream& stream_of(kg_stream s) {
  TORCH_CHECK(s != nullptr, "the stream is missing");
  return s->stream;
}

c10::DeviceIndex index_of(int device) {
  TORCH_CHECK(device >= 0, "expected a CUDA device, got the CPU");
  return static_cast<c10::DeviceIndex>(device);
}

at::cuda::CUDAEvent& event_of(kg_event e) {
  TORCH_CHECK(e != nullptr, "the event is missing");
  return e->event;
}

}  // namespace

char* kg_cuda_name(int device, char** name) {
  return guard([&] { *name = message(at::cuda::getDeviceProperties(index_of(device))->name); });
}

char* kg_cuda_current_device(int* device) {
  return guard([&] { *device = c10::cuda::current_device(); });
}

char* kg_cuda_synchronize(int device) {
  return guard([&] {
    c10::cuda::CUDAGuard on(index_of(device));
    c10::cuda::device_synchronize();
  });
}

char* kg_cuda_memory(int device, int64_t* allocated, int64_t* reserved, int64_t* peak) {
  return guard([&] {
    // Each statistic is an array over the kinds of pools, whose first entry is the sum. auto, since versions name the type
    // differently.
    auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(index_of(device));
    *allocated = stats.allocated_bytes[0].current;
    *reserved = stats.reserved_bytes[0].current;
    *peak = stats.allocated_bytes[0].peak;
  });
}

char* kg_cuda_reset_peak(int device) {
  return guard([&] { c10::cuda::CUDACachingAllocator::resetPeakStats(index_of(device)); });
}

char* kg_stream_current(int device, kg_stream* out) {
  return guard([&] { *out = new kg_stream_s{c10::cuda::getCurrentCUDAStream(index_of(device))}; });
}

char* kg_stream_new(int device, kg_stream* out) {
  return guard([&] {
    *out = new kg_stream_s{c10::cuda::getStreamFromPool(/*isHighPriority=*/false, index_of(device))};
  });
}

char* kg_stream_set(kg_stream s) {
  return guard([&] { c10::cuda::setCurrentCUDAStream(stream_of(s)); });
}

char* kg_stream_query(kg_stream s, int* done) {
  return guard([&] { *done = stream_of(s).query(); });
}

char* kg_stream_synchronize(kg_stream s) {
  return guard([&] { stream_of(s).synchronize(); });
}

void kg_stream_close(kg_stream s) { delete s; }

char* kg_event_new(kg_event* out) {
  return guard([&] { *out = new kg_event_s; });
}

char* kg_event_record(kg_event e, kg_stream s) {
  return guard([&] { event_of(e).record(stream_of(s)); });
}

char* kg_event_block(kg_event e, kg_stream s) {
  return guard([&] { event_of(e).block(stream_of(s)); });
}

char* kg_event_synchronize(kg_event e) {
  return guard([&] { event_of(e).synchronize(); });
}

void kg_event_close(kg_event e) { delete e; }

char* kg_cuda_empty_cache(void) {
  return guard([&] { c10::cuda::CUDACachingAllocator::emptyCache(); });
}

#else

namespace {

char* no_cuda() { return message("this build of libcgotorch.so has no CUDA"); }

}  // namespace

char* kg_cuda_name(int, char**) { return no_cuda(); }
char* kg_cuda_current_device(int*) { return no_cuda(); }
char* kg_cuda_synchronize(int) { return no_cuda(); }
char* kg_cuda_memory(int, int64_t*, int64_t*, int64_t*) { return no_cuda(); }
char* kg_cuda_reset_peak(int) { return no_cuda(); }
char* kg_stream_current(int, kg_stream*) { return no_cuda(); }
char* kg_stream_new(int, kg_stream*) { return no_cuda(); }
char* kg_stream_set(kg_stream) { return no_cuda(); }
char* kg_stream_query(kg_stream, int*) { return no_cuda(); }
char* kg_stream_synchronize(kg_stream) { return no_cuda(); }
void kg_stream_close(kg_stream) {}
char* kg_event_new(kg_event*) { return no_cuda(); }
char* kg_event_record(kg_event, kg_stream) { return no_cuda(); }
char* kg_event_block(kg_event, kg_stream) { return no_cuda(); }
char* kg_event_synchronize(kg_event) { return no_cuda(); }
void kg_event_close(kg_event) {}
char* kg_cuda_empty_cache(void) { return no_cuda(); }

#endif
