package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"sync/atomic"
	"unsafe"
)

// handle owns one C handle. It is freed once: by Close, by the scope that it belongs to, or, outside every scope, by the
// garbage collector.
type handle struct {
	c       atomic.Pointer[C.kg_handle]
	scope   *scope
	cleanup runtime.Cleanup // set outside every scope
}

// newTensor wraps what the operation op has made, or panics with the message that it returned.
func newTensor(op string, message *C.char, c C.kg_tensor) Tensor {
	check(op, message)
	h := &handle{}
	h.c.Store(c)
	if s := scopeByID(int64(c.scope)); s != nil {
		s.own(h)
	} else {
		h.collect()
	}
	return Tensor{h}
}

// newTensorOrNone is newTensor with Tensor{} for NULL.
func newTensorOrNone(op string, message *C.char, c C.kg_tensor) Tensor {
	if message == nil && c == nil {
		return Tensor{}
	}
	return newTensor(op, message, c)
}

// collect leaves the handle to the garbage collector.
func (h *handle) collect() {
	h.scope = nil
	h.cleanup = runtime.AddCleanup(h, func(c *C.kg_handle) { C.kg_close(c) }, h.c.Load())
}

// close frees the handle if nobody has.
func (h *handle) close() {
	c := h.c.Swap(nil)
	if c == nil {
		return
	}
	if h.scope == nil {
		h.cleanup.Stop()
	}
	C.kg_close(c)
	runtime.KeepAlive(h)
}

// ptr is the tensor's C handle for the operation op. The caller keeps t.T alive until C is done with it.
func (t Tensor) ptr(op string) C.kg_tensor {
	if t.T == nil {
		fail(op, "the tensor is missing (the zero Tensor)")
	}
	c := t.T.c.Load()
	if c == nil {
		fail(op, "the tensor was used after it was freed, by Close or at the end of its Scope")
	}
	return c
}

// optional is ptr for an argument that may be left out with Tensor{}.
func (t Tensor) optional(op string) C.kg_tensor {
	if t.T == nil {
		return nil
	}
	return t.ptr(op)
}

// list is a C array of handles, in Go memory that holds C pointers only, as cgo's rules allow.
func list(op string, ts []Tensor) []C.kg_tensor {
	v := make([]C.kg_tensor, len(ts))
	for i, t := range ts {
		v[i] = t.ptr(op)
	}
	return v
}

// optionalList is list with NULL for each Tensor{}.
func optionalList(op string, ts []Tensor) []C.kg_tensor {
	v := make([]C.kg_tensor, len(ts))
	for i, t := range ts {
		v[i] = t.optional(op)
	}
	return v
}

// first points at the first of some handles, or nowhere.
func first(v []C.kg_tensor) *C.kg_tensor { return unsafe.SliceData(v) }

// dims gives C the numbers of a shape.
func dims(v []int64) (*C.int64_t, C.int) {
	return (*C.int64_t)(unsafe.Pointer(unsafe.SliceData(v))), C.int(len(v))
}

// Close frees the tensor now. Closing again, or closing Tensor{}, does nothing; any other use after it panics with *[Error].
// Memory that another tensor shares, as a view or through the graph of a gradient, stays until that one goes too.
func (t Tensor) Close() {
	if t.T != nil {
		t.T.close()
	}
}

// LiveTensors is the number of tensors that Go has not freed yet.
func LiveTensors() int64 { return int64(C.kg_live()) }
