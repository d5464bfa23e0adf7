package infer

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// field is a field of a protobuf message, as the specification of the wire format has it.
type field struct {
	number int
	value  uint64 // of a varint or 4 bytes
	bytes  []byte
}

func fieldsOf(t testing.TB, b []byte) (all []field) {
	t.Helper()
	varint := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			t.Fatal("a varint is cut short")
		}
		b = b[n:]
		return v
	}
	for len(b) > 0 {
		tag := varint()
		f := field{number: int(tag >> 3)}
		switch tag & 7 {
		case 0:
			f.value = varint()
		case 2:
			n := varint()
			f.bytes, b = b[:n], b[n:]
		case 5:
			f.value, b = uint64(binary.LittleEndian.Uint32(b)), b[4:]
		default:
			t.Fatalf("field %d has wire type %d", f.number, tag&7)
		}
		all = append(all, f)
	}
	return all
}

// texts are the values of a field that repeats strings or messages.
func texts(fields []field, number int) (all []string) {
	for _, f := range fields {
		if f.number == number {
			all = append(all, string(f.bytes))
		}
	}
	return all
}

// numbers are the values of a field that repeats integers.
func numbers(fields []field, number int) (all []int) {
	for _, f := range fields {
		if f.number == number {
			all = append(all, int(f.value))
		}
	}
	return all
}

// onnxNode is a NodeProto.
type onnxNode struct {
	op             string
	inputs, output []string
	ints           map[string][]int
	floats         map[string]float32
}

// onnxModel is a ModelProto, read by the numbers in onnx.proto.
type onnxModel struct {
	nodes           []onnxNode
	tensors         map[string]Array
	inputs, outputs map[string]string // shapes, "batch 3 height width"
	metadata        map[string]string
}

func readONNX(t testing.TB, b []byte) onnxModel {
	t.Helper()
	m := onnxModel{tensors: map[string]Array{}, metadata: map[string]string{}}
	model := fieldsOf(t, b)
	if got := numbers(model, 1); !slices.Equal(got, []int{onnxIR}) {
		t.Fatalf("ir_version is %v", got)
	}
	opset := fieldsOf(t, []byte(texts(model, 8)[0]))
	if got := numbers(opset, 2); !slices.Equal(got, []int{onnxOpset}) || texts(opset, 1)[0] != "" {
		t.Fatalf("the operator set is %v", got)
	}
	for _, p := range texts(model, 14) {
		entry := fieldsOf(t, []byte(p))
		m.metadata[texts(entry, 1)[0]] = texts(entry, 2)[0]
	}
	graph := fieldsOf(t, []byte(texts(model, 7)[0]))
	for _, b := range texts(graph, 1) {
		n := fieldsOf(t, []byte(b))
		node := onnxNode{op: texts(n, 4)[0], inputs: texts(n, 1), output: texts(n, 2), ints: map[string][]int{}, floats: map[string]float32{}}
		for _, b := range texts(n, 5) {
			a := fieldsOf(t, []byte(b))
			name := texts(a, 1)[0]
			switch kind := numbers(a, 20)[0]; kind {
			case 1:
				node.floats[name] = math.Float32frombits(uint32(numbers(a, 2)[0]))
			case 7:
				node.ints[name] = numbers(a, 8)
			default:
				t.Fatalf("attribute %s has type %d", name, kind)
			}
		}
		m.nodes = append(m.nodes, node)
	}
	for _, b := range texts(graph, 5) {
		f := fieldsOf(t, []byte(b))
		name, raw := texts(f, 8)[0], texts(f, 9)[0]
		if _, twice := m.tensors[name]; twice || numbers(f, 2)[0] != 1 {
			t.Fatalf("tensor %s is there twice or has type %v", name, numbers(f, 2))
		}
		x := make([]float32, len(raw)/4)
		if err := binary.Read(strings.NewReader(raw), binary.LittleEndian, x); err != nil {
			t.Fatal(err)
		}
		m.tensors[name] = Array{numbers(f, 1), x}
		if (Param{Shape: numbers(f, 1)}).Size() != len(x) {
			t.Fatalf("tensor %s: %d numbers for a shape of %v", name, len(x), numbers(f, 1))
		}
	}
	m.inputs, m.outputs = valuesOf(t, texts(graph, 11)), valuesOf(t, texts(graph, 12))
	return m
}

// valuesOf reads ValueInfoProtos.
func valuesOf(t testing.TB, all []string) map[string]string {
	shapes := map[string]string{}
	for _, b := range all {
		v := fieldsOf(t, []byte(b))
		kind := fieldsOf(t, []byte(texts(fieldsOf(t, []byte(texts(v, 2)[0])), 1)[0]))
		if numbers(kind, 1)[0] != 1 {
			t.Fatal("an input that is not float32")
		}
		var dims []string
		for _, b := range texts(fieldsOf(t, []byte(texts(kind, 2)[0])), 1) {
			d := fieldsOf(t, []byte(b))
			dims = append(dims, strings.Join(texts(d, 2), "")+strings.Trim(fmt.Sprint(numbers(d, 1)), "[]"))
		}
		shapes[texts(v, 1)[0]] = strings.Join(dims, " ")
	}
	return shapes
}

// run computes the graph for one image as the operators' specification says, with loops, and checks that each value is made once
// before it is used.
func (m onnxModel) run(t testing.TB, values map[string]Array) Array {
	t.Helper()
	values = mergedWith(values, m.tensors)
	for _, n := range m.nodes {
		in := make([]Array, len(n.inputs))
		for i, name := range n.inputs {
			var ok bool
			if in[i], ok = values[name]; !ok {
				t.Fatalf("%s of %v: there is no %s yet", n.op, n.output, name)
			}
		}
		if _, twice := values[n.output[0]]; twice || len(n.output) != 1 {
			t.Fatalf("%s makes %v, which is there", n.op, n.output)
		}
		values[n.output[0]] = n.apply(t, in)
	}
	return values["key"]
}

func mergedWith(a, b map[string]Array) map[string]Array {
	all := map[string]Array{}
	for _, m := range []map[string]Array{a, b} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// apply is one operator of opset 13.
func (n onnxNode) apply(t testing.TB, in []Array) Array {
	t.Helper()
	x := in[0]
	switch n.op {
	case "Conv", "ConvTranspose":
		return n.convolve(in)
	case "InstanceNormalization":
		return mapChannels(x, func(c int, v []float32) {
			mean, variance := 0.0, 0.0
			for _, e := range v {
				mean += float64(e) / float64(len(v))
			}
			for _, e := range v {
				variance += (float64(e) - mean) * (float64(e) - mean) / float64(len(v))
			}
			n.scale(v, mean, variance, in[1].Data[c], in[2].Data[c])
		})
	case "BatchNormalization":
		return mapChannels(x, func(c int, v []float32) {
			n.scale(v, float64(in[3].Data[c]), float64(in[4].Data[c]), in[1].Data[c], in[2].Data[c])
		})
	case "Relu":
		return mapEach(x, func(v float64) float64 { return max(v, 0) })
	case "LeakyRelu":
		return mapEach(x, func(v float64) float64 { return max(v, 0) + float64(n.floats["alpha"])*min(v, 0) })
	case "Tanh":
		return mapEach(x, math.Tanh)
	case "Clip":
		return mapEach(x, func(v float64) float64 { return min(max(v, float64(in[1].Data[0])), float64(in[2].Data[0])) })
	case "Add":
		return broadcast(t, x, in[1], func(a, b float32) float32 { return a + b })
	case "Mul":
		return broadcast(t, x, in[1], func(a, b float32) float32 { return a * b })
	case "Identity":
		return x
	}
	t.Fatalf("operator %s", n.op)
	return x
}

// convolve is a convolution with a square kernel.
func (n onnxNode) convolve(in []Array) Array {
	w := in[1].Shape
	l := Layer{Type: Conv, Out: w[0], In: w[1], Kernel: n.ints["kernel_shape"][0], Stride: n.ints["strides"][0],
		Padding: n.ints["pads"][0]}
	if n.op == "ConvTranspose" {
		l.Type, l.In, l.Out, l.OutputPadding = ConvTranspose, w[0], w[1], n.ints["output_padding"][0]
	}
	out := plainConv(l, in[1].Data, in[0])
	return mapChannels(out, func(c int, v []float32) {
		for i := range v {
			if len(in) > 2 {
				v[i] += in[2].Data[c]
			}
		}
	})
}

func (n onnxNode) scale(v []float32, mean, variance float64, weight, bias float32) {
	for i := range v {
		v[i] = float32((float64(v[i])-mean)/math.Sqrt(variance+float64(n.floats["epsilon"]))*float64(weight) + float64(bias))
	}
}

func mapChannels(x Array, f func(c int, v []float32)) Array {
	x.Data = slices.Clone(x.Data)
	size := x.Shape[1] * x.Shape[2]
	for c := range x.Shape[0] {
		f(c, x.Data[c*size:][:size])
	}
	return x
}

func mapEach(x Array, f func(float64) float64) Array {
	x.Data = slices.Clone(x.Data)
	for i, v := range x.Data {
		x.Data[i] = float32(f(float64(v)))
	}
	return x
}

// broadcast combines [C, H, W] arrays. One may have sides of 1, or be a number.
func broadcast(t testing.TB, a, b Array, f func(a, b float32) float32) Array {
	t.Helper()
	at := func(x Array, c, h, w int) float32 {
		if len(x.Shape) == 0 {
			return x.Data[0]
		}
		if (x.Shape[0] != 1 && c >= x.Shape[0]) || (x.Shape[1] != 1 && h >= x.Shape[1]) || (x.Shape[2] != 1 && w >= x.Shape[2]) {
			t.Fatalf("shapes %v and %v do not go together", a.Shape, b.Shape)
		}
		return x.Data[(c%x.Shape[0]*x.Shape[1]+h%x.Shape[1])*x.Shape[2]+w%x.Shape[2]]
	}
	out := Array{Shape: []int{1, 1, 1}}
	for _, x := range []Array{a, b} {
		for i, d := range x.Shape {
			out.Shape[i] = max(out.Shape[i], d)
		}
	}
	for c := range out.Shape[0] {
		for h := range out.Shape[1] {
			for w := range out.Shape[2] {
				out.Data = append(out.Data, f(at(a, c, h, w), at(b, c, h, w)))
			}
		}
	}
	return out
}

// onnxInputs are what the graph takes for the same key as Forward with x and seed: noise of the seed's streams.
func onnxInputs(t testing.TB, m *Model, x Array, height, width int, seed Seed) map[string]Array {
	t.Helper()
	a := m.Arch()
	inputs, stream := map[string]Array{}, 0
	switch {
	case a.Latent > 0:
		inputs["latent"] = Array{[]int{a.Latent, 1, 1}, Noise(seed, 0, a.Latent)}
	case a.InputNoise > 0:
		inputs["noise"] = Array{x.Shape, Noise(seed, 0, len(x.Data))}
		fallthrough
	default:
		inputs["image"] = x
	}
	shapes, err := a.shapes(height, width)
	if err != nil {
		t.Fatal(err)
	}
	for i, l := range a.Layers {
		if s := shapes[i+1]; l.Noise != "" {
			stream++
			inputs[fmt.Sprint("noise_", stream)] = Array{[]int{1, s.height, s.width}, Noise(seed, stream, s.height*s.width)}
		}
	}
	return inputs
}

func exported(t testing.TB, m *Model) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := WriteONNX(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// The graph makes the keys that Forward makes, for every kind of network, when its operators are computed one by one.
func TestONNXMakesTheSameKeys(t *testing.T) {
	for name, a := range versions {
		t.Run(name, func(t *testing.T) {
			m := newModel(a, randomParams(a, 5))
			height, width := 8, 12
			if a.Latent > 0 {
				height, width = a.ImageSize, a.ImageSize
			}
			x := randomArray([]int{a.Channels, height, width}, 6)
			seed := Seed{1, 2, 3}
			want, err := m.Forward(x.Data, height, width, seed)
			if err != nil {
				t.Fatal(err)
			}
			graph := readONNX(t, exported(t, m))
			inputs := onnxInputs(t, m, x, height, width, seed)
			for name := range graph.inputs {
				if _, ok := inputs[name]; !ok {
					t.Errorf("the graph takes %s", name)
				}
			}
			if len(graph.inputs) != len(inputs) || len(graph.outputs) != 1 {
				t.Errorf("inputs %v, outputs %v", graph.inputs, graph.outputs)
			}
			got := graph.run(t, inputs)
			if !slices.Equal(got.Shape, []int{a.Channels, height, width}) {
				t.Fatalf("the key's shape is %v", got.Shape)
			}
			for i, v := range got.Data {
				if d := math.Abs(float64(v - want[i])); !(d <= 2e-5) {
					t.Fatalf("sample %d is %v, Forward's is %v", i, v, want[i])
				}
			}
		})
	}
}

// The shapes of inputs and output are part of what a user of the model relies on, and so are what it says about itself.
func TestONNXDeclares(t *testing.T) {
	for _, c := range []struct {
		file, inputs, output, network string
	}{
		{"resnet-noise", "map[image:batch 1 height width noise_1:batch 1 noise_1_height noise_1_width noise_2:batch 1 noise_2_height noise_2_width]",
			"map[key:batch 1 height width]", "resnet"},
		{"dcgan", "map[latent:batch 5 1 1]", "map[key:batch 3 32 32]", "dcgan"},
		{"chaos-noisy", "map[image:batch 3 height width noise:batch 3 height width]", "map[key:batch 3 height width]", "chaos"},
	} {
		m, err := ReadFile(filepath.Join("testdata", c.file+".npz"))
		if err != nil {
			t.Fatal(err)
		}
		b := exported(t, m)
		g := readONNX(t, b)
		if got := fmt.Sprint(g.inputs); got != c.inputs {
			t.Errorf("%s: inputs %s, want %s", c.file, got, c.inputs)
		}
		if got := fmt.Sprint(g.outputs); got != c.output {
			t.Errorf("%s: outputs %s, want %s", c.file, got, c.output)
		}
		if g.metadata["network"] != c.network || g.metadata["sha256"] != m.Hash() || g.metadata["image_size"] != fmt.Sprint(m.Arch().ImageSize) {
			t.Errorf("%s: metadata %v", c.file, g.metadata)
		}
		if !bytes.Equal(b, exported(t, m)) {
			t.Errorf("%s: written twice, other bytes", c.file)
		}
	}
}
