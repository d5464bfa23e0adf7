package gotorch

// #include "cgotorch.h"
import "C"

import "runtime"

// CUDADeviceName is the name of CUDA device i, such as "NVIDIA H200". It panics with *[Error] if there is no such device.
func CUDADeviceName(i int) string {
	var name *C.char
	check("cuda_device_name", C.kg_cuda_name(C.int(i), &name))
	defer C.kg_free_error(name)
	return C.GoString(name)
}

// Synchronize waits until a device has finished its work. The CPU never has work outstanding.
func Synchronize(d Device) {
	if d.IsCUDA() {
		check("synchronize", C.kg_cuda_synchronize(d.index()))
	}
}

// CUDAMemory returns, for a CUDA device, the bytes that tensors use now, the bytes that libtorch has reserved, and the most
// bytes that tensors have used since the program began or since [ResetCUDAPeak].
func CUDAMemory(d Device) (allocated, reserved, peak int64, err error) {
	var a, r, p C.int64_t
	err = errorOf("cuda_memory", C.kg_cuda_memory(d.index(), &a, &r, &p))
	return int64(a), int64(r), int64(p), err
}

// ResetCUDAPeak restarts the peak of [CUDAMemory] from what tensors use now.
func ResetCUDAPeak(d Device) error {
	return errorOf("reset_cuda_peak", C.kg_cuda_reset_peak(d.index()))
}

// CUDAStream is a queue of work for one CUDA device. Without CUDA every function below panics with *[Error].
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

// call runs a C function on the stream.
func (s CUDAStream) call(op string, f func(C.kg_stream) *C.char) {
	if s.s == nil {
		fail(op, "the stream is missing (the zero CUDAStream)")
	}
	err := f(s.s.c)
	runtime.KeepAlive(s.s)
	check(op, err)
}

// GetCurrentCUDAStream returns the stream that takes the calling thread's work for a device.
func GetCurrentCUDAStream(device Device) CUDAStream {
	var c C.kg_stream
	err := C.kg_stream_current(device.index(), &c)
	return newStream("current_stream", err, c)
}

// NewCUDAStream returns a stream of a device from libtorch's pool.
func NewCUDAStream(device Device) CUDAStream {
	var c C.kg_stream
	err := C.kg_stream_new(device.index(), &c)
	return newStream("new_stream", err, c)
}

// SetCurrentCUDAStream sends the calling thread's work for the stream's device to the stream. Bind the goroutine to its
// thread first, as [Scope] does.
func SetCurrentCUDAStream(stream CUDAStream) {
	stream.call("set_stream", func(c C.kg_stream) *C.char { return C.kg_stream_set(c) })
}

// Query reports whether all the work on the stream is done.
func (s CUDAStream) Query() bool {
	var done C.int
	s.call("stream_query", func(c C.kg_stream) *C.char { return C.kg_stream_query(c, &done) })
	return done != 0
}

// Synchronize waits until all the work on the stream is done.
func (s CUDAStream) Synchronize() {
	s.call("stream_synchronize", func(c C.kg_stream) *C.char { return C.kg_stream_synchronize(c) })
}
