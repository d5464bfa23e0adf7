package infer

import (
	"cmp"
	"slices"
)

// FormatVersion is the version of the file format. Version 1 had one algorithm and fewer layers; it is no longer read.
const FormatVersion = 2

// The values that the fields of a Layer can have. layers.go describes each.
const (
	Conv          = "conv"           // Type: convolution with zero padding, weight [Out, In, Kernel, Kernel]
	ConvTranspose = "conv_transpose" // Type: transposed convolution, weight [In, Out, Kernel, Kernel]

	NormInstance       = "instance"        // Norm: instance norm, biased variance, no scale or shift
	NormInstanceAffine = "instance_affine" // Norm: the same, then scale and shift by channel
	NormBatch          = "batch"           // Norm: by running mean and variance, then scale and shift

	ActivationReLU      = "relu"
	ActivationTanh      = "tanh"
	ActivationLeakyReLU = "leaky_relu" // slope 0.2

	ResidualBegin = "begin" // Residual: the input of this layer is remembered
	ResidualEnd   = "end"   // Residual: the remembered input is added after Norm and BeforeAdd, before Activation
)

// The values of Arch.Network.
const (
	NetworkResNet = "resnet" // image to image
	NetworkDCGAN  = "dcgan"  // noise to image
	NetworkChaos  = "chaos"  // image to image, at full size throughout
)

// LeakySlope is the slope of LeakyReLU below zero.
const LeakySlope = 0.2

// Layer is one convolution and what follows it:
//
//	y = activation(before_add(norm(conv(x) + bias)) + remembered) + scale·noise
type Layer struct {
	Type          string  `json:"type"`
	Name          string  `json:"name"` // prefix in the state dict, "encoder.0"; the parameter is Name + ".weight"
	In            int     `json:"in"`   // channels
	Out           int     `json:"out"`
	Kernel        int     `json:"kernel"`
	Stride        int     `json:"stride"`
	Padding       int     `json:"padding,omitempty"`
	OutputPadding int     `json:"output_padding,omitempty"`
	Bias          bool    `json:"bias,omitempty"` // Name + ".bias", [Out]
	Norm          string  `json:"norm,omitempty"`
	NormName      string  `json:"norm_name,omitempty"`  // prefix of the norm's own arrays, [Out] each
	Epsilon       float64 `json:"epsilon,omitempty"`    // is added to a norm's variance; 0: DefaultEpsilon
	BeforeAdd     string  `json:"before_add,omitempty"` // an activation, where Residual ends
	Activation    string  `json:"activation,omitempty"`
	Residual      string  `json:"residual,omitempty"`
	Noise         string  `json:"noise,omitempty"` // prefix of weight, [Out]: the share of a common plane of noise that each channel gets
	Algorithm     string  `json:"algorithm"`       // decides the last bits of the key: a reader that lacks it must refuse

	// Dropout is the share of elements that training sets to zero, after the activation, or before a Residual is added; keys have none.
	Dropout float64 `json:"-"`
	// Momentum is the share of a batch norm's running mean and variance that a step of training keeps; 0: 0.9.
	Momentum float64 `json:"-"`
}

// DefaultEpsilon is PyTorch's.
const DefaultEpsilon = 1e-5

// NormEpsilon is what is added to the variance of l's norm before its root is taken.
func (l Layer) NormEpsilon() float64 { return cmp.Or(l.Epsilon, DefaultEpsilon) }

// Arch describes a generator: everything in generator.npz except the numbers.
type Arch struct {
	FormatVersion int        `json:"format_version"`
	Network       string     `json:"network"`
	Channels      int        `json:"channels"`              // of the image and of the key: 1 or 3
	ImageSize     int        `json:"image_size"`            // side, in pixels, of the images it was trained on; Forward takes any size
	ValueRange    [2]float32 `json:"value_range"`           // of input and output samples: −1, 1 or 0, 1
	Latent        int        `json:"latent,omitempty"`      // numbers of noise that dcgan takes instead of an image; 0: none
	InputNoise    float32    `json:"input_noise,omitempty"` // σ of the noise added to the image, as a share of the value range
	ConfigHash    string     `json:"config_hash"`           // of the training configuration, or empty
	Layers        []Layer    `json:"layers"`

	Init string `json:"-"` // how training draws the first weights; "": as PyTorch does
}

// Param is one array that the archive must hold.
type Param struct {
	Name  string
	Shape []int
}

// Size is how many numbers the array holds.
func (p Param) Size() int { return int(p.size()) }

// A weight has at most 4096 · 4096 · 15² numbers, which an int of 32 bits does not hold.
func (p Param) size() int64 {
	n := int64(1)
	for _, d := range p.Shape {
		n *= int64(d)
	}
	return n
}

// Array is a dense array in C order: the last index runs fastest.
type Array struct {
	Shape []int
	Data  []float32
}

// Params lists the arrays that the archive must hold besides "arch", running means and variances included, in the order of the layers.
func (a Arch) Params() []Param {
	var params []Param
	for _, l := range a.Layers {
		params = slices.Concat(params, l.params())
	}
	return params
}

func (l Layer) params() []Param {
	params := []Param{{l.Name + ".weight", l.kind().weight(l)}}
	add := func(module string, names ...string) {
		for _, name := range names {
			params = append(params, Param{module + "." + name, []int{l.Out}})
		}
	}
	if l.Bias {
		add(l.Name, "bias")
	}
	add(l.NormName, l.norm().learnt...)
	if l.Noise != "" {
		add(l.Noise, "weight")
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
