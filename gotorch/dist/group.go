package dist

// #include <stdlib.h>
// #include "cgotorch.h"
import "C"

import (
	"fmt"
	"time"
	"unsafe"

	torch "keygan/gotorch"
)

// Group is the processes that compute together, as one of them sees it. Only one goroutine may use it at a time. Where another process
// is gone, its methods panic with *torch.Error, as operations on tensors do.
type Group struct {
	Rank, Size int

	c C.kg_group
}

// Group joins the group called name, and waits for the others. Tensors on the CPU travel by Gloo and, where device is a CUDA device,
// tensors on that one by NCCL. The others reach this process at address. An operation on the CPU waits for as long as timeout.
func (s *Store) Group(name string, rank, size int, device torch.Device, address string, timeout time.Duration) (*Group, error) {
	g := &Group{Rank: rank, Size: size}
	a, at := C.CString(address), C.CString(s.prefix+name)
	defer C.free(unsafe.Pointer(a))
	defer C.free(unsafe.Pointer(at))
	message := C.kg_group_open(s.c, at, C.int(rank), C.int(size), C.int(device.Number()), a, C.int64_t(timeout.Milliseconds()), &g.c)
	if text := taken(message); text != "" {
		return nil, fmt.Errorf("rank %d cannot join the other processes: %s", rank, text)
	}
	return g, nil
}

// AllReduce puts the sum over all ranks into t, which must be contiguous. All ranks get the same bits.
func (g *Group) AllReduce(t torch.Tensor) {
	const op = "all_reduce"
	t.Call(op, func(c unsafe.Pointer) unsafe.Pointer { return unsafe.Pointer(C.kg_all_reduce(g.c, C.kg_tensor(c))) })
}

// AllReduceAll returns the sums over all ranks of tensors, in one go. Each sum lies in memory as its model does, a tensor of the same
// shape whose order in memory all ranks share.
func (g *Group) AllReduceAll(ts, models []torch.Tensor) []torch.Tensor {
	return torch.MapAll("all_reduce", ts, models, func(from, as, sums unsafe.Pointer) unsafe.Pointer {
		return unsafe.Pointer(C.kg_all_reduce_all(g.c, (*C.kg_tensor)(from), (*C.kg_tensor)(as), C.int(len(ts)), (*C.kg_tensor)(sums)))
	})
}

// Broadcast puts what rank 0 has into t, which must be contiguous.
func (g *Group) Broadcast(t torch.Tensor) {
	const op = "broadcast"
	t.Call(op, func(c unsafe.Pointer) unsafe.Pointer { return unsafe.Pointer(C.kg_broadcast(g.c, C.kg_tensor(c))) })
}

// Sum returns the sum over all ranks, through which gradients of any order flow. The ranks' graphs must be alike.
func (g *Group) Sum(t torch.Tensor) torch.Tensor {
	return t.Map("sum_over_ranks", func(c unsafe.Pointer, out *unsafe.Pointer) unsafe.Pointer {
		var y C.kg_tensor
		message := C.kg_sum_over_ranks(g.c, C.kg_tensor(c), &y)
		*out = unsafe.Pointer(y)
		return unsafe.Pointer(message)
	})
}

// Barrier waits until all ranks have called it.
func (g *Group) Barrier() {
	torch.Scope(func() { g.AllReduce(torch.Zeros([]int64{1}, false)) })
}

// Elements is how many numbers this process has summed with the others so far.
func (g *Group) Elements() int64 { return int64(C.kg_group_elements(g.c)) }

// Close leaves the group. Closing it again does nothing.
func (g *Group) Close() {
	if g.c != nil {
		C.kg_group_close(g.c)
		g.c = nil
	}
}
