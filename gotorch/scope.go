package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// scope is one running call of Scope. Only its goroutine uses it.
type scope struct {
	id      int64
	outer   *scope
	handles []*handle
}

// The C library stamps each new handle with its thread's scope number: making a tensor needs no second call and no search for the
// goroutine.
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
