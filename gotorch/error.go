package gotorch

// #include "cgotorch.h"
import "C"

import (
	"fmt"
	"runtime"
)

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
