package train

import (
	"fmt"
	"math"
	"os"
	"time"

	torch "keygan/gotorch"
	F "keygan/gotorch/nn/functional"
	"keygan/internal/cores"
	"keygan/train/config"
	"keygan/train/runlog"
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

// dropout sets elements of x, [N, …], to zero with a probability and scales the others by 1/(1 − probability). It draws in the order of
// the shape: libtorch 2 would draw in the order of x in memory, which is not the same for every batch and device.
func (p place) dropout(x torch.Tensor, probability float64) torch.Tensor {
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

// layouts are the values of memory_format but for auto.
const (
	contiguous   = "contiguous"
	channelsLast = "channels_last"
)

// chooseLayout gives a GPU's convolutions their order of samples in memory. Without one in the configuration, some steps are measured in
// both: which is faster depends on the chip, the precision and the sizes. It returns what was measured, in words.
func chooseLayout(c config.Config, at place) (place, string) {
	if !at.device.IsCUDA() || c.MemoryFormat != "auto" || at.team != nil {
		at.channelsLast = c.MemoryFormat == channelsLast
		return at, ""
	}
	times := map[string]float64{} // milliseconds a step
	for _, layout := range []string{contiguous, channelsLast} {
		at.channelsLast = layout == channelsLast
		times[layout] = stepTime(c, at)
	}
	at.channelsLast = times[channelsLast] < times[contiguous]
	return at, fmt.Sprintf("%.1f ms a step %s, %.1f ms %s", times[contiguous], contiguous, times[channelsLast], channelsLast)
}

// ordered puts the weights of a convolution, or images, into the order of the place: on the CPU, where convolutions and norms are fastest
// then, channels last. Convolutions give their results the order of their weights.
func (p place) ordered(x torch.Tensor) torch.Tensor {
	if p.device.IsCUDA() && !p.channelsLast || x.Dim() != 4 {
		return x
	}
	return x.ChannelsLast()
}

// layoutName is what chooseLayout chose, or "".
func (p place) layoutName() string {
	switch {
	case !p.device.IsCUDA():
		return ""
	case p.channelsLast:
		return channelsLast
	}
	return contiguous
}

// stepTime measures the milliseconds of a step of c on random images, infinite where that fails.
func stepTime(c config.Config, at place) float64 {
	const warmUp, steps = stepsBeforeCapture + 2, 5
	took := math.Inf(1)
	torch.Try(func() { // too little memory: the training itself says so
		t := &Training{Config: c, device: at.device, Objective: newObjective(c, at)}
		defer t.close()
		if t.prepareGraphs() != nil {
			return
		}
		defer t.ownStream()()
		torch.Scope(func() {
			size, batches := int64(c.Image.Size), make([]Batch, c.Train.Accumulate)
			for i := range batches {
				random := func() torch.Tensor {
					return at.normal(int64(c.Train.Batch), int64(c.Image.Channels), size, size).Clamp(-1, 1)
				}
				batches[i] = Batch{random(), random()}
			}
			var began time.Time
			for i := range warmUp + steps {
				if i == warmUp {
					torch.Synchronize(at.device)
					began = time.Now()
				}
				torch.Scope(func() { t.graphs.step(batches, t.compute) })
			}
			torch.Synchronize(at.device)
			took = time.Since(began).Seconds() * 1000 / steps
		})
	})
	if at.device.IsCUDA() {
		torch.Try(torch.EmptyCUDACache) // refused after a capture that failed
	}
	return took
}

// setThreads sets how many threads an operation of libtorch may use on the CPU, and says why so many. began is the number with which a run
// that is resumed began, or 0; processes is how many of this machine share its cores. libtorch's own choice is one thread on many virtual machines, whose CPUID names one core.
func setThreads(c config.Config, began, processes int) (why string) {
	n, why := cores.Usable()
	switch variable := os.Getenv("OMP_NUM_THREADS"); {
	case c.Threads > 0:
		n, why = c.Threads, "as configured"
	case variable != "":
		n, why = torch.NumThreads(), "by OMP_NUM_THREADS" // libtorch has read it
	case began > 0 && began <= n:
		n, why = began, "as when this run began; another number would round differently"
	case processes > 1:
		n, why = max(1, n/processes), fmt.Sprintf("a part of %s: %d processes share them", why, processes)
	}
	torch.SetNumThreads(int32(n))
	return why
}

// threadsBefore is the number of threads that the run used so far, if it is resumed in as many processes, or 0.
func (t *Training) threadsBefore(o Options) int {
	if !o.Resume {
		return 0
	}
	if r, err := runlog.ReadRecord(t.Dir); err == nil {
		last := r.Machine
		if n := len(r.Resumed); n > 0 {
			last = r.Resumed[n-1].Machine
		}
		if max(last.Processes, 1) != max(o.Part.World, 1) {
			return 0
		}
	}
	c, _ := readRunConfig(t.Dir) // what is wrong with it is said elsewhere
	return c.Threads
}

// checkBF16 tries a convolution and its gradient in bf16, which some CPUs cannot do.
func checkBF16(d torch.Device) error {
	err := torch.Try(func() {
		torch.Scope(func() {
			at := place{device: d, bf16: true}
			x := at.ordered(torch.Ones([]int64{1, 16, 8, 8}, false).To(d)).CastTo(torch.BFloat16).SetRequiresGrad(true)
			w := at.ordered(torch.Ones([]int64{16, 16, 3, 3}, false).To(d)).CastTo(torch.BFloat16).SetRequiresGrad(true)
			one := []int64{1, 1}
			y := torch.Conv2d(x, w, torch.Tensor{}, one, one, one, 1)
			torch.Grad([]torch.Tensor{y.Sum()}, []torch.Tensor{x, w}, nil, false, false)
		})
	})
	if err != nil {
		return fmt.Errorf("bf16: not possible on this device with libtorch %s: %w", torch.Version(), err)
	}
	return nil
}
