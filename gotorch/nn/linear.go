package nn

import (
	torch "keygan/gotorch"
	"keygan/gotorch/nn/functional"
)

// LinearModule is a dense layer.
type LinearModule struct {
	Module
	InFeatures  int64
	OutFeatures int64
	Weight      torch.Tensor // [OutFeatures, InFeatures]
	Bias        torch.Tensor // [OutFeatures]
}

// Linear makes a dense layer with PyTorch's initial weights.
func Linear(in, out int64, bias bool) *LinearModule {
	l := &LinearModule{InFeatures: in, OutFeatures: out}
	l.Weight, l.Bias = initialWeights(bias, out, out, in)
	l.Init(l)
	return l
}

// Forward maps [..., InFeatures] to [..., OutFeatures].
func (l *LinearModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.Linear(x, l.Weight, l.Bias)
}
