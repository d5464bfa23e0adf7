package nn_test

import (
	"fmt"

	torch "keygan/gotorch"
	"keygan/gotorch/nn"
)

// A perceptron has two dense layers and a nonlinearity between them.
type perceptron struct {
	nn.Module
	Hidden, Out *nn.LinearModule
}

func newPerceptron() *perceptron {
	p := &perceptron{Hidden: nn.Linear(2, 8, true), Out: nn.Linear(8, 1, true)}
	p.Init(p)
	return p
}

func (p *perceptron) Forward(x torch.Tensor) torch.Tensor {
	return p.Out.Forward(p.Hidden.Forward(x).Tanh()).Sigmoid()
}

// The perceptron learns exclusive or.
func Example() {
	torch.ManualSeed(1)
	x := torch.NewTensor([][]float32{{0, 0}, {0, 1}, {1, 0}, {1, 1}})
	y := torch.NewTensor([][]float32{{0}, {1}, {1}, {0}})
	net := newPerceptron()
	opt := torch.Adam(0.05, 0.9, 0.999, 0)
	opt.AddParameters(net.Parameters())
	for range 500 {
		torch.Scope(func() {
			loss := torch.BinaryCrossEntropy(net.Forward(x), y, torch.Tensor{}, "mean")
			opt.ZeroGrad()
			loss.Backward()
			opt.Step()
		})
	}
	fmt.Println(net.StateDict()["perceptron.Hidden.Weight"].Shape())
	fmt.Println(net.Forward(x).Gt(0.5).Bytes())
	// Output:
	// [8 2]
	// [0 1 1 0]
}
