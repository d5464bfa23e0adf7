package nn

import (
	"math"

	torch "keygan/gotorch"
	"keygan/gotorch/nn/functional"
	"keygan/gotorch/nn/initializer"
)

// Conv2dModule is a convolution with square kernels.
type Conv2dModule struct {
	Module
	InChannels  int64
	OutChannels int64
	KernelSize  int64
	Stride      int64
	Padding     int64
	Dilation    int64
	Groups      int64
	PaddingMode string
	Weight      torch.Tensor // [OutChannels, InChannels/Groups, KernelSize, KernelSize]
	Bias        torch.Tensor // [OutChannels]
}

// Conv2d makes a convolution with PyTorch's first weights. The padding mode is "zeros", "reflect" or "replicate".
func Conv2d(inChannels, outChannels, kernelSize, stride, padding, dilation, groups int64, bias bool,
	paddingMode string) *Conv2dModule {
	if groups < 1 || inChannels%groups != 0 {
		misuse("conv2d", "%d channels cannot be split into %d groups", inChannels, groups)
	}
	c := &Conv2dModule{InChannels: inChannels, OutChannels: outChannels, KernelSize: kernelSize, Stride: stride,
		Padding: padding, Dilation: dilation, Groups: groups, PaddingMode: zeros(paddingMode)}
	c.Weight = torch.Empty([]int64{outChannels, inChannels / groups, kernelSize, kernelSize}, true)
	if bias {
		c.Bias = torch.Empty([]int64{outChannels}, true)
	}
	c.Init(c)
	firstWeights(&c.Weight, &c.Bias)
	return c
}

// Forward maps [N, InChannels, H, W] to [N, OutChannels, H', W'].
func (c *Conv2dModule) Forward(x torch.Tensor) torch.Tensor {
	padding := c.Padding
	if c.PaddingMode != "zeros" {
		x = functional.Pad(x, []int64{padding, padding, padding, padding}, c.PaddingMode, 0)
		padding = 0
	}
	return functional.Conv2d(x, c.Weight, c.Bias, []int64{c.Stride, c.Stride}, []int64{padding, padding},
		[]int64{c.Dilation, c.Dilation}, c.Groups)
}

// ConvTranspose2dModule is a transposed convolution with square kernels.
type ConvTranspose2dModule struct {
	Module
	InChannels  int64
	OutChannels int64
	KernelSize  int64
	Stride      int64
	Padding     int64
	OutPadding  int64
	Groups      int64
	Dilation    int64
	PaddingMode string
	Weight      torch.Tensor // [InChannels, OutChannels/Groups, KernelSize, KernelSize]
	Bias        torch.Tensor // [OutChannels]
}

// ConvTranspose2d makes a transposed convolution with PyTorch's first weights. The only padding mode is "zeros".
func ConvTranspose2d(inChannels, outChannels, kernelSize, stride, padding, outPadding, groups int64, bias bool,
	dilation int64, paddingMode string) *ConvTranspose2dModule {
	if groups < 1 || outChannels%groups != 0 {
		misuse("conv_transpose2d", "%d channels cannot be split into %d groups", outChannels, groups)
	}
	c := &ConvTranspose2dModule{InChannels: inChannels, OutChannels: outChannels, KernelSize: kernelSize, Stride: stride,
		Padding: padding, OutPadding: outPadding, Groups: groups, Dilation: dilation, PaddingMode: zeros(paddingMode)}
	if c.PaddingMode != "zeros" {
		misuse("conv_transpose2d", "padding mode %q, expected zeros", paddingMode)
	}
	c.Weight = torch.Empty([]int64{inChannels, outChannels / groups, kernelSize, kernelSize}, true)
	if bias {
		c.Bias = torch.Empty([]int64{outChannels}, true)
	}
	c.Init(c)
	firstWeights(&c.Weight, &c.Bias)
	return c
}

// Forward maps [N, InChannels, H, W] to [N, OutChannels, H', W'].
func (c *ConvTranspose2dModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.ConvTranspose2d(x, c.Weight, c.Bias, []int64{c.Stride, c.Stride}, []int64{c.Padding, c.Padding},
		[]int64{c.OutPadding, c.OutPadding}, c.Groups, []int64{c.Dilation, c.Dilation})
}

// zeros is the one name for the padding mode that programs spell in several ways.
func zeros(paddingMode string) string {
	switch paddingMode {
	case "", "zero", "zeros":
		return "zeros"
	case "reflect", "replicate":
		return paddingMode
	}
	misuse("conv", "unknown padding mode %q, expected zeros, reflect or replicate", paddingMode)
	return ""
}

// firstWeights draws a weight and a bias, if there is one, evenly from ±1/√fan, which is what Kaiming's rule gives for
// PyTorch's slope of √5.
func firstWeights(weight, bias *torch.Tensor) {
	initializer.KaimingUniform(weight, math.Sqrt(5), "fan_in", "leaky_relu")
	if bias.T != nil {
		fanIn, _ := initializer.CalculateFanInAndFanOut(*weight)
		bound := 1 / math.Sqrt(float64(fanIn))
		initializer.Uniform(bias, -bound, bound)
	}
}
