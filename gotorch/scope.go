package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// scope is one call of Scope that is running. Only its goroutine touches it.
type scope struct {
	id      int64
	outer   *scope
	handles []*handle
}

// The C side stamps each handle with the number of the scope that its thread is in, so that making a tensor costs no
// second call and no search for the goroutine; scopes finds the scope again.
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

// Scope runs f and then frees every tensor that was made inside it and not kept with [Tensor.Keep], also when f panics.
//
// Scopes nest. A scope belongs to its goroutine, which it binds to one operating system thread while f runs: tensors that
// other goroutines make meanwhile, also those that f starts, are not in it. Parameters, or anything that is to last, must
// be made outside, or kept; a module made inside is best kept with nn.Module's Keep.
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

// Keep makes the tensor outlive the scope that is running: it moves to the scope around it, or, out of the outermost, to
// the garbage collector. A tensor that does not belong to the running scope lives on anyway and is left alone. It returns
// the tensor.
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

// GC runs Go's garbage collector and waits until it has freed the tensors that nobody refers to. Only tensors that were
// made outside every [Scope] need it.
func GC() {
	freed := make(chan struct{})
	runtime.AddCleanup(new([16]byte), func(c chan struct{}) { close(c) }, freed)
	runtime.GC()
	select {
	case <-freed:
	case <-time.After(time.Second):
	}
}

// FinishGC is [GC], for programs that call it after their last step.
func FinishGC() { GC() }
