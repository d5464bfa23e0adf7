package train

import (
	torch "keygan/gotorch"
	F "keygan/gotorch/nn/functional"
	"keygan/train/config"
	"keygan/train/team"
)

// place is where an objective computes, and where the random numbers of its steps come from. Every draw of a step goes through it.
type place struct {
	device torch.Device
	bf16   bool       // convolutions of training are made in bf16
	team   *team.Team // that computes a batch together; nil: this process does all of it

	channelsLast bool // in memory, the channels of a pixel of a GPU's images lie side by side
}

// forBatch draws [n, shape…] for n of the batch's images: for all of them, in their order, of which it returns this process's share. So a
// seed gives each image the same numbers, however many processes there are.
func (p place) forBatch(n int64, shape []int64, draw func(shape []int64) torch.Tensor) torch.Tensor {
	whole := append([]int64{n}, shape...)
	if p.team == nil {
		return draw(whole)
	}
	batch := int64(p.team.Batch)
	batches := p.team.OfAll(n) / batch
	from, to := p.team.Shard(p.team.Batch)
	all := draw(append([]int64{batches, batch}, shape...))
	return all.Narrow(1, int64(from), int64(to-from)).Contiguous().View(whole...)
}

func placeOf(c config.Config, device torch.Device) place { return place{device: device, bf16: c.BF16} }

// uniform draws [n, shape…] for n images from [0, 1), and normal from the standard normal distribution. They draw on the device: numbers
// from the host would make a GPU wait.
func (p place) uniform(n int64, shape ...int64) torch.Tensor {
	return p.forBatch(n, shape, func(shape []int64) torch.Tensor { return p.device.Rand(shape...) })
}

func (p place) normal(n int64, shape ...int64) torch.Tensor {
	return p.forBatch(n, shape, func(shape []int64) torch.Tensor { return p.device.RandN(shape...) })
}

// dropout sets elements of x, [N, …], to zero with a probability and scales the others by 1/(1 − probability).
func (p place) dropout(x torch.Tensor, probability float64) torch.Tensor {
	if p.team == nil {
		return F.Dropout(x, probability, true)
	}
	shape := x.Shape()
	factors := p.forBatch(shape[0], shape[1:], func(shape []int64) torch.Tensor {
		return F.Dropout(torch.Ones(shape, false).To(p.device, x.Dtype()), probability, true)
	})
	return torch.Mul(x, factors)
}

// full is x in float32 where convolutions make bf16.
func (p place) full(x torch.Tensor) torch.Tensor {
	if !p.bf16 {
		return x
	}
	return x.CastTo(torch.Float)
}
