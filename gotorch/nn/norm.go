package nn

import (
	torch "keygan/gotorch"
	"keygan/gotorch/nn/functional"
	"keygan/gotorch/nn/initializer"
)

// BatchNorm2dModule normalises each channel over the batch.
type BatchNorm2dModule struct {
	Module
	NumFeatures       int64
	Eps               float64
	Momentum          float64
	Affine            bool
	TrackRunningStats bool
	Weight            torch.Tensor // [NumFeatures], if affine
	Bias              torch.Tensor // [NumFeatures], if affine
	RunningMean       torch.Tensor `gotorch:"buffer"`
	RunningVar        torch.Tensor `gotorch:"buffer"`
}

// BatchNorm2d makes a batch norm with weight 1, bias 0, running mean 0 and running variance 1.
func BatchNorm2d(numFeatures int64, eps, momentum float64, affine, trackRunningStats bool) *BatchNorm2dModule {
	b := &BatchNorm2dModule{NumFeatures: numFeatures, Eps: eps, Momentum: momentum, Affine: affine,
		TrackRunningStats: trackRunningStats}
	b.Weight, b.Bias, b.RunningMean, b.RunningVar = normTensors(numFeatures, affine, trackRunningStats)
	b.Init(b)
	return b
}

// Forward normalises [N, NumFeatures, H, W]: in training by the batch's statistics, which the running ones follow, else by
// the running ones.
func (b *BatchNorm2dModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.BatchNorm(x, b.RunningMean, b.RunningVar, b.Weight, b.Bias,
		b.IsTraining() || b.RunningMean.T == nil, b.Momentum, b.Eps)
}

// InstanceNorm2dModule normalises each channel of each image.
type InstanceNorm2dModule struct {
	Module
	NumFeatures       int64
	Eps               float64
	Momentum          float64
	Affine            bool
	TrackRunningStats bool
	Weight            torch.Tensor // [NumFeatures], if affine
	Bias              torch.Tensor // [NumFeatures], if affine
	RunningMean       torch.Tensor `gotorch:"buffer"`
	RunningVar        torch.Tensor `gotorch:"buffer"`
}

// InstanceNorm2d makes an instance norm. PyTorch's own defaults are 1e-5, 0.1, false, false.
func InstanceNorm2d(numFeatures int64, eps, momentum float64, affine, trackRunningStats bool) *InstanceNorm2dModule {
	n := &InstanceNorm2dModule{NumFeatures: numFeatures, Eps: eps, Momentum: momentum, Affine: affine,
		TrackRunningStats: trackRunningStats}
	n.Weight, n.Bias, n.RunningMean, n.RunningVar = normTensors(numFeatures, affine, trackRunningStats)
	n.Init(n)
	return n
}

// Forward normalises [N, NumFeatures, H, W]: by the image's own statistics, or, out of training and where they are tracked,
// by the running ones.
func (n *InstanceNorm2dModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.InstanceNorm(x, n.RunningMean, n.RunningVar, n.Weight, n.Bias,
		n.IsTraining() || n.RunningMean.T == nil, n.Momentum, n.Eps)
}

func normTensors(features int64, affine, track bool) (weight, bias, mean, variance torch.Tensor) {
	shape := []int64{features}
	if affine {
		weight, bias = torch.Empty(shape, true), torch.Empty(shape, true)
		initializer.Ones(&weight)
		initializer.Zeros(&bias)
	}
	if track {
		mean, variance = torch.Zeros(shape, false), torch.Ones(shape, false)
	}
	return weight, bias, mean, variance
}

// DropoutModule sets elements to zero at random, in training.
type DropoutModule struct {
	Module
	P float64 // probability of zero
}

// Dropout makes a dropout of probability p.
func Dropout(p float64) *DropoutModule {
	d := &DropoutModule{P: p}
	d.Init(d)
	return d
}

// Forward drops elements in training and returns x as it is otherwise.
func (d *DropoutModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.Dropout(x, d.P, d.IsTraining())
}
