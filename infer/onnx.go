package infer

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"

	"google.golang.org/protobuf/encoding/protowire"
)

// The versions of ONNX that WriteONNX writes: operator set 13, of 2020, has all that the networks need.
const (
	onnxIR    = 7
	onnxOpset = 13
)

// WriteONNX writes m as an ONNX model, for other runtimes. Its inputs are float32:
//
//	image    [batch, Channels, height, width], samples in the value range; height and width multiples of 4
//	latent   [batch, Latent, 1, 1], instead of the image, where the key is made from noise only
//	noise    [batch, Channels, height, width], where InputNoise is not 0: what is added to the image, with σ = 1
//	noise_1, noise_2, …   [batch, 1, h, w] for the layers that add noise, in their order; h and w are those of the layer's output
//
// Its output is key, [batch, Channels, height, width]. All noise is normally distributed. The noise of a Seed is Noise(seed, stream,
// n): latent and noise are stream 0, and noise_1, noise_2, … the streams 1, 2, …. Another runtime adds up in another order, so its
// keys differ from Forward's by up to 1e-4 before rounding: a key from the one does not open what was encrypted with the other.
func WriteONNX(w io.Writer, m *Model) error {
	g := onnxGraph{arch: m.arch, params: m.params, constants: map[string]bool{}}
	g.build()
	_, err := w.Write(g.model(m.Hash()))
	return err
}

// message is a protobuf message in the making. Field numbers are those of onnx.proto (github.com/onnx/onnx), which never change.
type message []byte

func (m *message) bytes(field protowire.Number, v []byte) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), v)
}

func (m *message) string(field protowire.Number, s string) { m.bytes(field, []byte(s)) }

// ints writes a field once for each value, as proto2 does.
func (m *message) ints(field protowire.Number, values ...int) {
	for _, v := range values {
		*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), uint64(v))
	}
}

// onnxGraph is a GraphProto in the making. Parameters have their own names; all that lies between input and key has a slash in its name.
type onnxGraph struct {
	arch      Arch
	params    map[string]Array
	constants map[string]bool // the tensors that are not parameters

	nodes, tensors, inputs message // fields of the graph
}

func (g *onnxGraph) build() {
	x, remembered, stream := g.input(), "", StreamInput
	for _, l := range g.arch.Layers {
		if l.Residual == ResidualBegin {
			remembered = x
		}
		x = l.kind().onnx(g, l, x)
		x = g.norm(l, x)
		if l.Residual == ResidualEnd {
			x = g.activation(l.beforeAdd(), l.Name+"/before_add", x)
			x = g.node("Add", l.Name+"/added", []string{x, remembered})
		}
		x = g.activation(l.activation(), l.Name+"/activation", x)
		if l.Noise != "" {
			stream++
			x = g.noise(l, stream, x)
		}
	}
	g.node("Identity", "key", []string{x})
}

// input declares what the first layer takes, with its noise added, and returns its name.
func (g *onnxGraph) input() string {
	a := g.arch
	if a.Latent > 0 {
		g.declare("latent", a.Latent, 1, 1)
		return "latent"
	}
	g.declare("image", a.Channels, "height", "width")
	if a.InputNoise == 0 {
		return "image"
	}
	g.declare("noise", a.Channels, "height", "width")
	low, high := a.ValueRange[0], a.ValueRange[1]
	sigma := g.constant("noise/sigma", nil, a.InputNoise*(high-low))
	least, most := g.constant("image/low", nil, low), g.constant("image/high", nil, high)
	x := g.node("Mul", "noise/scaled", []string{"noise", sigma})
	x = g.node("Add", "image/noisy", []string{"image", x})
	return g.node("Clip", "image/clipped", []string{x, least, most})
}

func (g *onnxGraph) convolution(op string, l Layer, x string, more ...message) string {
	inputs := []string{x, g.parameter(l.Name + ".weight")}
	if l.Bias {
		inputs = append(inputs, g.parameter(l.Name+".bias"))
	}
	return g.node(op, l.Name+"/sums", inputs, append([]message{
		onnxInts("kernel_shape", l.Kernel, l.Kernel),
		onnxInts("strides", l.Stride, l.Stride),
		onnxInts("pads", l.Padding, l.Padding, l.Padding, l.Padding),
	}, more...)...)
}

// norm adds l's. ONNX has no norm without parameters: such a norm gets ones and zeros.
func (g *onnxGraph) norm(l Layer, x string) string {
	norm := l.norm()
	if norm.onnx == "" {
		return x
	}
	inputs := []string{x}
	for _, name := range norm.learnt {
		inputs = append(inputs, g.parameter(l.NormName+"."+name))
	}
	if len(norm.learnt) == 0 {
		inputs = append(inputs, g.constant(fmt.Sprintf("ones/%d", l.Out), []int{l.Out}, slices.Repeat([]float32{1}, l.Out)...),
			g.constant(fmt.Sprintf("zeros/%d", l.Out), []int{l.Out}, make([]float32, l.Out)...))
	}
	return g.node(norm.onnx, l.Name+"/norm", inputs, onnxFloat("epsilon", float32(l.NormEpsilon())))
}

func (g *onnxGraph) activation(a *activationType, name, x string) string {
	if a.onnx == "" {
		return x
	}
	return g.node(a.onnx, name, []string{x}, a.attributes...)
}

// noise adds a plane of noise, as much of it as each channel gets.
func (g *onnxGraph) noise(l Layer, stream int, x string) string {
	plane := fmt.Sprintf("noise_%d", stream)
	g.declare(plane, 1, plane+"_height", plane+"_width")
	scaled := g.node("Mul", plane+"/scaled", []string{plane, g.perChannel(l.Noise + ".weight")})
	return g.node("Add", l.Name+"/noisy", []string{x, scaled})
}

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
		n.bytes(5, a)
	}
	g.nodes.bytes(1, n)
	return output
}

func onnxFloat(name string, v float32) (m message) {
	m.string(1, name)
	m = protowire.AppendFixed32(protowire.AppendTag(m, 2, protowire.Fixed32Type), math.Float32bits(v))
	m.ints(20, 1) // type FLOAT
	return m
}

func onnxInts(name string, v ...int) (m message) {
	m.string(1, name)
	m.ints(8, v...)
	m.ints(20, 7) // type INTS
	return m
}

const onnxFloat32 = 1 // TensorProto.FLOAT

// tensor adds a TensorProto and returns its name.
func (g *onnxGraph) tensor(name string, shape []int, x []float32) string {
	raw, err := binary.Append(nil, binary.LittleEndian, x)
	if err != nil {
		panic(err) // numbers always have a size
	}
	var t message
	t.ints(1, shape...)
	t.ints(2, onnxFloat32)
	t.string(8, name)
	t.bytes(9, raw)
	g.tensors.bytes(5, t)
	return name
}

// parameter adds one of the model's own, perChannel one of [C] as [C, 1, 1].
func (g *onnxGraph) parameter(name string) string {
	return g.tensor(name, g.params[name].Shape, g.params[name].Data)
}

func (g *onnxGraph) perChannel(name string) string {
	x := g.params[name].Data
	return g.tensor(name, []int{len(x), 1, 1}, x)
}

// constant adds a tensor that several nodes may share, and returns its name.
func (g *onnxGraph) constant(name string, shape []int, x ...float32) string {
	if !g.constants[name] {
		g.constants[name] = true
		g.tensor(name, shape, x)
	}
	return name
}

// declare adds an input of the graph; see onnxValue.
func (g *onnxGraph) declare(name string, channels int, height, width any) {
	g.inputs.bytes(11, onnxValue(name, channels, height, width))
}

// onnxValue is a ValueInfoProto: a name, and a shape of numbers, and of names for sides that are not fixed.
func onnxValue(name string, channels int, height, width any) (v message) {
	var shape, tensor, kind message
	for _, d := range []any{"batch", channels, height, width} {
		var dim message
		switch d := d.(type) {
		case int:
			dim.ints(1, d)
		case string:
			dim.string(2, d)
		}
		shape.bytes(1, dim)
	}
	tensor.ints(1, onnxFloat32)
	tensor.bytes(2, shape)
	kind.bytes(1, tensor)
	v.string(1, name)
	v.bytes(2, kind)
	return v
}

func (g *onnxGraph) model(hash string) message {
	a := g.arch
	key := onnxValue("key", a.Channels, "height", "width")
	if a.Latent > 0 {
		key = onnxValue("key", a.Channels, a.ImageSize, a.ImageSize)
	}
	var opset, m message
	graph := g.nodes
	graph.string(2, a.Network)
	graph = slices.Concat(graph, g.tensors, g.inputs)
	graph.bytes(12, key)
	opset.string(1, "")
	opset.ints(2, onnxOpset)
	m.ints(1, onnxIR)
	m.string(2, "keygan")
	m.bytes(7, graph)
	m.bytes(8, opset)
	for _, p := range [][2]string{
		{"network", a.Network},
		{"value_range", fmt.Sprintf("%g %g", a.ValueRange[0], a.ValueRange[1])},
		{"image_size", fmt.Sprint(a.ImageSize)},
		{"sha256", hash},
	} {
		var entry message
		entry.string(1, p[0])
		entry.string(2, p[1])
		m.bytes(14, entry)
	}
	return m
}
