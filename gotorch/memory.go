package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"
)

// handle owns one C handle, which is freed once: by Close, by the handle's scope, or, outside every scope, by the garbage collector.
type handle struct {
	c       atomic.Pointer[C.kg_handle]
	scope   *scope
	cleanup runtime.Cleanup // set outside every scope
}

// newTensor wraps the result of the operation op on inputs, or panics with the message that it returned.
func newTensor(op string, message *C.char, c C.kg_tensor, inputs ...Tensor) Tensor {
	check(op, message, inputs...)
	h := &handle{}
	h.c.Store(c)
	if s := scopeByID(int64(c.scope)); s != nil {
		s.own(h)
	} else {
		h.collect()
	}
	return Tensor{h}
}

func (h *handle) collect() {
	h.scope = nil
	h.cleanup = runtime.AddCleanup(h, func(c *C.kg_handle) { C.kg_close(c) }, h.c.Load())
}

// close frees the handle unless that is done.
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

// ptr returns the tensor's C handle for the operation op. The caller passes t on to newTensor or check, which keep it alive.
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

// Call runs an operation in place of a package that has C functions of its own, such as dist: f gets the tensor's kg_tensor and returns
// the message of the C function, NULL for success.
func (t Tensor) Call(op string, f func(tensor unsafe.Pointer) (message unsafe.Pointer)) {
	message := f(unsafe.Pointer(t.ptr(op)))
	check(op, (*C.char)(message), t)
}

// Map is [Tensor.Call] for an operation with a result, a kg_tensor.
func (t Tensor) Map(op string, f func(tensor unsafe.Pointer, result *unsafe.Pointer) (message unsafe.Pointer)) Tensor {
	var out unsafe.Pointer
	message := f(unsafe.Pointer(t.ptr(op)), &out)
	return newTensor(op, (*C.char)(message), C.kg_tensor(out), t)
}

// MapAll is [Tensor.Map] for lists of tensors, of one length: the operation has as many results.
func MapAll(op string, a, b []Tensor, f func(a, b, results unsafe.Pointer) (message unsafe.Pointer)) []Tensor {
	if len(a) != len(b) {
		fail(op, "%d and %d tensors", len(a), len(b))
	}
	first, _ := handles(op, a, Tensor.ptr)
	second, _ := handles(op, b, Tensor.ptr)
	out := make([]C.kg_tensor, len(a))
	message := f(unsafe.Pointer(first), unsafe.Pointer(second), unsafe.Pointer(unsafe.SliceData(out)))
	check(op, (*C.char)(message), slices.Concat(a, b)...)
	results := make([]Tensor, len(out))
	for i, c := range out {
		results[i] = newTensor(op, nil, c)
	}
	return results
}

// optional is ptr for an argument that may be Tensor{}; it returns NULL then.
func (t Tensor) optional(op string) C.kg_tensor {
	if t.T == nil {
		return nil
	}
	return t.ptr(op)
}

// handles returns the tensors' C handles, by Tensor.ptr or Tensor.optional. The array holds C pointers only, as cgo's rules demand.
func handles(op string, ts []Tensor, handle func(Tensor, string) C.kg_tensor) (*C.kg_tensor, C.int) {
	v := make([]C.kg_tensor, len(ts))
	for i, t := range ts {
		v[i] = handle(t, op)
	}
	return unsafe.SliceData(v), C.int(len(v))
}

func cInts(v []int64) (*C.int64_t, C.int) {
	return (*C.int64_t)(unsafe.Pointer(unsafe.SliceData(v))), C.int(len(v))
}

func cBool(b bool) C.int {
	if b {
		return 1
	}
	return 0
}

// Close frees the tensor now. Closing it again, or closing Tensor{}, does nothing; any other later use panics with *[Error].
// Memory that another tensor shares, as a view or through the graph of a gradient, stays until that tensor is freed.
func (t Tensor) Close() {
	if t.T != nil {
		t.T.close()
	}
}

// LiveTensors returns the number of tensors that are not freed yet.
func LiveTensors() int64 { return int64(C.kg_live()) }

// scope is one running call of Scope. Only its goroutine uses it.
type scope struct {
	id      int64
	outer   *scope
	handles []*handle
}

// The C library stamps each new handle with its thread's scope number: making a tensor needs no second call, no search.
var (
	scopes    sync.Map // int64 to *scope
	lastScope atomic.Int64
)

func scopeByID(id int64) *scope {
	if id == 0 {
		return nil
	}
	s, _ := scopes.Load(id)
	return s.(*scope)
}

func (s *scope) own(h *handle) {
	h.scope = s
	s.handles = append(s.handles, h)
}

// Scope runs f and then frees every tensor that f made and did not keep with [Tensor.Keep], even if f panics.
//
// Scopes nest. A scope belongs to its goroutine and binds it to one operating system thread while f runs. It does not contain the tensors
// of other goroutines, not even of those that f starts. Make parameters, and all else that must last, outside, or keep them.
func Scope(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	s := &scope{id: lastScope.Add(1)}
	outer := int64(C.kg_set_scope(C.int64_t(s.id)))
	s.outer = scopeByID(outer)
	scopes.Store(s.id, s)
	defer func() {
		C.kg_set_scope(C.int64_t(outer))
		scopes.Delete(s.id)
		for _, h := range s.handles {
			if h.scope == s {
				h.close()
			}
		}
	}()
	f()
}

// Keep makes the tensor outlive the running scope, and returns it. The tensor moves to the next outer scope, or from the
// outermost one to the garbage collector. Keep does nothing to a tensor of another scope.
func (t Tensor) Keep() Tensor {
	t.ptr("keep")
	s := scopeByID(int64(C.kg_scope()))
	if s == nil || t.T.scope != s {
		return t
	}
	if s.outer != nil {
		s.outer.own(t.T)
	} else {
		t.T.collect()
	}
	return t
}

// GC runs Go's garbage collector and waits, a second at most, until the unreachable tensors are freed. Tensors of a [Scope] do not need it.
func GC() {
	freed := make(chan struct{})
	runtime.AddCleanup(new([16]byte), func(c chan struct{}) { close(c) }, freed)
	runtime.GC()
	select {
	case <-freed:
	case <-time.After(time.Second):
	}
}

// FinishGC is [GC]. Programs written for upstream call it after their last step.
func FinishGC() { GC() }
