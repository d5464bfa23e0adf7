package gotorch

// #include "cgotorch.h"
import "C"

import "runtime"

// RequiresGrad tells whether operations on the tensor are recorded for gradients.
func (t Tensor) RequiresGrad() bool {
	var r C.int
	err := C.kg_requires_grad(t.ptr("requires_grad"), &r)
	runtime.KeepAlive(t.T)
	check("requires_grad", err)
	return r != 0
}

// SetRequiresGrad switches that for a tensor that no operation made, and returns the tensor.
func (t Tensor) SetRequiresGrad(requires bool) Tensor {
	err := C.kg_set_requires_grad(t.ptr("requires_grad_"), flag(requires))
	runtime.KeepAlive(t.T)
	check("requires_grad_", err)
	return t
}

// Detach returns the same elements without their history.
func (t Tensor) Detach() Tensor { return t.unary("detach", C.KG_DETACH) }

// NoGrad runs f on its thread with nothing recorded for gradients.
func NoGrad(f func()) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	old := C.kg_set_grad_enabled(0)
	defer C.kg_set_grad_enabled(old)
	f()
}

// GradEnabled tells whether operations are recorded: false within [NoGrad].
func GradEnabled() bool { return C.kg_grad_enabled() != 0 }

// Backward adds to the .grad of every parameter that the tensor, a single number, was computed from. The graph is freed.
func (t Tensor) Backward() { t.backward(false) }

// BackwardRetain is [Tensor.Backward] that leaves the graph for another.
func (t Tensor) BackwardRetain() { t.backward(true) }

func (t Tensor) backward(retain bool) {
	err := C.kg_backward(t.ptr("backward"), flag(retain))
	runtime.KeepAlive(t.T)
	check("backward", err)
}

// Grad returns what [Tensor.Backward] has accumulated, or Tensor{} when there is nothing.
func (t Tensor) Grad() Tensor {
	var out C.kg_tensor
	err := C.kg_tensor_grad(t.ptr("grad"), &out)
	runtime.KeepAlive(t.T)
	return newTensorOrNone("grad", err, out)
}

// SetGrad replaces what [Tensor.Grad] returns; Tensor{} clears it.
func (t Tensor) SetGrad(grad Tensor) {
	err := C.kg_set_tensor_grad(t.ptr("set_grad"), grad.optional("set_grad"))
	runtime.KeepAlive(t.T)
	runtime.KeepAlive(grad.T)
	check("set_grad", err)
}

// Grad returns the gradient of the sum of outputs, each weighted by its element of gradOutputs, with respect to each of
// inputs. gradOutputs may be nil, or hold Tensor{}, for outputs that are single numbers.
//
// With createGraph the gradients have a history of their own, so that a loss may hold them, as a gradient penalty does; the
// graph that they came from is kept then. retainGraph keeps it for another call. An input that no output depends on is an
// error.
func Grad(outputs, inputs, gradOutputs []Tensor, retainGraph, createGraph bool) []Tensor {
	return grad(outputs, inputs, gradOutputs, retainGraph, createGraph, false)
}

// GradAllowUnused is [Grad] that returns Tensor{} for an input that no output depends on.
func GradAllowUnused(outputs, inputs, gradOutputs []Tensor, retainGraph, createGraph bool) []Tensor {
	return grad(outputs, inputs, gradOutputs, retainGraph, createGraph, true)
}

func grad(outputs, inputs, gradOutputs []Tensor, retain, create, allowUnused bool) []Tensor {
	if len(gradOutputs) != 0 && len(gradOutputs) != len(outputs) {
		fail("grad", "%d outputs with %d gradients", len(outputs), len(gradOutputs))
	}
	o, i, g := list("grad", outputs), list("grad", inputs), optionalList("grad", gradOutputs)
	out := make([]C.kg_tensor, len(inputs))
	var weights *C.kg_tensor
	if len(g) > 0 {
		weights = first(g)
	}
	err := C.kg_grad(first(o), C.int(len(o)), first(i), C.int(len(i)), weights, flag(retain), flag(create),
		flag(allowUnused), first(out))
	runtime.KeepAlive(outputs)
	runtime.KeepAlive(inputs)
	runtime.KeepAlive(gradOutputs)
	check("grad", err)
	grads := make([]Tensor, len(out))
	for k, c := range out {
		grads[k] = newTensorOrNone("grad", nil, c)
	}
	return grads
}
