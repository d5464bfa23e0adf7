// Package gotorch binds libtorch, the C++ library under PyTorch: tensors, automatic differentiation, optimizers.
//
// Names and argument order follow github.com/wangkuiyi/gotorch, so that a program written for it compiles with the import
// path changed; packages nn, nn/functional and nn/initializer lie below it as they do there.
//
//	x := torch.RandN([]int64{8, 3}, false)
//	w := torch.RandN([]int64{3, 1}, true)
//	opt := torch.Adam(1e-2, 0.9, 0.999, 0)
//	opt.AddParameters([]torch.Tensor{w})
//	for range 100 {
//		torch.Scope(func() {
//			loss := torch.MatMul(x, w).Square().Mean()
//			opt.ZeroGrad()
//			loss.Backward()
//			opt.Step()
//		})
//	}
//
// # Memory
//
// A tensor's memory is libtorch's and can be many megabytes, while Go's garbage collector sees a few bytes. So there are
// three ways to free one, from the surest to the laziest: [Tensor.Close] at once; [Scope], which at its end frees every
// tensor that was made inside it on its goroutine, except those kept with [Tensor.Keep]; and for tensors made outside every
// scope the garbage collector, whenever it runs. A Tensor is a reference: copying it copies no elements, and all copies are
// closed together. [LiveTensors] counts what is not freed.
//
// # Errors
//
// An operation that fails panics with *[Error], which says what failed and why; a nil or closed tensor is such an error too.
// [Try] turns that panic into an error value. Functions that read what a user wrote, such as [Optimizer.SetState], return
// errors.
//
// # Goroutines and threads
//
// libtorch keeps the gradient mode and the threads of a parallel loop per operating system thread. The main goroutine is
// therefore bound to its thread when this package is loaded, and [Scope] and [NoGrad] bind theirs while they run. Tensors
// may be used from several goroutines as long as nothing is written, or closed, while another reads it.
package gotorch

// #cgo CFLAGS: -I${SRCDIR}/cgotorch -Wall
// #cgo LDFLAGS: -L${SRCDIR}/../build/lib -lcgotorch -Wl,--unresolved-symbols=ignore-in-shared-libs
// #cgo LDFLAGS: -Wl,-rpath,$ORIGIN -Wl,-rpath,$ORIGIN/../lib -Wl,-rpath,${SRCDIR}/../build/lib
// #include "cgotorch.h"
import "C"

import "runtime"

func init() {
	// The main goroutine stays on the main thread: OpenMP keeps one team of workers for each thread that starts parallel
	// loops, so a training loop that wandered would leave a team behind on every thread it visited.
	runtime.LockOSThread()
}

// Version is libtorch's version, such as "1.13.0".
func Version() string { return C.GoString(C.kg_version()) }

// NumThreads is the number of threads that an operation may use on the CPU.
func NumThreads() int { return int(C.kg_num_threads()) }

// SetNumThreads sets the number of threads that an operation may use on the CPU.
func SetNumThreads(n int32) { check("set_num_threads", C.kg_set_num_threads(C.int(n))) }
