package gotorch

// #include "cgotorch.h"
import "C"

import (
	"errors"
	"io"
	"os"
	"unsafe"

	"keygan/internal/atomicfile"
)

// Save writes the tensor to a file that torch.load reads in Python. The file appears only when it is whole. Save panics with *[Error].
func (t Tensor) Save(path string) {
	b := t.pickle("save")
	err := atomicfile.Write(path, 0o666, true, func(w io.Writer) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		fail("save", "%v", err)
	}
}

// Load reads a tensor from a file that [Tensor.Save], or torch.save in Python, wrote. It panics with *[Error].
func Load(path string) (t Tensor) {
	b, err := os.ReadFile(path)
	if err != nil {
		fail("load", "%v", err)
	}
	var e *Error
	if errors.As(Try(func() { t = unpickle("load", b) }), &e) {
		fail("load", "%s: %s", path, e.Msg)
	}
	return t
}

func (t Tensor) pickle(op string) []byte {
	var data *C.char
	var size C.int64_t
	err := C.kg_pickle(t.ptr(op), &data, &size)
	check(op, err, t)
	defer C.kg_free_bytes(data)
	return append([]byte(nil), unsafe.Slice((*byte)(unsafe.Pointer(data)), int(size))...)
}

func unpickle(op string, b []byte) Tensor {
	var out C.kg_tensor
	err := C.kg_unpickle((*C.char)(unsafe.Pointer(unsafe.SliceData(b))), C.int64_t(len(b)), &out)
	return newTensor(op, err, out)
}

// GobEncode encodes the tensor, from any device, for encoding/gob.
func (t Tensor) GobEncode() (b []byte, err error) {
	err = Try(func() { b = t.pickle("gob") })
	return b, err
}

// GobDecode decodes a tensor, to the CPU, for encoding/gob.
func (t *Tensor) GobDecode(b []byte) error {
	return Try(func() { *t = unpickle("gob", b) })
}
