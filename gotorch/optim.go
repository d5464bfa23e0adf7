package gotorch

// #include "cgotorch.h"
import "C"

import (
	"runtime"
	"unsafe"
)

// Optimizer updates parameters by their gradients. A copy is the same optimizer. Only one goroutine may use it at a time.
type Optimizer struct{ o *optimizer }

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

// SGD is torch.optim.SGD: stochastic gradient descent with momentum.
func SGD(lr, momentum, dampening, weightDecay float64, nesterov bool) Optimizer {
	var c C.kg_optimizer
	err := C.kg_sgd(C.double(lr), C.double(momentum), C.double(dampening), C.double(weightDecay), cBool(nesterov), &c)
	return newOptimizer("sgd", err, c)
}

// Adam is torch.optim.Adam with eps = 1e-8 (Kingma and Ba, Adam: A Method for Stochastic Optimization, 2015).
func Adam(lr, beta1, beta2, weightDecay float64) Optimizer {
	var c C.kg_optimizer
	err := C.kg_adam(C.double(lr), C.double(beta1), C.double(beta2), C.double(weightDecay), &c)
	return newOptimizer("adam", err, c)
}

func (opt Optimizer) call(op string, f func(C.kg_optimizer) *C.char) {
	if opt.o == nil {
		fail(op, "the optimizer is missing (the zero Optimizer)")
	}
	if opt.o.c == nil {
		fail(op, "the optimizer was used after Close")
	}
	err := f(opt.o.c)
	runtime.KeepAlive(opt.o)
	check(op, err)
}

// AddParameters gives the optimizer more tensors to update.
func (opt Optimizer) AddParameters(tensors []Tensor) {
	v, n := handles("add_parameters", tensors, Tensor.ptr)
	opt.call("add_parameters", func(c C.kg_optimizer) *C.char { return C.kg_optimizer_add(c, v, n) })
	runtime.KeepAlive(tensors)
}

// ZeroGrad drops the gradients of all parameters. They are undefined until the next Backward.
func (opt Optimizer) ZeroGrad() {
	opt.call("zero_grad", func(c C.kg_optimizer) *C.char { return C.kg_optimizer_zero_grad(c) })
}

// Step updates the parameters by the gradients that [Tensor.Backward] has added up. A parameter without one keeps its value.
func (opt Optimizer) Step() {
	opt.call("step", func(c C.kg_optimizer) *C.char { return C.kg_optimizer_step(c) })
}

// StepWith updates the parameters, in the order in which they were added, by the gradients that [Grad] returned; Tensor{} changes none.
func (opt Optimizer) StepWith(grads []Tensor) { opt.StepUnless(Tensor{}, grads) }

// StepUnless is [Optimizer.StepWith], but leaves the step out, and does not count it, where skip, a scalar on the parameters' device, is 1
// rather than 0. Adam on a CUDA device, with float32, decides there: the host does not wait. SGD takes only Tensor{}, which is 0.
func (opt Optimizer) StepUnless(skip Tensor, grads []Tensor) {
	v, n := handles("step", grads, Tensor.optional)
	s := skip.optional("step")
	opt.call("step", func(c C.kg_optimizer) *C.char { return C.kg_optimizer_step_with(c, v, n, s) })
	runtime.KeepAlive(grads)
	runtime.KeepAlive(skip)
}

// SetLR sets the learning rate. A step that a [CUDAGraph] replays takes it, too, if [GraphsFollowRate].
func (opt Optimizer) SetLR(lr float64) {
	opt.call("set_lr", func(c C.kg_optimizer) *C.char { return C.kg_optimizer_set_lr(c, C.double(lr)) })
}

// GraphsFollowRate reports whether Adam's steps in a [CUDAGraph] read the learning rate when they are replayed, as they do since libtorch
// 2.2, rather than keep that of the capture.
func GraphsFollowRate() bool { return C.kg_tensor_rate() != 0 }

// Close frees the optimizer and its state, but not the parameters. Closing it again does nothing.
func (opt Optimizer) Close() {
	if opt.o == nil || opt.o.c == nil {
		return
	}
	opt.o.cleanup.Stop()
	C.kg_optimizer_close(opt.o.c)
	opt.o.c = nil
}

// State returns Adam's state: the number of steps done (the most of any parameter) and, for each parameter, the running means of its
// gradient and of its squared gradient. The tensors are Adam's own, which the next step changes. State panics with *[Error] for SGD.
func (opt Optimizer) State() (step int64, expAvg, expAvgSq []Tensor) {
	var n C.int
	opt.call("state", func(c C.kg_optimizer) *C.char { return C.kg_optimizer_size(c, &n) })
	m, v := make([]C.kg_tensor, n), make([]C.kg_tensor, n)
	var s C.int64_t
	opt.call("state", func(c C.kg_optimizer) *C.char {
		return C.kg_adam_state(c, &s, unsafe.SliceData(m), unsafe.SliceData(v))
	})
	for i := range m {
		expAvg = append(expAvg, newTensor("state", nil, m[i]))
		expAvgSq = append(expAvgSq, newTensor("state", nil, v[i]))
	}
	return int64(s), expAvg, expAvgSq
}

// SetState restores what [Optimizer.State] returned. Add the parameters first: if they do not fit, SetState fails and changes nothing.
func (opt Optimizer) SetState(step int64, expAvg, expAvgSq [][]float32) (err error) {
	return Try(func() {
		Scope(func() {
			const op = "set_state"
			if len(expAvg) != len(expAvgSq) {
				fail(op, "%d first moments and %d second moments", len(expAvg), len(expAvgSq))
			}
			var m, v []C.kg_tensor
			for i := range expAvg {
				m = append(m, FromFloats(expAvg[i], int64(len(expAvg[i]))).ptr(op))
				v = append(v, FromFloats(expAvgSq[i], int64(len(expAvgSq[i]))).ptr(op))
			}
			opt.call(op, func(c C.kg_optimizer) *C.char {
				return C.kg_adam_set_state(c, C.int64_t(step), unsafe.SliceData(m), unsafe.SliceData(v), C.int(len(m)))
			})
		})
	})
}
