package infer

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

func newArch(network string, channels, imageSize int, low float32) Arch {
	return Arch{FormatVersion: FormatVersion, Network: network, Channels: channels, ImageSize: imageSize, ValueRange: [2]float32{low, 1}}
}

// add appends l, computed by the algorithm that is fastest for it.
func (a *Arch) add(l Layer) {
	l.Algorithm = l.fastestAlgorithm()
	a.Layers = append(a.Layers, l)
}

// ResNet is the generator of the WGAN-GP system: 7×7 convolution, two of stride 2, residual blocks at 4·width channels,
// two transposed convolutions, 7×7 convolution, tanh. The published one is ResNet(64, 6, 3, 256), 7,833,984 parameters.
func ResNet(width, blocks, channels, imageSize int) Arch {
	a := newArch(NetworkResNet, channels, imageSize, -1)
	w := width
	conv := func(name string, in, out, stride int, residual string) {
		a.add(Layer{Type: Conv, Name: name, In: in, Out: out, Kernel: 3, Stride: stride, Padding: 1,
			Norm: NormInstance, Activation: ActivationReLU, Residual: residual})
	}
	up := func(name string, in, out int) {
		a.add(Layer{Type: ConvTranspose, Name: name, In: in, Out: out, Kernel: 3, Stride: 2, Padding: 1, OutputPadding: 1,
			Norm: NormInstance, Activation: ActivationReLU})
	}
	a.add(Layer{Type: Conv, Name: "encoder.0", In: channels, Out: w, Kernel: 7, Stride: 1, Padding: 3,
		Norm: NormInstance, Activation: ActivationReLU})
	conv("encoder.3", w, 2*w, 2, "")
	conv("encoder.6", 2*w, 4*w, 2, "")
	for i := range blocks {
		conv(fmt.Sprintf("res_blocks.%d.block.0", i), 4*w, 4*w, 1, ResidualBegin)
		conv(fmt.Sprintf("res_blocks.%d.block.3", i), 4*w, 4*w, 1, ResidualEnd)
	}
	up("decoder.0", 4*w, 2*w)
	up("decoder.3", 2*w, w)
	a.add(Layer{Type: Conv, Name: "decoder.6", In: w, Out: channels, Kernel: 7, Stride: 1, Padding: 3, Activation: ActivationTanh})
	return a
}

// DCGAN is the earlier system's generator, of keys from noise: transposed 4×4 convolutions from [latent, 1, 1], the first to 4×4 pixels,
// each later one to twice the side, with batch norm and ReLU, and tanh at the end. The last layer but one has width channels, each before
// twice as many as the next. imageSize must be a power of two, at least 8. The published one is DCGAN(16, 100, 3, 256): 100→512→…→16→3.
func DCGAN(width, latent, channels, imageSize int) Arch {
	a := newArch(NetworkDCGAN, channels, imageSize, -1)
	a.Latent = latent
	in, out := latent, width
	for size := 8; size < imageSize; size *= 2 {
		out *= 2
	}
	for size, i := 4, 0; size <= imageSize; size, i = 2*size, i+1 {
		l := Layer{Type: ConvTranspose, Name: fmt.Sprintf("main.%d", 3*i), In: in, Out: out, Kernel: 4, Stride: 2, Padding: 1,
			Norm: NormBatch, NormName: fmt.Sprintf("main.%d", 3*i+1), Activation: ActivationReLU}
		if size == 4 {
			l.Stride, l.Padding = 1, 0
		}
		if size == imageSize {
			l.Out, l.Norm, l.NormName, l.Activation = channels, "", "", ActivationTanh
		}
		a.add(l)
		in, out = out, out/2
	}
	return a
}

// Chaos is the encryptor of the second system, and its reconstruction network: three encoder-decoders at full size, of width,
// 2·width and 4·width channels with blocks residual blocks in each part, one channel or three in and out, samples in
// [0, 1]. Every convolution but the last has affine instance norm and ReLU; the residual blocks have batch norm, a LeakyReLU
// before the addition and, in training, dropout. The published one is Chaos(64, 2, 1, 256).
//
// In the state dict the convolutions are layers.0, layers.1, …, and their norms norms.0, norms.1, ….
func Chaos(width, blocks, channels, imageSize int) Arch {
	a := newArch(NetworkChaos, channels, imageSize, 0)
	in := channels
	add := func(l Layer) {
		n := len(a.Layers)
		l.Name, l.In, l.Stride, l.Padding = fmt.Sprintf("layers.%d", n), in, 1, l.Kernel/2
		if l.Norm != "" {
			l.NormName = fmt.Sprintf("norms.%d", n)
		}
		a.add(l)
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
	return a
}

// WithNorm returns a with another norm, or with "" none, wherever it has one. Its name is that of the module after the convolution.
func (a Arch) WithNorm(norm string) Arch {
	a.Layers = slices.Clone(a.Layers)
	for i := range a.Layers {
		l := &a.Layers[i]
		if l.Norm == "" {
			continue
		}
		l.Norm, l.NormName = norm, ""
		if len(l.norm().learnt) > 0 {
			l.NormName = nextModule(l.Name)
		}
	}
	return a
}

// WithNoise returns a with noise, as much as training learns, after each residual block. Without, flat regions give periodic texture.
func (a Arch) WithNoise() Arch {
	a.Layers = slices.Clone(a.Layers)
	for i := range a.Layers {
		if l := &a.Layers[i]; l.Residual == ResidualEnd {
			block, _, _ := strings.Cut(l.Name, ".block.")
			l.Noise = block + ".noise"
		}
	}
	return a
}

// nextModule is the name of the module after the one called name in an nn.Sequential.
func nextModule(name string) string {
	dot := strings.LastIndexByte(name, '.')
	index, err := strconv.Atoi(name[dot+1:])
	if err != nil {
		panic("infer: not a module of a sequence: " + name)
	}
	return fmt.Sprintf("%s.%d", name[:dot], index+1)
}
