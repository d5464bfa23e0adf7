package gotorch_test

import (
	"unsafe"

	torch "keygan/gotorch"
	"keygan/gotorch/nn"
	"keygan/gotorch/nn/functional"
	"keygan/gotorch/nn/initializer"
)

// This file compiles only while every exported name that github.com/wangkuiyi/gotorch shares with this module has upstream's
// signature, so that a program for upstream compiles with the import path changed. docs/gotorch.md lists upstream's other
// names.

type (
	ints   = []int64
	tensor = torch.Tensor
)

var (
	_ = [...]int8{torch.Byte, torch.Char, torch.Short, torch.Int, torch.Long, torch.Half, torch.Float, torch.Double,
		torch.ComplexHalf, torch.ComplexFloat, torch.ComplexDouble, torch.Bool, torch.QInt8, torch.QUInt8, torch.QInt32,
		torch.BFloat16, torch.Invalid}

	// Devices and streams.
	_ func(string) torch.Device           = torch.NewDevice
	_ func() bool                         = torch.IsCUDAAvailable
	_ func() bool                         = torch.IsCUDNNAvailable
	_ func(int32)                         = torch.SetNumThreads
	_ func(torch.Device) torch.CUDAStream = torch.GetCurrentCUDAStream
	_ func(torch.Device) torch.CUDAStream = torch.NewCUDAStream
	_ func(torch.CUDAStream)              = torch.SetCurrentCUDAStream
	_ func(torch.CUDAStream) bool         = torch.CUDAStream.Query
	_ func(torch.CUDAStream)              = torch.CUDAStream.Synchronize

	// Optimizers.
	_ func(lr, momentum, dampening, weightDecay float64, nesterov bool) torch.Optimizer = torch.SGD
	_ func(lr, beta1, beta2, weightDecay float64) torch.Optimizer                       = torch.Adam
	_ func(torch.Optimizer, []tensor)                                                   = torch.Optimizer.AddParameters
	_ func(torch.Optimizer)                                                             = torch.Optimizer.ZeroGrad
	_ func(torch.Optimizer)                                                             = torch.Optimizer.Step
	_ func(torch.Optimizer, float64)                                                    = torch.Optimizer.SetLR
	_ func(torch.Optimizer)                                                             = torch.Optimizer.Close

	// New tensors, and memory.
	_ func(data any, options ...map[string]any) tensor                                   = torch.NewTensor
	_ func(unsafe.Pointer, int8, []int64) tensor                                         = torch.FromBlob
	_ func(ints, bool) tensor                                                            = torch.RandN
	_ func(ints, bool) tensor                                                            = torch.Rand
	_ func(ints, bool) tensor                                                            = torch.Empty
	_ func(ints, bool) tensor                                                            = torch.Ones
	_ func(n, m int64, requiresGrad bool) tensor                                         = torch.Eye
	_ func(ints, float32, bool) tensor                                                   = torch.Full
	_ func(begin, end, step float32, requiresGrad bool) tensor                           = torch.Arange
	_ func(begin, end float32, steps int64, requiresGrad bool) tensor                    = torch.Linspace
	_ func(begin, end float32, steps int64, base float64, requiresGrad bool) tensor      = torch.Logspace
	_ func(path string) tensor                                                           = torch.Load
	_ func()                                                                             = torch.GC
	_ func()                                                                             = torch.FinishGC
	_ func(t tensor, k, dim int64, largest, sorted bool) (values tensor, indices tensor) = torch.TopK

	// Functions of tensors.
	_ func(a, b tensor, alpha float32) tensor                = torch.Add
	_ func(a, b tensor, alpha float32) tensor                = torch.Sub
	_ func(a, b tensor) tensor                               = torch.Mul
	_ func(a, b tensor) tensor                               = torch.Div
	_ func(a, b tensor) tensor                               = torch.Eq
	_ func(a, b tensor) bool                                 = torch.Equal
	_ func(a, b tensor) bool                                 = torch.AllClose
	_ func(a, b tensor) tensor                               = torch.ExpandAs
	_ func(a, b tensor) tensor                               = torch.MM
	_ func(t tensor, startDim, endDim int64) tensor          = torch.Flatten
	_ func(t tensor, dim int64, index tensor) tensor         = torch.IndexSelect
	_ func(t tensor, negativeSlope float64) tensor           = torch.LeakyRelu
	_ func(t tensor, dim int64) tensor                       = torch.LogSoftmax
	_ func(tensor) tensor                                    = torch.Mean
	_ func(tensor) tensor                                    = torch.Relu
	_ func(tensor) tensor                                    = torch.Sigmoid
	_ func(tensor) tensor                                    = torch.Tanh
	_ func(ts []tensor, dim int64) tensor                    = torch.Stack
	_ func(t tensor, dim ...int64) tensor                    = torch.Squeeze
	_ func(t tensor, opt ...map[string]any) tensor           = torch.Sum
	_ func(t tensor, device torch.Device, dtype int8) tensor = torch.To
	_ func(t tensor, dim0, dim1 int64) tensor                = torch.Transpose
	_ func(t tensor, shape ...int64) tensor                  = torch.View

	// Methods of tensors.
	_ func(t, other tensor, alpha float32) tensor                  = tensor.Add
	_ func(t, other tensor, alpha float32) tensor                  = tensor.AddI
	_ func(t, other tensor, alpha float32) tensor                  = tensor.Sub
	_ func(t, other tensor, alpha float32) tensor                  = tensor.SubI
	_ func(t, other tensor) tensor                                 = tensor.Mul
	_ func(t, other tensor) tensor                                 = tensor.MulI
	_ func(t, other tensor) tensor                                 = tensor.Div
	_ func(t, other tensor) tensor                                 = tensor.DivI
	_ func(t, other tensor) tensor                                 = tensor.Eq
	_ func(t, other tensor) tensor                                 = tensor.ExpandAs
	_ func(t tensor, opts ...any) tensor                           = tensor.Argmax
	_ func(t tensor, opts ...any) tensor                           = tensor.Argmin
	_ func(tensor)                                                 = tensor.Backward
	_ func(t tensor, device torch.Device, nonBlocking bool) tensor = tensor.CUDA
	_ func(tensor, int8) tensor                                    = tensor.CastTo
	_ func(tensor, torch.Device) tensor                            = tensor.CopyTo
	_ func(tensor) tensor                                          = tensor.Detach
	_ func(tensor) int64                                           = tensor.Dim
	_ func(tensor) int8                                            = tensor.Dtype
	_ func(*tensor, []byte) error                                  = (*tensor).GobDecode
	_ func(tensor) ([]byte, error)                                 = tensor.GobEncode
	_ func(tensor) tensor                                          = tensor.Grad
	_ func(t tensor, index ...int64) tensor                        = tensor.Index
	_ func(t tensor, dim int64, index tensor) tensor               = tensor.IndexSelect
	_ func(tensor) any                                             = tensor.Item
	_ func(tensor, float64) tensor                                 = tensor.LeakyRelu
	_ func(tensor, int64) tensor                                   = tensor.LogSoftmax
	_ func(tensor) tensor                                          = tensor.Mean
	_ func(tensor, []int64) tensor                                 = tensor.Permute
	_ func(tensor) tensor                                          = tensor.PinMemory
	_ func(tensor)                                                 = tensor.Print
	_ func(tensor) tensor                                          = tensor.Relu
	_ func(tensor, string)                                         = tensor.Save
	_ func(t, data tensor)                                         = tensor.SetData
	_ func(tensor) []int64                                         = tensor.Shape
	_ func(tensor) tensor                                          = tensor.Sigmoid
	_ func(t tensor, dim ...int64) tensor                          = tensor.Squeeze
	_ func(tensor) string                                          = tensor.String
	_ func(t tensor, opt ...map[string]any) tensor                 = tensor.Sum
	_ func(tensor) tensor                                          = tensor.Tanh
	_ func(t tensor, device torch.Device, dtype ...int8) tensor    = tensor.To
	_ func(t tensor, dim0, dim1 int64) tensor                      = tensor.Transpose
	_ func(t tensor, shape ...int64) tensor                        = tensor.View

	// Package nn.
	_ nn.IModule                                                                                                     = (*nn.Module)(nil)
	_ func(numFeatures int64, eps, momentum float64, affine, trackRunningStats bool) *nn.BatchNorm2dModule           = nn.BatchNorm2d
	_ func(in, out, kernel, stride, padding, dilation, groups int64, bias bool, paddingMode string) *nn.Conv2dModule = nn.Conv2d
	_ func(in, out, kernel, stride, padding, outPadding, groups int64, bias bool, dilation int64,
		paddingMode string) *nn.ConvTranspose2dModule = nn.ConvTranspose2d
	_ func(in, out int64, bias bool) *nn.LinearModule        = nn.Linear
	_ func(func(tensor) tensor) *nn.FunctionalModule         = nn.Functional
	_ func(...nn.IModule) *nn.SequentialModule               = nn.Sequential
	_ func(*nn.BatchNorm2dModule, tensor) tensor             = (*nn.BatchNorm2dModule).Forward
	_ func(*nn.Conv2dModule, tensor) tensor                  = (*nn.Conv2dModule).Forward
	_ func(*nn.ConvTranspose2dModule, tensor) tensor         = (*nn.ConvTranspose2dModule).Forward
	_ func(*nn.LinearModule, tensor) tensor                  = (*nn.LinearModule).Forward
	_ func(*nn.FunctionalModule, tensor) tensor              = (*nn.FunctionalModule).Forward
	_ func(*nn.SequentialModule, ...any) any                 = (*nn.SequentialModule).Forward
	_ func(*nn.Module, nn.IModule)                           = (*nn.Module).Init
	_ func(*nn.Module) string                                = (*nn.Module).Name
	_ func(*nn.Module) nn.IModule                            = (*nn.Module).Outer
	_ func(*nn.Module, func(nn.IModule))                     = (*nn.Module).Apply
	_ func(*nn.Module, bool)                                 = (*nn.Module).Train
	_ func(*nn.Module) bool                                  = (*nn.Module).IsTraining
	_ func(m *nn.Module, device torch.Device, dtype ...int8) = (*nn.Module).To
	_ func(*nn.Module) map[string]tensor                     = (*nn.Module).NamedParameters
	_ func(*nn.Module) map[string]tensor                     = (*nn.Module).NamedBuffers
	_ func(*nn.Module) []tensor                              = (*nn.Module).Parameters
	_ func(*nn.Module) []tensor                              = (*nn.Module).Buffers
	_ func(*nn.Module) map[string]tensor                     = (*nn.Module).StateDict
	_ func(*nn.Module, map[string]tensor) error              = (*nn.Module).SetStateDict

	// Packages nn/functional and nn/initializer.
	_ func(input, mean, variance, weight, bias tensor, training bool, momentum, eps float64) tensor = functional.BatchNorm
	_ func(input, weight, bias tensor, stride, padding, dilation []int64, groups int64) tensor      = functional.Conv2d
	_ func(input, weight, bias tensor, stride, padding, outputPadding []int64, groups int64,
		dilation []int64) tensor = functional.ConvTranspose2d
	_ func(input tensor, dim int64) tensor                                                    = functional.LogSoftmax
	_ func(input, target, weight tensor, ignoreIndex int64, reduction string) tensor          = functional.NllLoss
	_ func(input, target, weight tensor, ignoreIndex int64, reduction string) tensor          = functional.CrossEntropy
	_ func(input, target, weight tensor, reduction string) tensor                             = functional.BinaryCrossEntropy
	_ func(input tensor, inplace bool) tensor                                                 = functional.Relu
	_ func(input tensor, negativeSlope float64, inplace bool) tensor                          = functional.LeakyRelu
	_ func(input, weight, bias tensor) tensor                                                 = functional.Linear
	_ func(input tensor, kernelSize, stride, padding, dilation []int64, ceilMode bool) tensor = functional.MaxPool2d
	_ func(input tensor, outputSize []int64) tensor                                           = functional.AdaptiveAvgPool2d
	_ func(seed int64)                                                                        = initializer.ManualSeed
	_ func(*tensor)                                                                           = initializer.Zeros
	_ func(*tensor)                                                                           = initializer.Ones
	_ func(t *tensor, low, high float64)                                                      = initializer.Uniform
	_ func(t *tensor, mean, std float64)                                                      = initializer.Normal
	_ func(input *tensor, a float64, fanMode string, nonLinearity string)                     = initializer.KaimingUniform
	_ func(tensor) (fanIn, fanOut int64)                                                      = initializer.CalculateFanInAndFanOut
)

// The fields of nn's modules.
var (
	_ = nn.BatchNorm2dModule{NumFeatures: 1, Eps: 1, Momentum: 1, Affine: true, TrackRunningStats: true, Weight: tensor{},
		Bias: tensor{}, RunningMean: tensor{}, RunningVar: tensor{}}
	_ = nn.Conv2dModule{InChannels: 1, OutChannels: 1, KernelSize: 1, Stride: 1, Padding: 1, Dilation: 1, Groups: 1,
		PaddingMode: "zeros", Weight: tensor{}, Bias: tensor{}}
	_ = nn.ConvTranspose2dModule{InChannels: 1, OutChannels: 1, KernelSize: 1, Stride: 1, Padding: 1, OutPadding: 1, Groups: 1,
		Dilation: 1, PaddingMode: "zeros", Weight: tensor{}, Bias: tensor{}}
	_ = nn.LinearModule{InFeatures: 1, OutFeatures: 1, Weight: tensor{}, Bias: tensor{}}
	_ = nn.SequentialModule{Modules: []nn.IModule{}}
	_ = nn.FunctionalModule{Function: torch.Tanh}
)
