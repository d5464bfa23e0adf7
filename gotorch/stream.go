package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
)

// CUDAStream is a queue of work for one CUDA device. Without CUDA every function below panics with *[Error].
type CUDAStream struct{ s *stream }

type stream struct{ c C.kg_stream }

func newStream(op string, message *C.char, c C.kg_stream) CUDAStream {
	check(op, message)
	s := &stream{c}
	runtime.AddCleanup(s, func(c C.kg_stream) { C.kg_stream_close(c) }, c)
	return CUDAStream{s}
}

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

// SetCurrentCUDAStream sends the thread's work for the stream's device to the stream. [Scope] binds the goroutine to its thread.
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

// CUDAEvent marks a place in a stream's work. Without CUDA every function below panics with *[Error].
type CUDAEvent struct{ e *event }

type event struct{ c C.kg_event }

// NewCUDAEvent returns an event that counts as reached until it is recorded.
func NewCUDAEvent() CUDAEvent {
	var c C.kg_event
	check("event", C.kg_event_new(&c))
	e := &event{c}
	runtime.AddCleanup(e, func(c C.kg_event) { C.kg_event_close(c) }, c)
	return CUDAEvent{e}
}

// Record moves the event behind the work that the stream has now.
func (e CUDAEvent) Record(s CUDAStream) {
	s.call("event_record", func(c C.kg_stream) *C.char { return C.kg_event_record(e.e.c, c) })
}

// Wait makes the work that the stream gets from now on wait for the event. The host does not wait.
func (s CUDAStream) Wait(e CUDAEvent) {
	s.call("stream_wait", func(c C.kg_stream) *C.char { return C.kg_event_block(e.e.c, c) })
}

// Synchronize waits until the event is reached.
func (e CUDAEvent) Synchronize() {
	check("event_synchronize", C.kg_event_synchronize(e.e.c))
	runtime.KeepAlive(e.e)
}

// CUDAGraph is a sequence of work for a CUDA device that is launched as a whole. Without CUDA every function panics with *[Error].
type CUDAGraph struct{ g *graph }

type graph struct{ c C.kg_graph }

// CaptureCUDAGraph runs f and records, rather than executes, the work that f gives to the thread's current stream of a device. That must
// not be the default stream; [SetCurrentCUDAStream] sets another. f must not wait for the device: operations that do, such as [Tensor.Float] and
// copies from or to memory that is not pinned, panic with *[Error]. The tensors that f uses and keeps must live as long as the graph.
func CaptureCUDAGraph(d Device, f func()) CUDAGraph {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	g := CUDAGraph{&graph{}}
	check("graph", C.kg_graph_new(d.index(), &g.g.c))
	whole := false
	defer func() {
		if !whole {
			g.Close()
		}
	}()
	check("capture_begin", C.kg_graph_begin(g.g.c))
	ended := false
	defer func() {
		if !ended { // f has panicked: the stream must not stay in the capture, and f's own error says more than that of its end
			C.kg_free_error(C.kg_graph_end(g.g.c))
		}
	}()
	f()
	ended = true
	check("capture_end", C.kg_graph_end(g.g.c))
	whole = true
	return g
}

// Replay gives the work to the thread's current stream. Random numbers are drawn anew.
func (g CUDAGraph) Replay() { check("replay", C.kg_graph_replay(g.g.c)) }

// Close frees the graph, and the memory of its intermediate results. Its work must be done. Closing it again does nothing.
func (g CUDAGraph) Close() {
	C.kg_graph_close(g.g.c)
	g.g.c = nil
}
