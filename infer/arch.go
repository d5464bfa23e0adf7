package infer

import "fmt"

// FormatVersion is the newest version of the file format that this package knows; it is the one it writes.
const FormatVersion = 1

// The values that the fields of a Layer can have.
const (
	Conv          = "conv"           // Type: convolution with zero padding, weight [Out, In, Kernel, Kernel]
	ConvTranspose = "conv_transpose" // Type: transposed convolution, weight [In, Out, Kernel, Kernel]

	NormInstance = "instance" // Norm: instance norm, eps 1e-5, biased variance, no scale or shift

	ActivationReLU = "relu"
	ActivationTanh = "tanh"

	ResidualBegin = "begin" // Residual: the input of this layer is remembered
	ResidualEnd   = "end"   // Residual: what was remembered is added after Norm, before Activation

	AlgorithmDirect = "direct" // Algorithm: one unfused chain over (input channel, row, column) of the kernel, see doc.go
)

// NetworkResNet is the only Network so far.
const NetworkResNet = "resnet"

// Layer is one convolution with all that follows it: y = activation(norm(conv(x)) + remembered). None has a bias.
type Layer struct {
	Type          string `json:"type"`
	Name          string `json:"name"` // prefix in the state dict, "encoder.0"; the parameter is Name + ".weight"
	In            int    `json:"in"`   // channels
	Out           int    `json:"out"`
	Kernel        int    `json:"kernel"`
	Stride        int    `json:"stride"`
	Padding       int    `json:"padding,omitempty"`
	OutputPadding int    `json:"output_padding,omitempty"`
	Norm          string `json:"norm,omitempty"`
	Activation    string `json:"activation,omitempty"`
	Residual      string `json:"residual,omitempty"`

	// Algorithm is part of the file because it decides the last bits of the key: a reader that lacks it must refuse.
	Algorithm string `json:"algorithm"`
}

// Arch describes a generator: all of generator.npz but the numbers.
type Arch struct {
	FormatVersion int        `json:"format_version"`
	Network       string     `json:"network"`
	Channels      int        `json:"channels"`    // of the image and of the key: 1 or 3
	ImageSize     int        `json:"image_size"`  // side, in pixels, of the images it was trained on; Forward takes any size
	ValueRange    [2]float32 `json:"value_range"` // of input and output samples: −1, 1
	ConfigHash    string     `json:"config_hash"` // of the training configuration, or empty
	Layers        []Layer    `json:"layers"`
}

// Param is one array that the archive must hold.
type Param struct {
	Name  string
	Shape []int
}

// Size is how many numbers the array holds.
func (p Param) Size() int { return product(p.Shape) }

// Array is a dense array in C order: the last index runs fastest.
type Array struct {
	Shape []int
	Data  []float32
}

// ResNet is the generator of the WGAN-GP system: 7×7 convolution, two of stride 2, residual blocks at 4·width channels,
// two transposed convolutions, 7×7 convolution, tanh. The published one is ResNet(64, 6, 3, 256), 7,833,984 parameters.
func ResNet(width, blocks, channels, imageSize int) Arch {
	a := Arch{
		FormatVersion: FormatVersion,
		Network:       NetworkResNet,
		Channels:      channels,
		ImageSize:     imageSize,
		ValueRange:    [2]float32{-1, 1},
	}
	add := func(l Layer) {
		l.Algorithm = AlgorithmDirect
		if l.Name != "decoder.6" {
			l.Norm, l.Activation = NormInstance, ActivationReLU
		} else {
			l.Activation = ActivationTanh
		}
		a.Layers = append(a.Layers, l)
	}
	w := width
	add(Layer{Type: Conv, Name: "encoder.0", In: channels, Out: w, Kernel: 7, Stride: 1, Padding: 3})
	add(Layer{Type: Conv, Name: "encoder.3", In: w, Out: 2 * w, Kernel: 3, Stride: 2, Padding: 1})
	add(Layer{Type: Conv, Name: "encoder.6", In: 2 * w, Out: 4 * w, Kernel: 3, Stride: 2, Padding: 1})
	for i := range blocks {
		block := fmt.Sprintf("res_blocks.%d.block.", i)
		conv := Layer{Type: Conv, In: 4 * w, Out: 4 * w, Kernel: 3, Stride: 1, Padding: 1}
		conv.Name, conv.Residual = block+"0", ResidualBegin
		add(conv)
		conv.Name, conv.Residual = block+"3", ResidualEnd
		add(conv)
	}
	up := Layer{Type: ConvTranspose, Kernel: 3, Stride: 2, Padding: 1, OutputPadding: 1}
	up.Name, up.In, up.Out = "decoder.0", 4*w, 2*w
	add(up)
	up.Name, up.In, up.Out = "decoder.3", 2*w, w
	add(up)
	add(Layer{Type: Conv, Name: "decoder.6", In: w, Out: channels, Kernel: 7, Stride: 1, Padding: 3})
	return a
}

// Params lists what the archive must hold besides "arch", in the order of the layers.
func (a Arch) Params() []Param {
	params := make([]Param, len(a.Layers))
	for i, l := range a.Layers {
		params[i] = Param{l.weight(), l.shape()}
	}
	return params
}

// Parameters is how many numbers all arrays hold together.
func (a Arch) Parameters() int {
	n := 0
	for _, p := range a.Params() {
		n += p.Size()
	}
	return n
}

// weight is the name of the layer's parameter.
func (l Layer) weight() string { return l.Name + ".weight" }

// shape is that of the layer's weight, PyTorch's: a transposed convolution has its input channels first.
func (l Layer) shape() []int {
	if l.Type == ConvTranspose {
		return []int{l.In, l.Out, l.Kernel, l.Kernel}
	}
	return []int{l.Out, l.In, l.Kernel, l.Kernel}
}

// outputSize is the height (or width) that the layer makes of an input of n; it is not positive where the kernel does not fit.
func (l Layer) outputSize(n int) int {
	if l.Type == ConvTranspose {
		return (n-1)*l.Stride - 2*l.Padding + l.Kernel + l.OutputPadding
	}
	if n+2*l.Padding < l.Kernel {
		return 0
	}
	return (n+2*l.Padding-l.Kernel)/l.Stride + 1
}

func product(shape []int) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
