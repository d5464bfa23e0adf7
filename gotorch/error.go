package gotorch

// #include "cgotorch.h"
import "C"

import "fmt"

// Error is what an operation that fails panics with.
type Error struct {
	Op  string // the operation, by its name in PyTorch: "conv2d"
	Msg string // why, in libtorch's words
}

func (e *Error) Error() string { return "gotorch: " + e.Op + ": " + e.Msg }

// Try runs f and returns the *[Error] that it panicked with, or nil. Any other panic passes through.
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

// fail panics with an *Error.
func fail(op, format string, args ...any) { panic(&Error{op, fmt.Sprintf(format, args...)}) }

// check panics with what a C function said, if it said anything.
func check(op string, message *C.char) {
	if message == nil {
		return
	}
	text := C.GoString(message)
	C.kg_free_error(message)
	panic(&Error{op, text})
}

// errorOf is check for functions that return their error.
func errorOf(op string, message *C.char) error { return Try(func() { check(op, message) }) }

// flag is C's way to say yes and no.
func flag(b bool) C.int {
	if b {
		return 1
	}
	return 0
}
