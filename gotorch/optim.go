package gotorch

// #include "cgotorch.h"
import "C"

import "runtime"

// Optimizer updates parameters by their gradients. Copies are the same optimizer. It is not for use by several goroutines
// at once.
type Optimizer struct {
	o *optimizer
}

type optimizer struct {
	c       C.kg_optimizer // nil once closed
	cleanup runtime.Cleanup
}

func newOptimizer(op string, message *C.char, c C.kg_optimizer) Optimizer {
	check(op, message)
	o := &optimizer{c: c}
	o.cleanup = runtime.AddCleanup(o, func(c C.kg_optimizer) { C.kg_optimizer_close(c) }, c)
	return Optimizer{o}
}

// SGD is stochastic gradient descent with momentum, as torch.optim.SGD.
func SGD(lr, momentum, dampening, weightDecay float64, nesterov bool) Optimizer {
	var c C.kg_optimizer
	err := C.kg_sgd(C.double(lr), C.double(momentum), C.double(dampening), C.double(weightDecay), flag(nesterov), &c)
	return newOptimizer("sgd", err, c)
}

// Adam is torch.optim.Adam, with its eps of 1e-8 (Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015).
func Adam(lr, beta1, beta2, weightDecay float64) Optimizer {
	var c C.kg_optimizer
	err := C.kg_adam(C.double(lr), C.double(beta1), C.double(beta2), C.double(weightDecay), &c)
	return newOptimizer("adam", err, c)
}

func (opt Optimizer) ptr(op string) C.kg_optimizer {
	if opt.o == nil {
		fail(op, "the optimizer is missing (the zero Optimizer)")
	}
	if opt.o.c == nil {
		fail(op, "the optimizer was used after Close")
	}
	return opt.o.c
}

// AddParameters gives the optimizer more tensors to update.
func (opt Optimizer) AddParameters(tensors []Tensor) {
	v := list("add_parameters", tensors)
	err := C.kg_optimizer_add(opt.ptr("add_parameters"), first(v), C.int(len(v)))
	runtime.KeepAlive(tensors)
	runtime.KeepAlive(opt.o)
	check("add_parameters", err)
}

// ZeroGrad forgets the gradients of all parameters: their Grad is Tensor{} until the next Backward.
func (opt Optimizer) ZeroGrad() {
	err := C.kg_optimizer_zero_grad(opt.ptr("zero_grad"))
	runtime.KeepAlive(opt.o)
	check("zero_grad", err)
}

// Step updates the parameters by their .grad, which [Tensor.Backward] leaves there. One without a gradient keeps still.
func (opt Optimizer) Step() {
	err := C.kg_optimizer_step(opt.ptr("step"))
	runtime.KeepAlive(opt.o)
	check("step", err)
}

// StepWith updates the parameters by gradients given in the order in which the parameters were added, as [Grad] returns
// them. Tensor{} keeps its parameter still.
func (opt Optimizer) StepWith(grads []Tensor) {
	v := optionalList("step", grads)
	err := C.kg_optimizer_step_with(opt.ptr("step"), first(v), C.int(len(v)))
	runtime.KeepAlive(grads)
	runtime.KeepAlive(opt.o)
	check("step", err)
}

// SetLR sets the learning rate.
func (opt Optimizer) SetLR(lr float64) {
	err := C.kg_optimizer_set_lr(opt.ptr("set_lr"), C.double(lr))
	runtime.KeepAlive(opt.o)
	check("set_lr", err)
}

// Close frees the optimizer and its state; the parameters live on. Closing again does nothing.
func (opt Optimizer) Close() {
	if opt.o == nil || opt.o.c == nil {
		return
	}
	opt.o.cleanup.Stop()
	C.kg_optimizer_close(opt.o.c)
	opt.o.c = nil
}

func (opt Optimizer) size(op string) int {
	var n C.int
	err := C.kg_optimizer_size(opt.ptr(op), &n)
	runtime.KeepAlive(opt.o)
	check(op, err)
	return int(n)
}

// State returns what Adam remembers: the number of steps done (the most that any parameter did) and, for each parameter, the
// running means of its gradient and of its gradient's square. They are Adam's own tensors, which the next step changes. It
// panics with *[Error] for SGD.
func (opt Optimizer) State() (step int64, expAvg, expAvgSq []Tensor) {
	n := opt.size("state")
	m, v := make([]C.kg_tensor, n), make([]C.kg_tensor, n)
	var s C.int64_t
	err := C.kg_adam_state(opt.ptr("state"), &s, first(m), first(v))
	runtime.KeepAlive(opt.o)
	check("state", err)
	expAvg, expAvgSq = make([]Tensor, n), make([]Tensor, n)
	for i := range n {
		expAvg[i], expAvgSq[i] = newTensor("state", nil, m[i]), newTensor("state", nil, v[i])
	}
	return int64(s), expAvg, expAvgSq
}

// SetState makes Adam go on from what [Optimizer.State] returned, with every parameter at the same step. The parameters must
// have been added. When the numbers do not fit them nothing changes.
func (opt Optimizer) SetState(step int64, expAvg, expAvgSq [][]float32) (err error) {
	return Try(func() {
		Scope(func() {
			const op = "set_state"
			if len(expAvg) != len(expAvgSq) {
				fail(op, "%d first moments and %d second moments", len(expAvg), len(expAvgSq))
			}
			m, v := make([]Tensor, len(expAvg)), make([]Tensor, len(expAvg))
			for i := range m {
				m[i] = FromFloats(expAvg[i], int64(len(expAvg[i])))
				v[i] = FromFloats(expAvgSq[i], int64(len(expAvgSq[i])))
			}
			cm, cv := list(op, m), list(op, v)
			err := C.kg_adam_set_state(opt.ptr(op), C.int64_t(step), first(cm), first(cv), C.int(len(cm)))
			runtime.KeepAlive(opt.o)
			check(op, err)
		})
	})
}
