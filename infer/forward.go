package infer

import (
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Forward makes the key of an image: x is [Channels, height, width] in the model's value range. So is the result, where the last
// activation keeps to the range, as tanh does; Key clamps the rest. Where a side is not a multiple of 4, the image is extended to the
// right and below by repeating its edge, and the key is cut back. Only a model that TakesNoise looks at seed. A model with Latent
// numbers makes keys of ImageSize × ImageSize and ignores x. Forward uses all of GOMAXPROCS and may be called concurrently.
//
// It returns an error if x has another length or is not finite, if the image is too large for the network, and if the weights are
// such that the result is not a number; and a *SizeError if a model with Latent numbers is asked for another size.
func (m *Model) Forward(x []float32, height, width int, seed Seed) ([]float32, error) {
	return m.forwardInto(nil, 0, x, height, width, seed)
}

// forwardInto is Forward into the memory of dst, if that has room, with a number of threads; 0 stands for GOMAXPROCS.
func (m *Model) forwardInto(dst []float32, threads int, x []float32, height, width int, seed Seed) ([]float32, error) {
	if err := m.checkInput(x, height, width); err != nil {
		return nil, err
	}
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	s, err := m.schedules.get(m, height, width, threads)
	if err != nil {
		return nil, err
	}
	defer m.schedules.put(s)
	if len(dst) < s.key.size() {
		dst = make([]float32, s.key.size())
	}
	dst = dst[:s.key.size()]
	s.run(dst, x, seed)
	if checkFinite(dst) != nil {
		return nil, errors.New("the weights are out of range: the key is not a number")
	}
	return dst, nil
}

func (m *Model) checkInput(x []float32, height, width int) error {
	if m.arch.Latent > 0 {
		if side := m.arch.ImageSize; height != side || width != side {
			return &SizeError{width, height, side}
		}
		return nil
	}
	if height < 1 || width < 1 || height > maxActivation/width {
		return fmt.Errorf("an image of %d×%d cannot be keyed", width, height)
	}
	if channels := m.arch.Channels; int64(len(x)) != int64(channels)*int64(height)*int64(width) {
		return fmt.Errorf("%d samples for an image of %d×%d with %d channels", len(x), width, height, channels)
	}
	if err := checkFinite(x); err != nil {
		return fmt.Errorf("image: %w", err)
	}
	return nil
}

// schedulePool keeps the memory of forward passes: of the last for good, so that a series of images takes no more, of others until the next
// GC.
type schedulePool struct {
	last atomic.Pointer[schedule]
	rest sync.Pool
}

// get returns a schedule for keys of height × width: one that was put back, or a new one.
func (p *schedulePool) get(m *Model, height, width, workers int) (*schedule, error) {
	s := p.last.Swap(nil)
	if s == nil {
		s, _ = p.rest.Get().(*schedule)
	}
	if s != nil && s.key.height == height && s.key.width == width && s.workers == workers {
		return s, nil
	}
	return m.newSchedule(height, width, workers)
}

func (p *schedulePool) put(s *schedule) {
	if before := p.last.Swap(s); before != nil {
		p.rest.Put(before)
	}
}
