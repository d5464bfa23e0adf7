package train

import (
	"fmt"
	"math"
	"time"

	torch "keygan/gotorch"
	"keygan/train/config"
)

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
		torch.EmptyCUDACache()
	}
	return took
}
