package train

import (
	"math"
	"slices"
	"strings"

	torch "keygan/gotorch"
	F "keygan/gotorch/nn/functional"
	"keygan/gotorch/nn/initializer"
	"keygan/infer"
	"keygan/train/config"
)

// Param is one tensor of a network, named as in PyTorch's state dict.
type Param struct {
	Name   string
	Tensor torch.Tensor
}

// Network is a stack of convolutions. It is driven by the list of layers that generator.npz carries, so that what is trained
// and what is inferred cannot differ.
type Network struct {
	Params  []Param // trained by gradients
	Buffers []Param // counted in forward passes: the running means and variances of batch norms

	arch   infer.Arch
	at     place
	byName map[string]torch.Tensor
	draw   draws
}

// draws are the random numbers of a forward pass.
type draws struct {
	// normal draws [n, 1, h, w] from the standard normal distribution.
	normal func(n, h, w int64) torch.Tensor
	// dropout sets elements of x to zero with probability p and scales the others by 1/(1 − p).
	dropout func(x torch.Tensor, p float64) torch.Tensor
}

// newNetwork builds the network of arch at a place, with PyTorch's initial distribution of weights, or the one that arch.Init names.
func newNetwork(arch infer.Arch, at place) *Network {
	n := &Network{arch: arch, at: at, byName: map[string]torch.Tensor{}}
	n.draw.normal = func(count, h, w int64) torch.Tensor { return at.normal(count, 1, h, w) }
	n.draw.dropout = at.dropout
	for _, p := range arch.Params() {
		// Weights are drawn on the CPU, so that a seed gives the same ones whatever the device.
		torch.Scope(func() {
			w := torch.Empty(int64s(p.Shape), false)
			buffer := initialise(arch, p, &w)
			w = at.ordered(w.To(at.device)).Detach().SetRequiresGrad(!buffer).Keep()
			n.byName[p.Name] = w
			if buffer {
				n.Buffers = append(n.Buffers, Param{p.Name, w})
			} else {
				n.Params = append(n.Params, Param{p.Name, w})
			}
		})
	}
	return n
}

// initialise gives a parameter its first values, and says whether it is counted rather than trained.
func initialise(arch infer.Arch, p infer.Param, w *torch.Tensor) (buffer bool) {
	layers, glorot := arch.Layers, arch.Init == config.InitGlorot
	dot := strings.LastIndexByte(p.Name, '.')
	prefix, kind := p.Name[:dot], p.Name[dot+1:]
	l := layers[slices.IndexFunc(layers, func(l infer.Layer) bool {
		return l.Name == prefix || l.NormName == prefix || l.Noise == prefix
	})]
	switch {
	case prefix == l.Noise:
		initializer.Zeros(w)
	case kind == "weight" && len(p.Shape) > 1 && glorot:
		initializer.XavierUniform(w, 1)
	case kind == "weight" && len(p.Shape) > 1:
		initializer.KaimingUniform(w, math.Sqrt(5), "fan_in", "leaky_relu")
	case kind == "weight" || kind == "running_var": // factors, one a channel
		initializer.Ones(w)
	case prefix == l.Name && !glorot:
		bound := 1 / math.Sqrt(float64(l.In*l.Kernel*l.Kernel))
		initializer.Uniform(w, -bound, bound)
	default: // shifts, means and, as in TensorFlow, the biases that come with Glorot's weights
		initializer.Zeros(w)
	}
	return kind == "running_mean" || kind == "running_var"
}

// Forward runs the network on x, [N, C, H, W], as training does: batch norms by the batch, with dropout.
func (n *Network) Forward(x torch.Tensor) torch.Tensor { return n.forward(x, true) }

// Evaluate runs the network as keys are made: batch norms by their running statistics, without dropout.
func (n *Network) Evaluate(x torch.Tensor) (y torch.Tensor) {
	torch.NoGrad(func() { y = n.forward(x, false) })
	return y
}

func (n *Network) forward(x torch.Tensor, training bool) torch.Tensor {
	var remembered torch.Tensor
	x = n.at.ordered(x)
	for _, l := range n.arch.Layers {
		if l.Residual == infer.ResidualBegin {
			remembered = x
		}
		drop := func() {
			if training && l.Dropout > 0 {
				x = n.draw.dropout(x, l.Dropout)
			}
		}
		x = n.convolve(l, x, training && n.at.bf16)
		if l.Residual == infer.ResidualEnd {
			x = n.normalise(l, l.BeforeAdd, x, training)
			drop()
			x = activate(l.Activation, torch.Add(x, remembered, 1))
		} else {
			x = n.normalise(l, l.Activation, x, training)
			drop()
		}
		if l.Noise != "" {
			s := x.Shape()
			scale := n.byName[l.Noise+".weight"].View(1, int64(l.Out), 1, 1)
			x = torch.Add(x, torch.Mul(scale, n.draw.normal(s[0], s[2], s[3])), 1)
		}
	}
	return n.at.full(x)
}

// convolve computes a layer up to its norm: one case for each type of layer that infer knows. With bf16 the products are made of numbers
// rounded to bf16 and added up in float32, and the result is of bf16.
func (n *Network) convolve(l infer.Layer, x torch.Tensor, bf16 bool) torch.Tensor {
	w, bias := n.byName[l.Name+".weight"], n.byName[l.Name+".bias"]
	if bf16 {
		x, w = x.CastTo(torch.BFloat16), w.CastTo(torch.BFloat16)
	}
	stride, padding, dilation := pair(l.Stride), pair(l.Padding), pair(1)
	switch l.Type {
	case infer.Conv:
		return F.Conv2d(x, w, bias, stride, padding, dilation, 1)
	case infer.ConvTranspose:
		return F.ConvTranspose2d(x, w, bias, stride, padding, pair(l.OutputPadding), 1, dilation)
	}
	panic("train: no libtorch code for layers of type " + l.Type)
}

// normalise computes a layer's norm and the activation after it, in float32.
func (n *Network) normalise(l infer.Layer, activation string, x torch.Tensor, training bool) torch.Tensor {
	momentum, eps := 0.1, l.NormEpsilon() // PyTorch's momentum: the share of the batch
	if l.Momentum > 0 {
		momentum = 1 - l.Momentum
	}
	learnt := func(kind string) torch.Tensor { return n.byName[l.NormName+"."+kind] } // Tensor{} where there is none
	switch l.Norm {
	case infer.NormInstance:
		if slope, ok := slopes[activation]; ok {
			return F.InstanceNormLeaky(x, eps, slope)
		}
		x = F.InstanceNormLeaky(x, eps, 1)
	case infer.NormInstanceAffine:
		x = F.InstanceNorm(n.at.full(x), torch.Tensor{}, torch.Tensor{}, learnt("weight"), learnt("bias"), true, momentum, eps)
	case infer.NormBatch:
		if training && n.at.team != nil {
			x = n.at.team.BatchNorm(n.at.full(x), learnt("running_mean"), learnt("running_var"), learnt("weight"), learnt("bias"), momentum, eps)
		} else {
			x = F.BatchNorm(n.at.full(x), learnt("running_mean"), learnt("running_var"), learnt("weight"), learnt("bias"), training, momentum, eps)
		}
	}
	if activation == infer.ActivationTanh {
		x = n.at.full(x)
	}
	return activate(activation, x)
}

// slopes are those of activations below zero; above, they change nothing.
var slopes = map[string]float64{"": 1, infer.ActivationReLU: 0, infer.ActivationLeakyReLU: infer.LeakySlope}

func activate(activation string, x torch.Tensor) torch.Tensor {
	switch activation {
	case infer.ActivationReLU:
		return torch.Relu(x)
	case infer.ActivationTanh:
		return torch.Tanh(x)
	case infer.ActivationLeakyReLU:
		return torch.LeakyRelu(x, infer.LeakySlope)
	}
	return x
}

// with returns the network with other parameters of the same names, such as their running means.
func (n *Network) with(params []Param) *Network {
	other := *n
	other.Params, other.byName = params, map[string]torch.Tensor{}
	for _, p := range slices.Concat(params, n.Buffers) {
		other.byName[p.Name] = p.Tensor
	}
	return &other
}

func (n *Network) tensors() []torch.Tensor { return tensorsOf(n.Params) }

func tensorsOf(params []Param) []torch.Tensor {
	ts := make([]torch.Tensor, len(params))
	for i, p := range params {
		ts[i] = p.Tensor
	}
	return ts
}

// state is everything that the network has learnt or counted.
func (n *Network) state() []Param { return slices.Concat(n.Params, n.Buffers) }

func (n *Network) close() { closeAll(n.state()) }

func closeAll(params []Param) {
	for _, p := range params {
		p.Tensor.Close()
	}
}

// arrays copies the state to the host.
func (n *Network) arrays() map[string]infer.Array {
	out := map[string]infer.Array{}
	for _, p := range n.state() {
		out[p.Name] = infer.Array{Shape: ints(p.Tensor.Shape()), Data: p.Tensor.Floats()}
	}
	return out
}

func pair(n int) []int64 { return []int64{int64(n), int64(n)} }

func ints(shape []int64) []int   { return converted[int](shape) }
func int64s(shape []int) []int64 { return converted[int64](shape) }

func converted[To, From int | int64 | float32 | float64](values []From) []To {
	out := make([]To, len(values))
	for i, v := range values {
		out[i] = To(v)
	}
	return out
}
