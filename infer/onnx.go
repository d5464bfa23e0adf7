package infer

import (
	"fmt"
	"io"
	"slices"
)

// The versions of ONNX that WriteONNX writes: operator set 13, of 2020, has all that the networks need.
const (
	onnxIR    = 7
	onnxOpset = 13
)

// WriteONNX writes m as an ONNX model, for other runtimes. Its inputs are float32:
//
//	image    [batch, Channels, height, width], samples in the value range; height and width multiples of 4
//	latent   [batch, Latent, 1, 1], instead of the image, where the key is made of noise alone
//	noise    [batch, Channels, height, width], where InputNoise is not 0: what is added to the image, with σ = 1
//	noise_1, noise_2, …   [batch, 1, h, w] of the layers that add noise, in their order; h and w are those of what the layer makes
//
// and its output is key, [batch, Channels, height, width]. All noise is normally distributed; that of a Seed is Noise(seed,
// stream, n), where latent and noise are the stream 0, and noise_1, noise_2, … the streams 1, 2, …. A runtime adds up in an
// order of its own, so that its keys differ from Forward's by up to 1e-4 before rounding: what was encrypted with the one is
// not opened with the other.
func WriteONNX(w io.Writer, m *Model) error {
	g := onnxGraph{arch: m.arch, params: m.params, constants: map[string]bool{}}
	g.build()
	_, err := w.Write(g.model(m.Hash()))
	return err
}

// onnxGraph is a GraphProto in the making. Parameters have their own names; all that comes between input and key has a slash in
// its name, which no module's has.
type onnxGraph struct {
	arch      Arch
	params    map[string]Array
	nodes     []message
	inputs    []message
	tensors   []message
	constants map[string]bool // the tensors that are not parameters
}

// build makes the nodes, from the input to the key.
func (g *onnxGraph) build() {
	x, remembered, stream := g.input(), "", StreamInput
	for i, l := range g.arch.Layers {
		last := i == len(g.arch.Layers)-1
		if l.Residual == ResidualBegin {
			remembered = x
		}
		x = g.convolution(l, x)
		x = g.norm(l, x)
		if l.Residual == ResidualEnd {
			x = g.activation(l.BeforeAdd, l.Name+"/before_add", x)
			x = g.node("Add", l.Name+"/added", []string{x, remembered})
		}
		x = g.activation(l.Activation, l.Name+"/activation", x)
		if l.Noise != "" {
			stream++
			x = g.noise(l, stream, x)
		}
		if last {
			g.node("Identity", "key", []string{x})
		}
	}
}

// input declares what the first layer takes, with noise added where there is any, and returns its name.
func (g *onnxGraph) input() string {
	a := g.arch
	if a.Latent > 0 {
		g.declare("latent", a.Latent, "", "")
		return "latent"
	}
	g.declare("image", a.Channels, "height", "width")
	if a.InputNoise == 0 {
		return "image"
	}
	g.declare("noise", a.Channels, "height", "width")
	low, high := a.ValueRange[0], a.ValueRange[1]
	g.constant("noise/sigma", nil, a.InputNoise*(high-low))
	g.constant("image/low", nil, low)
	g.constant("image/high", nil, high)
	x := g.node("Mul", "noise/scaled", []string{"noise", "noise/sigma"})
	x = g.node("Add", "image/noisy", []string{"image", x})
	return g.node("Clip", "image/clipped", []string{x, "image/low", "image/high"})
}

// convolution adds l's, with its bias.
func (g *onnxGraph) convolution(l Layer, x string) string {
	inputs := []string{x, g.parameter(l.weight())}
	if l.Bias {
		inputs = append(inputs, g.parameter(l.Name+".bias"))
	}
	attributes := []message{
		onnxInts("kernel_shape", l.Kernel, l.Kernel),
		onnxInts("strides", l.Stride, l.Stride),
		onnxInts("pads", l.Padding, l.Padding, l.Padding, l.Padding),
	}
	if l.Type == ConvTranspose {
		attributes = append(attributes, onnxInts("output_padding", l.OutputPadding, l.OutputPadding))
		return g.node("ConvTranspose", l.Name+"/sums", inputs, attributes...)
	}
	return g.node("Conv", l.Name+"/sums", inputs, attributes...)
}

// norm adds l's. ONNX has no instance norm without parameters: it gets ones and zeros.
func (g *onnxGraph) norm(l Layer, x string) string {
	name := l.Name + "/norm"
	switch epsilon := onnxFloat("epsilon", normEpsilon); l.Norm {
	case NormInstance:
		ones, zeros := fmt.Sprintf("ones/%d", l.Out), fmt.Sprintf("zeros/%d", l.Out)
		g.constant(ones, []int{l.Out}, slices.Repeat([]float32{1}, l.Out)...)
		g.constant(zeros, []int{l.Out}, make([]float32, l.Out)...)
		return g.node("InstanceNormalization", name, []string{x, ones, zeros}, epsilon)
	case NormInstanceAffine:
		return g.node("InstanceNormalization", name,
			[]string{x, g.parameter(l.NormName + ".weight"), g.parameter(l.NormName + ".bias")}, epsilon)
	case NormBatch:
		inputs := []string{x}
		for _, p := range []string{"weight", "bias", "running_mean", runningVar} {
			inputs = append(inputs, g.parameter(l.NormName+"."+p))
		}
		return g.node("BatchNormalization", name, inputs, epsilon)
	}
	return x
}

func (g *onnxGraph) activation(activation, name, x string) string {
	switch activation {
	case ActivationReLU:
		return g.node("Relu", name, []string{x})
	case ActivationLeakyReLU:
		return g.node("LeakyRelu", name, []string{x}, onnxFloat("alpha", LeakySlope))
	case ActivationTanh:
		return g.node("Tanh", name, []string{x})
	}
	return x
}

// noise adds a plane of noise, so much of it as each channel gets.
func (g *onnxGraph) noise(l Layer, stream int, x string) string {
	plane := fmt.Sprintf("noise_%d", stream)
	g.declare(plane, 1, plane+"_height", plane+"_width")
	scale := g.params[l.Noise+".weight"]
	g.tensor(l.Noise+".weight", []int{l.Out, 1, 1}, scale.Data)
	scaled := g.node("Mul", plane+"/scaled", []string{plane, l.Noise + ".weight"})
	return g.node("Add", l.Name+"/noisy", []string{x, scaled})
}

// The numbers of fields below are those of onnx.proto, in the order of its messages.

// node adds a NodeProto with one output, which it returns.
func (g *onnxGraph) node(op, output string, inputs []string, attributes ...message) string {
	var n message
	for _, input := range inputs {
		n.string(1, input)
	}
	n.string(2, output)
	n.string(3, output)
	n.string(4, op)
	for _, a := range attributes {
		n.message(5, a)
	}
	g.nodes = append(g.nodes, n)
	return output
}

// onnxFloat and onnxInts are AttributeProtos.
func onnxFloat(name string, v float32) (m message) {
	m.string(1, name)
	m.float(2, v)
	m.int(20, 1) // type FLOAT
	return m
}

func onnxInts(name string, v ...int) (m message) {
	m.string(1, name)
	m.ints(8, v)
	m.int(20, 7) // type INTS
	return m
}

// tensor adds a TensorProto.
func (g *onnxGraph) tensor(name string, shape []int, x []float32) {
	var t message
	t.ints(1, shape)
	t.int(2, onnxFloat32)
	t.string(8, name)
	t.floats(9, x)
	g.tensors = append(g.tensors, t)
}

const onnxFloat32 = 1 // TensorProto.FLOAT

// parameter adds one of the model's own.
func (g *onnxGraph) parameter(name string) string {
	p := g.params[name]
	g.tensor(name, p.Shape, p.Data)
	return name
}

// constant adds a tensor that several nodes may share.
func (g *onnxGraph) constant(name string, shape []int, x ...float32) {
	if !g.constants[name] {
		g.constants[name] = true
		g.tensor(name, shape, x)
	}
}

// declare adds an input of the graph. Its height and width are names, or "" for 1.
func (g *onnxGraph) declare(name string, channels int, height, width string) {
	g.inputs = append(g.inputs, onnxValue(name, "batch", channels, orOne(height), orOne(width)))
}

func orOne(name string) any {
	if name == "" {
		return 1
	}
	return name
}

// onnxValue is a ValueInfoProto: a name, and a shape of numbers and of names for what is not fixed.
func onnxValue(name string, dims ...any) (v message) {
	var shape, tensor, kind message
	for _, d := range dims {
		var dim message
		switch d := d.(type) {
		case int:
			dim.int(1, int64(d))
		case string:
			dim.string(2, d)
		}
		shape.message(1, dim)
	}
	tensor.int(1, onnxFloat32)
	tensor.message(2, shape)
	kind.message(1, tensor)
	v.string(1, name)
	v.message(2, kind)
	return v
}

// model is the ModelProto of the graph. hash is the generator's.
func (g *onnxGraph) model(hash string) message {
	a := g.arch
	var graph message
	for _, n := range g.nodes {
		graph.message(1, n)
	}
	graph.string(2, a.Network)
	for _, t := range g.tensors {
		graph.message(5, t)
	}
	for _, v := range g.inputs {
		graph.message(11, v)
	}
	if a.Latent > 0 {
		graph.message(12, onnxValue("key", "batch", a.Channels, a.ImageSize, a.ImageSize))
	} else {
		graph.message(12, onnxValue("key", "batch", a.Channels, "height", "width"))
	}

	var opset, m message
	opset.string(1, "")
	opset.int(2, onnxOpset)
	m.int(1, onnxIR)
	m.string(2, "keygan")
	m.message(7, graph)
	m.message(8, opset)
	for _, p := range [][2]string{
		{"network", a.Network},
		{"value_range", fmt.Sprintf("%g %g", a.ValueRange[0], a.ValueRange[1])},
		{"image_size", fmt.Sprint(a.ImageSize)},
		{"sha256", hash},
	} {
		var entry message
		entry.string(1, p[0])
		entry.string(2, p[1])
		m.message(14, entry)
	}
	return m
}
