package train

import (
	torch "keygan/gotorch"
	F "keygan/gotorch/nn/functional"
)

// place is where an objective computes, and where the random numbers of its steps come from. Every draw of a step goes through it.
type place struct {
	device torch.Device
}

// uniform draws [n, shape…] for n images from [0, 1), and normal from the standard normal distribution. They draw on the device: numbers
// from the host would make a GPU wait.
func (p place) uniform(n int64, shape ...int64) torch.Tensor {
	return p.device.Rand(append([]int64{n}, shape...)...)
}

func (p place) normal(n int64, shape ...int64) torch.Tensor {
	return p.device.RandN(append([]int64{n}, shape...)...)
}

// dropout sets elements of x, [N, …], to zero with a probability and scales the others by 1/(1 − probability).
func (p place) dropout(x torch.Tensor, probability float64) torch.Tensor {
	return F.Dropout(x, probability, true)
}
