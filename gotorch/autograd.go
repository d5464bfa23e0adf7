package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"slices"
	"unsafe"
)

// RequiresGrad reports whether operations on the tensor are recorded for gradients.
func (t Tensor) RequiresGrad() bool { return t.property("requires_grad", C.KG_REQUIRES_GRAD) != 0 }

// SetRequiresGrad switches the recording on or off, for a tensor that is not the result of a recorded operation. It returns the tensor.
func (t Tensor) SetRequiresGrad(requires bool) Tensor {
	err := C.kg_set_requires_grad(t.ptr("requires_grad_"), cBool(requires))
	check("requires_grad_", err, t)
	return t
}

// Detach returns the same elements without their history.
func (t Tensor) Detach() Tensor { return t.unary("detach", C.KG_DETACH) }

// NoGrad runs f without recording operations for gradients.
func NoGrad(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	old := C.kg_set_grad_enabled(0)
	defer C.kg_set_grad_enabled(old)
	f()
}

// Backward adds gradients to the parameters that the tensor, a single number, was computed from, and frees the graph.
func (t Tensor) Backward() {
	err := C.kg_backward(t.ptr("backward"))
	check("backward", err, t)
}

// Grad returns the gradient that [Tensor.Backward] has added up. Before the first Backward the result is not [Tensor.Defined].
func (t Tensor) Grad() Tensor {
	var out C.kg_tensor
	err := C.kg_tensor_grad(t.ptr("grad"), &out)
	return newTensor("grad", err, out, t)
}

// Grad returns the gradient of the sum of outputs, each weighted by its gradOutputs, with respect to each of inputs.
// gradOutputs may be nil, or hold Tensor{} for an output that is a single number.
//
// With createGraph the gradients have a history of their own, so that a loss may contain them, as a gradient penalty does; the graph they
// came from is then kept. retainGraph keeps that graph for another call. An input that no output depends on is an error.
func Grad(outputs, inputs, gradOutputs []Tensor, retainGraph, createGraph bool) []Tensor {
	if len(gradOutputs) != 0 && len(gradOutputs) != len(outputs) {
		fail("grad", "%d outputs with %d gradients", len(outputs), len(gradOutputs))
	}
	o, outs := handles("grad", outputs, Tensor.ptr)
	i, ins := handles("grad", inputs, Tensor.ptr)
	var w *C.kg_tensor
	if len(gradOutputs) > 0 {
		w, _ = handles("grad", gradOutputs, Tensor.optional)
	}
	out := make([]C.kg_tensor, len(inputs))
	err := C.kg_grad(o, outs, i, ins, w, cBool(retainGraph), cBool(createGraph), unsafe.SliceData(out))
	check("grad", err, slices.Concat(outputs, inputs, gradOutputs)...)
	grads := make([]Tensor, len(out))
	for k, c := range out {
		grads[k] = newTensor("grad", nil, c)
	}
	return grads
}
