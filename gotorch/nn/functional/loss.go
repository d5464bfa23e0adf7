package functional

import torch "keygan/gotorch"

// The reduction of a loss is "none", "mean" or "sum".

// NllLoss is torch.NllLoss: the negative log likelihood of targets under log probabilities.
func NllLoss(input, target, weight torch.Tensor, ignoreIndex int64, reduction string) torch.Tensor {
	return torch.NllLoss(input, target, weight, ignoreIndex, reduction)
}

// CrossEntropy is [NllLoss] of the log softmax of input.
func CrossEntropy(input, target, weight torch.Tensor, ignoreIndex int64, reduction string) torch.Tensor {
	return torch.CrossEntropy(input, target, weight, ignoreIndex, reduction)
}

// BinaryCrossEntropy is torch.BinaryCrossEntropy, for inputs in [0, 1].
func BinaryCrossEntropy(input, target, weight torch.Tensor, reduction string) torch.Tensor {
	return torch.BinaryCrossEntropy(input, target, weight, reduction)
}
