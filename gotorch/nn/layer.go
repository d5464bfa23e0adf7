package nn

import (
	"math"
	"reflect"
	"slices"
	"strings"

	torch "keygan/gotorch"
	"keygan/gotorch/nn/functional"
	"keygan/gotorch/nn/initializer"
)

// Conv2dModule is a convolution with square kernels.
type Conv2dModule struct {
	Module
	InChannels, OutChannels, KernelSize int64
	Stride, Padding, Dilation, Groups   int64
	PaddingMode                         string
	Weight                              torch.Tensor // [OutChannels, InChannels/Groups, KernelSize, KernelSize]
	Bias                                torch.Tensor // [OutChannels]
}

// Conv2d makes a convolution with PyTorch's initial weights. The padding mode is "zeros", "reflect" or "replicate".
func Conv2d(inChannels, outChannels, kernelSize, stride, padding, dilation, groups int64, bias bool, paddingMode string) *Conv2dModule {
	c := &Conv2dModule{InChannels: inChannels, OutChannels: outChannels, KernelSize: kernelSize, Stride: stride,
		Padding: padding, Dilation: dilation, Groups: groups, PaddingMode: checkedPadding(paddingMode, "reflect", "replicate")}
	c.Weight, c.Bias = initialWeights(bias, outChannels, outChannels, split(inChannels, groups), kernelSize, kernelSize)
	c.Init(c)
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
	InChannels, OutChannels, KernelSize           int64
	Stride, Padding, OutPadding, Groups, Dilation int64
	PaddingMode                                   string
	Weight                                        torch.Tensor // [InChannels, OutChannels/Groups, KernelSize, KernelSize]
	Bias                                          torch.Tensor // [OutChannels]
}

// ConvTranspose2d makes a transposed convolution with PyTorch's initial weights. The only padding mode is "zeros".
func ConvTranspose2d(inChannels, outChannels, kernelSize, stride, padding, outPadding, groups int64, bias bool,
	dilation int64, paddingMode string) *ConvTranspose2dModule {
	c := &ConvTranspose2dModule{InChannels: inChannels, OutChannels: outChannels, KernelSize: kernelSize, Stride: stride,
		Padding: padding, OutPadding: outPadding, Groups: groups, Dilation: dilation, PaddingMode: checkedPadding(paddingMode)}
	c.Weight, c.Bias = initialWeights(bias, outChannels, inChannels, split(outChannels, groups), kernelSize, kernelSize)
	c.Init(c)
	return c
}

// Forward maps [N, InChannels, H, W] to [N, OutChannels, H', W'].
func (c *ConvTranspose2dModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.ConvTranspose2d(x, c.Weight, c.Bias, []int64{c.Stride, c.Stride}, []int64{c.Padding, c.Padding},
		[]int64{c.OutPadding, c.OutPadding}, c.Groups, []int64{c.Dilation, c.Dilation})
}

// LinearModule is a dense layer.
type LinearModule struct {
	Module
	InFeatures, OutFeatures int64
	Weight                  torch.Tensor // [OutFeatures, InFeatures]
	Bias                    torch.Tensor // [OutFeatures]
}

// Linear makes a dense layer with PyTorch's initial weights.
func Linear(in, out int64, bias bool) *LinearModule {
	l := &LinearModule{InFeatures: in, OutFeatures: out}
	l.Weight, l.Bias = initialWeights(bias, out, out, in)
	l.Init(l)
	return l
}

// Forward maps [..., InFeatures] to [..., OutFeatures].
func (l *LinearModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.Linear(x, l.Weight, l.Bias)
}

// BatchNorm2dModule normalises each channel over the batch.
type BatchNorm2dModule struct {
	Module
	NumFeatures               int64
	Eps, Momentum             float64
	Affine, TrackRunningStats bool
	Weight, Bias              torch.Tensor // [NumFeatures], if affine
	RunningMean, RunningVar   torch.Tensor `gotorch:"buffer"`
}

// BatchNorm2d makes a batch norm with weight 1, bias 0, running mean 0 and running variance 1.
func BatchNorm2d(numFeatures int64, eps, momentum float64, affine, trackRunningStats bool) *BatchNorm2dModule {
	b := &BatchNorm2dModule{NumFeatures: numFeatures, Eps: eps, Momentum: momentum, Affine: affine, TrackRunningStats: trackRunningStats}
	shape := []int64{numFeatures}
	if affine {
		b.Weight, b.Bias = torch.Ones(shape, true), torch.Zeros(shape, true)
	}
	if trackRunningStats {
		b.RunningMean, b.RunningVar = torch.Zeros(shape, false), torch.Ones(shape, false)
	}
	b.Init(b)
	return b
}

// Forward normalises [N, NumFeatures, H, W], in training by the batch's statistics, which the running ones follow, else by these.
func (b *BatchNorm2dModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.BatchNorm(x, b.RunningMean, b.RunningVar, b.Weight, b.Bias,
		b.IsTraining() || b.RunningMean.T == nil, b.Momentum, b.Eps)
}

func split(channels, groups int64) int64 {
	if groups < 1 || channels%groups != 0 {
		misuse("conv", "%d channels cannot be split into %d groups", channels, groups)
	}
	return channels / groups
}

// checkedPadding returns the padding mode, which is one of others or "zeros". Upstream's programs also write "zero".
func checkedPadding(mode string, others ...string) string {
	if mode == "" || mode == "zero" {
		mode = "zeros"
	}
	if mode != "zeros" && !slices.Contains(others, mode) {
		misuse("conv", "padding mode %q, expected %s", mode, strings.Join(append(others, "zeros"), ", "))
	}
	return mode
}

// initialWeights draws a weight of a shape and, if wanted, a bias of length out, uniformly from ±1/√fanIn: Kaiming's rule with slope √5.
func initialWeights(withBias bool, out int64, shape ...int64) (weight, bias torch.Tensor) {
	weight = torch.Empty(shape, true)
	initializer.KaimingUniform(&weight, math.Sqrt(5), "fan_in", "leaky_relu")
	if withBias {
		bias = torch.Empty([]int64{out}, true)
		fanIn, _ := initializer.CalculateFanInAndFanOut(weight)
		bound := 1 / math.Sqrt(float64(fanIn))
		initializer.Uniform(&bias, -bound, bound)
	}
	return weight, bias
}

// SequentialModule passes the result of each module to the next.
type SequentialModule struct {
	Module
	Modules []IModule
}

// Sequential makes a SequentialModule. Each module needs a method Forward.
func Sequential(modules ...IModule) *SequentialModule {
	s := &SequentialModule{Modules: modules}
	s.Init(s)
	return s
}

// Forward passes inputs to the first module and returns the single result of the last one, usually a torch.Tensor.
func (s *SequentialModule) Forward(inputs ...any) any {
	if len(s.Modules) == 0 {
		misuse("sequential", "no modules to go forward through")
	}
	values := inputs
	for i, m := range s.Modules {
		values = forward(i, m, values)
	}
	if len(values) != 1 {
		misuse("sequential", "the last module returned %d values, expected one", len(values))
	}
	return values[0]
}

// forward calls a module's Forward, whatever its signature.
func forward(i int, m IModule, inputs []any) []any {
	if f, ok := m.(interface {
		Forward(torch.Tensor) torch.Tensor
	}); ok && len(inputs) == 1 {
		if x, ok := inputs[0].(torch.Tensor); ok {
			return []any{f.Forward(x)}
		}
	}
	method := reflect.ValueOf(m).MethodByName("Forward")
	if !method.IsValid() {
		misuse("sequential", "module %d, a %T, has no method Forward", i, m)
	}
	args := make([]reflect.Value, len(inputs))
	for k, x := range inputs {
		args[k] = reflect.ValueOf(x)
	}
	var r []any
	for _, v := range method.Call(args) {
		r = append(r, v.Interface())
	}
	return r
}

// FunctionalModule makes a module of a function.
type FunctionalModule struct {
	Module
	Function func(torch.Tensor) torch.Tensor
}

// Functional makes a module of a function.
func Functional(f func(torch.Tensor) torch.Tensor) *FunctionalModule {
	m := &FunctionalModule{Function: f}
	m.Init(m)
	return m
}

// Forward calls the function.
func (f *FunctionalModule) Forward(input torch.Tensor) torch.Tensor { return f.Function(input) }
