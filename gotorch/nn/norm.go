package nn

import (
	torch "keygan/gotorch"
	"keygan/gotorch/nn/functional"
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

// Forward normalises [N, NumFeatures, H, W]. In training it uses the batch's statistics, which the running ones follow;
// otherwise it uses the running ones.
func (b *BatchNorm2dModule) Forward(x torch.Tensor) torch.Tensor {
	return functional.BatchNorm(x, b.RunningMean, b.RunningVar, b.Weight, b.Bias,
		b.IsTraining() || b.RunningMean.T == nil, b.Momentum, b.Eps)
}
