package functional

import torch "keygan/gotorch"

// A reduction is "none", "mean" or "sum".

// NllLoss is the negative log likelihood of targets under log probabilities.
func NllLoss(input, target, weight torch.Tensor, ignoreIndex int64, reduction string) torch.Tensor {
	return torch.NllLoss(input, target, weight, ignoreIndex, reduction)
}

// CrossEntropy is [NllLoss] of the log softmax of input.
func CrossEntropy(input, target, weight torch.Tensor, ignoreIndex int64, reduction string) torch.Tensor {
	return torch.CrossEntropy(input, target, weight, ignoreIndex, reduction)
}

// BinaryCrossEntropy is −(target·log input + (1 − target)·log(1 − input)), for inputs in [0, 1].
func BinaryCrossEntropy(input, target, weight torch.Tensor, reduction string) torch.Tensor {
	return torch.BinaryCrossEntropy(input, target, weight, reduction)
}

// BCEWithLogits is [BinaryCrossEntropy] of the sigmoid of input, without its overflow.
func BCEWithLogits(input, target, weight torch.Tensor, reduction string) torch.Tensor {
	return torch.BCEWithLogits(input, target, weight, reduction)
}

// MSELoss is (input − target)².
func MSELoss(input, target torch.Tensor, reduction string) torch.Tensor {
	return torch.MSELoss(input, target, reduction)
}

// L1Loss is |input − target|.
func L1Loss(input, target torch.Tensor, reduction string) torch.Tensor {
	return torch.L1Loss(input, target, reduction)
}
