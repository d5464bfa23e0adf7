package gotorch

// #include "cgotorch.h"
import "C"

import "runtime"

// CUDADeviceName is the name of CUDA device i, such as "NVIDIA H200". It panics with *[Error] where there is none.
func CUDADeviceName(i int) string {
	var name *C.char
	check("cuda_device_name", C.kg_cuda_name(C.int(i), &name))
	defer C.kg_free_error(name)
	return C.GoString(name)
}

// Synchronize waits until a device has done all that it was given. On the CPU nothing is ever outstanding.
func Synchronize(d Device) {
	if d.IsCUDA() {
		check("synchronize", C.kg_cuda_synchronize(d.index()))
	}
}

// CUDAMemory tells how many bytes of a CUDA device tensors take now, how many libtorch holds in all, and the most that
// tensors took since the program began or [ResetCUDAPeak].
func CUDAMemory(d Device) (allocated, reserved, peak int64, err error) {
	var a, r, p C.int64_t
	err = errorOf("cuda_memory", C.kg_cuda_memory(d.index(), &a, &r, &p))
	return int64(a), int64(r), int64(p), err
}

// ResetCUDAPeak makes the peak of [CUDAMemory] start again from what is taken now.
func ResetCUDAPeak(d Device) error {
	return errorOf("reset_cuda_peak", C.kg_cuda_reset_peak(d.index()))
}

// CUDAStream is a queue of work of one CUDA device. Without CUDA every function below panics with *[Error].
type CUDAStream struct {
	s *stream
}

type stream struct {
	c C.kg_stream
}

func newStream(op string, message *C.char, c C.kg_stream) CUDAStream {
	check(op, message)
	s := &stream{c}
	runtime.AddCleanup(s, func(c C.kg_stream) { C.kg_stream_close(c) }, c)
	return CUDAStream{s}
}

func (s CUDAStream) ptr(op string) C.kg_stream {
	if s.s == nil {
		fail(op, "the stream is missing (the zero CUDAStream)")
	}
	return s.s.c
}

// GetCurrentCUDAStream is the stream that the calling thread's work on a device goes to.
func GetCurrentCUDAStream(device Device) CUDAStream {
	var c C.kg_stream
	err := C.kg_stream_current(device.index(), &c)
	return newStream("current_stream", err, c)
}

// NewCUDAStream takes a stream of a device from libtorch's pool.
func NewCUDAStream(device Device) CUDAStream {
	var c C.kg_stream
	err := C.kg_stream_new(device.index(), &c)
	return newStream("new_stream", err, c)
}

// SetCurrentCUDAStream makes the calling thread's work on the stream's device go to it. Bind the goroutine to its thread
// first, as [Scope] does.
func SetCurrentCUDAStream(stream CUDAStream) {
	err := C.kg_stream_set(stream.ptr("set_stream"))
	runtime.KeepAlive(stream.s)
	check("set_stream", err)
}

// Query tells whether all the work on the stream is done.
func (s CUDAStream) Query() bool {
	var done C.int
	err := C.kg_stream_query(s.ptr("stream_query"), &done)
	runtime.KeepAlive(s.s)
	check("stream_query", err)
	return done != 0
}

// Synchronize waits until all the work on the stream is done.
func (s CUDAStream) Synchronize() {
	err := C.kg_stream_synchronize(s.ptr("stream_synchronize"))
	runtime.KeepAlive(s.s)
	check("stream_synchronize", err)
}
