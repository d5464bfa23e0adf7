// Package gotorch binds libtorch, the C++ library under PyTorch: tensors, automatic differentiation, optimizers.
//
// Names and argument order follow github.com/wangkuiyi/gotorch, so a program written for it compiles with the import path changed. Packages
// nn, nn/functional and nn/initializer lie below this one, as they do there. docs/gotorch.md lists the differences.
//
//	x := torch.RandN([]int64{8, 3}, false)
//	w := torch.RandN([]int64{3, 1}, true)
//	opt := torch.Adam(1e-2, 0.9, 0.999, 0)
//	opt.AddParameters([]torch.Tensor{w})
//	for range 100 {
//		torch.Scope(func() {
//			loss := torch.MM(x, w).Square().Mean()
//			opt.ZeroGrad()
//			loss.Backward()
//			opt.Step()
//		})
//	}
//
// # Memory
//
// libtorch owns a tensor's memory, which can be many megabytes; Go's garbage collector sees only a small handle. A tensor is freed in one
// of three ways. [Tensor.Close] frees it at once. [Scope] frees, when it ends, every tensor that its goroutine made inside it, except those
// kept with [Tensor.Keep]. The garbage collector frees the tensors made outside every scope, whenever it runs. A Tensor is a reference: a
// copy shares the elements, and closing one closes all copies. [LiveTensors] counts the tensors that are not yet freed.
//
// # Errors
//
// An operation that fails panics with an *[Error] that names the operation and the reason. Using a missing or closed tensor is such an
// error. [Try] turns the panic into an error value. Functions that read user input, such as [Optimizer.SetState], return errors.
//
// # Goroutines and threads
//
// libtorch keeps the gradient mode and the threads of a parallel loop per operating system thread. This package therefore
// binds the main goroutine to its thread when it is loaded; [Scope] and [NoGrad] bind their goroutine while they run.
// Several goroutines may read a tensor at once, but none may write or close it meanwhile.
package gotorch

// #cgo CFLAGS: -I${SRCDIR}/cgotorch -Wall
// #cgo LDFLAGS: -L${SRCDIR}/../build/lib -lcgotorch -Wl,--unresolved-symbols=ignore-in-shared-libs
// #cgo LDFLAGS: -Wl,-rpath,$ORIGIN -Wl,-rpath,$ORIGIN/../lib -Wl,-rpath,${SRCDIR}/../build/lib
// #include "cgotorch.h"
import "C"

import (
	"fmt"
	"runtime"
	"strings"
)

func init() {
	// OpenMP keeps a team of workers for each thread that starts parallel loops: a training loop must not move between threads.
	runtime.LockOSThread()
}

// Version is the version of the libtorch that the process has loaded, such as "1.13.0".
func Version() string { return C.GoString(C.kg_version()) }

// BuiltVersion is the version of the libtorch that the C++ side was compiled for.
func BuiltVersion() string { return C.GoString(C.kg_built_version()) }

// CheckVersion returns an error if the process has loaded another libtorch than the C++ side was compiled for: functions and classes
// differ between such versions, and calls may crash or compute nonsense. Patch releases may differ.
func CheckVersion() error { return compatible(BuiltVersion(), Version()) }

func compatible(built, loaded string) error {
	release := func(version string) string { // 2.6 of 2.6.0+cu124
		parts := strings.SplitN(version, ".", 3)
		return strings.Join(parts[:min(2, len(parts))], ".")
	}
	if release(built) == release(loaded) {
		return nil
	}
	return fmt.Errorf("libtorch %s is loaded, but libcgotorch.so was built for %s", loaded, built)
}

// NumThreads is the number of CPU threads that an operation may use.
func NumThreads() int { return int(C.kg_num_threads()) }

// SetNumThreads sets the number of CPU threads that an operation may use.
func SetNumThreads(n int32) { check("set_num_threads", C.kg_set_num_threads(C.int(n))) }

// Error is the panic of an operation that fails.
type Error struct {
	Op  string // the operation's name in PyTorch, such as "conv2d"
	Msg string // the reason, mostly in libtorch's words
}

func (e *Error) Error() string { return "gotorch: " + e.Op + ": " + e.Msg }

// Try runs f and returns the *[Error] that f panicked with, or nil. Any other panic passes through.
func Try(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case *Error:
			err = r
		default:
			panic(r)
		}
	}()
	f()
	return nil
}

func fail(op, format string, args ...any) { panic(&Error{op, fmt.Sprintf(format, args...)}) }

// check panics with the message that a C function returned; nil means success. It keeps the tensors alive that the function used.
func check(op string, message *C.char, used ...Tensor) {
	runtime.KeepAlive(used)
	if message == nil {
		return
	}
	text := C.GoString(message)
	C.kg_free_error(message)
	panic(&Error{op, text})
}

func errorOf(op string, message *C.char) error { return Try(func() { check(op, message) }) }
