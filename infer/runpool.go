package infer

import (
	"sync"
	"sync/atomic"
)

// runPool keeps the memory of forward passes: that of the last one for good, so that one image after the other takes no new
// memory, and of others that ran beside it until the collector wants it.
type runPool struct {
	last atomic.Pointer[run]
	rest sync.Pool
}

func (p *runPool) get() *run {
	if r := p.last.Swap(nil); r != nil {
		return r
	}
	if r, ok := p.rest.Get().(*run); ok {
		return r
	}
	return new(run)
}

func (p *runPool) put(r *run) {
	if before := p.last.Swap(r); before != nil {
		p.rest.Put(before)
	}
}
