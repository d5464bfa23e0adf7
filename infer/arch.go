package infer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FormatVersion is the newest version of the file format that this package knows. Version 2 has biases, norms with parameters,
// noise and networks other than resnet; what does without them is written as version 1, as it always was.
const FormatVersion = 2

// The values that the fields of a Layer can have.
const (
	Conv          = "conv"           // Type: convolution with zero padding, weight [Out, In, Kernel, Kernel]
	ConvTranspose = "conv_transpose" // Type: transposed convolution, weight [In, Out, Kernel, Kernel]

	NormInstance       = "instance"        // Norm: instance norm, eps 1e-5, biased variance, no scale or shift
	NormInstanceAffine = "instance_affine" // Norm: the same, then scale and shift by channel
	NormBatch          = "batch"           // Norm: by running mean and variance, eps 1e-5, then scale and shift

	ActivationReLU      = "relu"
	ActivationTanh      = "tanh"
	ActivationLeakyReLU = "leaky_relu" // slope 0.2

	ResidualBegin = "begin" // Residual: the input of this layer is remembered
	ResidualEnd   = "end"   // Residual: what was remembered is added after Norm and BeforeAdd, before Activation

	AlgorithmDirect = "direct" // Algorithm: one unfused chain over (input channel, row, column) of the kernel, see doc.go
)

// The networks that an Arch can be of.
const (
	NetworkResNet = "resnet" // image to image
	NetworkDCGAN  = "dcgan"  // noise to image
	NetworkChaos  = "chaos"  // image to image, at full size throughout
)

// LeakySlope is the slope of LeakyReLU below zero.
const LeakySlope = 0.2

// Layer is one convolution with all that follows it:
//
//	y = activation(before_add(norm(conv(x) + bias)) + remembered) + scale·noise
type Layer struct {
	Type          string `json:"type"`
	Name          string `json:"name"` // prefix in the state dict, "encoder.0"; the parameter is Name + ".weight"
	In            int    `json:"in"`   // channels
	Out           int    `json:"out"`
	Kernel        int    `json:"kernel"`
	Stride        int    `json:"stride"`
	Padding       int    `json:"padding,omitempty"`
	OutputPadding int    `json:"output_padding,omitempty"`
	Bias          bool   `json:"bias,omitempty"` // Name + ".bias", [Out]
	Norm          string `json:"norm,omitempty"`
	NormName      string `json:"norm_name,omitempty"`  // prefix of what the norm has learnt: weight, bias, running_mean, running_var, [Out] each
	BeforeAdd     string `json:"before_add,omitempty"` // an activation, where Residual ends
	Activation    string `json:"activation,omitempty"`
	Residual      string `json:"residual,omitempty"`
	Noise         string `json:"noise,omitempty"` // prefix of weight, [Out]: how much of a plane of noise, one for all channels, each channel gets

	// Algorithm is part of the file because it decides the last bits of the key: a reader that lacks it must refuse.
	Algorithm string `json:"algorithm"`

	// Dropout is the share of elements that training sets to zero, after the activation, or where Residual ends before the
	// addition. It is not part of the file: keys are made without.
	Dropout float64 `json:"-"`
}

// Arch describes a generator: all of generator.npz but the numbers.
type Arch struct {
	FormatVersion int        `json:"format_version"`
	Network       string     `json:"network"`
	Channels      int        `json:"channels"`              // of the image and of the key: 1 or 3
	ImageSize     int        `json:"image_size"`            // side, in pixels, of the images it was trained on; Forward takes any size
	ValueRange    [2]float32 `json:"value_range"`           // of input and output samples: −1, 1 or 0, 1
	Latent        int        `json:"latent,omitempty"`      // numbers of noise that dcgan makes an image of; 0: it is made of an image
	InputNoise    float32    `json:"input_noise,omitempty"` // σ of the noise added to the image, as a share of the value range, then clipped
	ConfigHash    string     `json:"config_hash"`           // of the training configuration, or empty
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
		FormatVersion: 1,
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

// WithNorm returns a with another norm, or with "" none, wherever it has one. In the state dict a norm is the module after
// its convolution: "encoder.1" after "encoder.0".
func (a Arch) WithNorm(norm string) Arch {
	a.Layers = slices.Clone(a.Layers)
	for i := range a.Layers {
		l := &a.Layers[i]
		if l.Norm == "" {
			continue
		}
		l.Norm, l.NormName = norm, ""
		if norm == NormBatch || norm == NormInstanceAffine {
			l.NormName = nextModule(l.Name)
			a.FormatVersion = 2
		}
	}
	return a
}

// WithNoise returns a with noise added after each residual block, as much as training will find good: without, flat regions of
// an image can only give periodic texture.
func (a Arch) WithNoise() Arch {
	a.Layers = slices.Clone(a.Layers)
	for i := range a.Layers {
		if l := &a.Layers[i]; l.Residual == ResidualEnd {
			block, _, _ := strings.Cut(l.Name, ".block.")
			l.Noise = block + ".noise"
			a.FormatVersion = 2
		}
	}
	return a
}

// nextModule is the name of the module after the one called name in an nn.Sequential.
func nextModule(name string) string {
	dot := strings.LastIndexByte(name, '.')
	index, err := strconv.Atoi(name[dot+1:])
	if err != nil {
		panic("infer: no module of a sequence: " + name)
	}
	return fmt.Sprintf("%s.%d", name[:dot], index+1)
}

// DCGAN is the generator of the earlier system, which makes keys of noise: transposed 4×4 convolutions from [latent, 1, 1],
// the first to 4×4 pixels, each later one to twice the side, batch norm, ReLU, and tanh at the end. width is the number of
// channels before the last, and twice as many before each one earlier. imageSize must be a power of two from 8 on. The
// published one is DCGAN(16, 100, 3, 256): 100→512→256→128→64→32→16→3.
func DCGAN(width, latent, channels, imageSize int) Arch {
	a := Arch{
		FormatVersion: 2,
		Network:       NetworkDCGAN,
		Channels:      channels,
		ImageSize:     imageSize,
		ValueRange:    [2]float32{-1, 1},
		Latent:        latent,
	}
	in, out := latent, width
	for size := 8; size < imageSize; size *= 2 {
		out *= 2
	}
	for size, i := 4, 0; size <= imageSize; size, i = 2*size, i+1 {
		l := Layer{Type: ConvTranspose, Name: fmt.Sprintf("main.%d", 3*i), In: in, Out: out, Kernel: 4, Stride: 2, Padding: 1,
			Norm: NormBatch, NormName: fmt.Sprintf("main.%d", 3*i+1), Activation: ActivationReLU, Algorithm: AlgorithmDirect}
		if size == 4 {
			l.Stride, l.Padding = 1, 0
		}
		if size == imageSize {
			l.Out, l.Norm, l.NormName, l.Activation = channels, "", "", ActivationTanh
		}
		a.Layers = append(a.Layers, l)
		in, out = out, out/2
	}
	return a
}

// Chaos is the encryptor of the second system, and its reconstruction network: three encoder-decoders at full size, of width,
// 2·width and 4·width channels with blocks residual blocks in each part, one channel or three in and out, samples in
// [0, 1]. Every convolution but the last has affine instance norm and ReLU; the residual blocks have batch norm, a LeakyReLU
// before the addition and, in training, dropout. The published one is Chaos(64, 2, 1, 256).
//
// In the state dict the convolutions are layers.0, layers.1, …, each one's norm norms.0, norms.1, ….
func Chaos(width, blocks, channels, imageSize int) Arch {
	a := Arch{
		FormatVersion: 2,
		Network:       NetworkChaos,
		Channels:      channels,
		ImageSize:     imageSize,
		ValueRange:    [2]float32{0, 1},
	}
	in := channels
	add := func(l Layer) {
		n := len(a.Layers)
		l.Name, l.NormName = fmt.Sprintf("layers.%d", n), fmt.Sprintf("norms.%d", n)
		l.In, l.Stride, l.Padding, l.Algorithm = in, 1, l.Kernel/2, AlgorithmDirect
		a.Layers = append(a.Layers, l)
		in = l.Out
	}
	plain := func(kind string, kernel, out int) {
		add(Layer{Type: kind, Kernel: kernel, Out: out, Norm: NormInstanceAffine, Activation: ActivationReLU})
	}
	residual := func() {
		for range blocks {
			add(Layer{Type: Conv, Kernel: 3, Out: in, Norm: NormBatch, Activation: ActivationReLU, Residual: ResidualBegin, Dropout: 0.5})
			add(Layer{Type: Conv, Kernel: 3, Out: in, Norm: NormBatch, BeforeAdd: ActivationLeakyReLU, Activation: ActivationReLU,
				Residual: ResidualEnd, Dropout: 0.3})
		}
	}
	w := width
	for stage, up := range [][]int{{4 * w, 2 * w, w}, {2 * w, w}, {4 * w, 2 * w, w}} {
		plain(Conv, 7, w)
		for out := 2 * w; out <= up[0]; out *= 2 {
			plain(Conv, 3, out)
		}
		residual()
		for _, out := range up {
			plain(ConvTranspose, 3, out)
		}
		if stage < 2 {
			residual()
		}
	}
	add(Layer{Type: Conv, Kernel: 7, Out: channels, Bias: true, Activation: ActivationReLU})
	a.Layers[len(a.Layers)-1].NormName = ""
	return a
}

// Params lists what the archive must hold besides "arch", in the order of the layers. What is not learnt but counted, a batch
// norm's running mean and variance, is among them.
func (a Arch) Params() []Param {
	var params []Param
	for _, l := range a.Layers {
		params = append(params, l.params()...)
	}
	return params
}

// params are l's own.
func (l Layer) params() []Param {
	params := []Param{{l.weight(), l.shape()}}
	add := func(module string, names ...string) {
		for _, name := range names {
			params = append(params, Param{module + "." + name, []int{l.Out}})
		}
	}
	if l.Bias {
		add(l.Name, "bias")
	}
	if l.NormName != "" {
		add(l.NormName, "weight", "bias")
	}
	if l.Norm == NormBatch {
		add(l.NormName, "running_mean", runningVar)
	}
	if l.Noise != "" {
		add(l.Noise, "weight")
	}
	return params
}

// runningVar is the last part of the name of a batch norm's variance.
const runningVar = "running_var"

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
