package train

import (
	"fmt"
	"math"

	torch "keygan/gotorch"
	F "keygan/gotorch/nn/functional"
	"keygan/gotorch/nn/initializer"
	"keygan/infer"
)

// Param is one trained tensor, named as in PyTorch's state dict.
type Param struct {
	Name   string
	Tensor torch.Tensor
}

// Network is a stack of convolutions without biases. It is driven by the list of layers that generator.npz carries, so
// that what is trained and what is inferred cannot differ.
type Network struct {
	Params []Param
	layers []infer.Layer
	slope  float64 // of LeakyReLU
}

// The critic has one activation that no generator has.
const activationLeakyReLU = "leaky_relu"

// newGenerator builds the network of arch on device, with PyTorch's initial distribution of weights.
func newGenerator(arch infer.Arch, device torch.Device) *Network {
	return newNetwork(arch.Layers, device)
}

// patchLayers is the `patch` critic: five 4×4 convolutions, the first three of stride 2; [N, C, S, S] to a map of scores.
func patchLayers(width, channels int) []infer.Layer {
	out := []int{width, 2 * width, 4 * width, 8 * width, 1}
	index := []int{0, 2, 5, 8, 11} // in the published nn.Sequential
	layers := make([]infer.Layer, len(out))
	in := channels
	for i := range layers {
		l := infer.Layer{Type: infer.Conv, Name: fmt.Sprintf("model.%d", index[i]), In: in, Out: out[i], Kernel: 4, Stride: 1, Padding: 1}
		if i < 3 {
			l.Stride = 2
		}
		if i > 0 && i < 4 {
			l.Norm = infer.NormInstance
		}
		if i < 4 {
			l.Activation = activationLeakyReLU
		}
		layers[i], in = l, out[i]
	}
	return layers
}

func newNetwork(layers []infer.Layer, device torch.Device) *Network {
	n := &Network{layers: layers, slope: 0.2}
	for _, p := range (infer.Arch{Layers: layers}).Params() {
		shape := make([]int64, len(p.Shape))
		for i, d := range p.Shape {
			shape[i] = int64(d)
		}
		// Weights are drawn on the CPU, so that a seed gives the same ones whatever the device.
		torch.Scope(func() {
			w := torch.Empty(shape, false)
			initializer.KaimingUniform(&w, math.Sqrt(5), "fan_in", "leaky_relu")
			n.Params = append(n.Params, Param{p.Name, w.To(device).Detach().SetRequiresGrad(true).Keep()})
		})
	}
	return n
}

// Forward runs the network on x, [N, C, H, W].
func (n *Network) Forward(x torch.Tensor) torch.Tensor {
	var remembered torch.Tensor
	none := torch.Tensor{}
	for i, l := range n.layers {
		if l.Residual == infer.ResidualBegin {
			remembered = x
		}
		w := n.Params[i].Tensor
		stride, padding, dilation := pair(l.Stride), pair(l.Padding), pair(1)
		if l.Type == infer.ConvTranspose {
			x = F.ConvTranspose2d(x, w, none, stride, padding, pair(l.OutputPadding), 1, dilation)
		} else {
			x = F.Conv2d(x, w, none, stride, padding, dilation, 1)
		}
		if l.Norm == infer.NormInstance {
			x = F.InstanceNorm(x, none, none, none, none, true, 0.1, 1e-5)
		}
		if l.Residual == infer.ResidualEnd {
			x = torch.Add(x, remembered, 1)
		}
		switch l.Activation {
		case infer.ActivationReLU:
			x = torch.Relu(x)
		case infer.ActivationTanh:
			x = torch.Tanh(x)
		case activationLeakyReLU:
			x = torch.LeakyRelu(x, n.slope)
		}
	}
	return x
}

// tensors are the parameters, for an optimizer or Grad.
func (n *Network) tensors() []torch.Tensor {
	ts := make([]torch.Tensor, len(n.Params))
	for i, p := range n.Params {
		ts[i] = p.Tensor
	}
	return ts
}

// arrays copies the parameters to the host.
func (n *Network) arrays() map[string]infer.Array {
	out := make(map[string]infer.Array, len(n.Params))
	for _, p := range n.Params {
		out[p.Name] = infer.Array{Shape: ints(p.Tensor.Shape()), Data: p.Tensor.Floats()}
	}
	return out
}

// countWeights is the number of trained weights in a stack of layers.
func countWeights(layers []infer.Layer) int {
	total := 0
	for _, l := range layers {
		total += l.In * l.Out * l.Kernel * l.Kernel
	}
	return total
}

func pair(n int) []int64 { return []int64{int64(n), int64(n)} }

func ints(shape []int64) []int {
	out := make([]int, len(shape))
	for i, d := range shape {
		out[i] = int(d)
	}
	return out
}
