package infer

import (
	"slices"
	"sync"
	"sync/atomic"

	"keygan/infer/kernel"
)

// schedule is the work of forward passes for one size of image and one number of workers. Making it lays out all activations, takes
// all memory and cuts the work into units, so that a further image of that size only runs it.
type schedule struct {
	arch    Arch
	kernels *kernel.Set
	image   shape3 // the network's input before it is extended; [Latent, 1, 1] where that is noise
	key     shape3 // what is wanted of its output
	workers int
	team    *team

	free        [][]float32 // while the schedule is made: memory of activations that nothing needs any more
	scratch     [][]float32 // of each worker
	transformed []float32   // the weights of a layer, in frequencies
	zeroOffset  [1]int

	// Of the pass that runs.
	input, output []float32 // [channels, height, width]
	noise         []float32 // drawn for the input
	seed          Seed
}

func (s *schedule) stage(units int, do func(worker, unit int)) {
	s.team.stages = append(s.team.stages, stage{units, do})
}

// workspace asks for n numbers for each worker that takes part in a stage of units.
func (s *schedule) workspace(units, n int) {
	for i := range min(units, s.workers) {
		s.scratch[i] = grow(s.scratch[i], n)
	}
}

func grow(x []float32, n int) []float32 {
	if len(x) < n {
		return make([]float32, n)
	}
	return x
}

// take gives p memory: the smallest free one that has room, or new.
func (s *schedule) take(p *pixels) {
	n, best := p.length(), -1
	for i, b := range s.free {
		if cap(b) >= n && (best < 0 || cap(b) < cap(s.free[best])) {
			best = i
		}
	}
	if best < 0 {
		p.data = make([]float32, n)
		return
	}
	p.data = s.free[best][:n]
	s.free = slices.Delete(s.free, best, best+1)
}

func (s *schedule) release(p *pixels) { s.free = append(s.free, p.data) }

// newSchedule plans the network for a key of height × width. It returns an error where the network cannot make one.
func (m *Model) newSchedule(height, width, workers int) (*schedule, error) {
	steps, err := m.arch.shapes(height, width)
	if err != nil {
		return nil, err
	}
	s := &schedule{
		arch: m.arch, kernels: m.kernels, workers: workers, team: newTeam(workers), scratch: make([][]float32, workers),
		image: m.arch.input(height, width), key: shape3{m.arch.Channels, height, width},
	}
	if m.arch.Latent > 0 || m.arch.InputNoise > 0 {
		s.noise = make([]float32, s.image.size())
	}
	s.plan(m, steps)
	return s, nil
}

// plan adds the stages of all layers. steps are the shapes of the network's input, extended, and of what each layer makes.
func (s *schedule) plan(m *Model, steps []shape3) {
	borderOf := func(i int) (b border) { // what layer i needs around its input, and the layer before for whole tiles
		if i < len(m.operators) {
			b = m.operators[i].border(steps[i], steps[i+1])
		}
		if i > 0 {
			tile, made := max(1, m.arch.Layers[i-1].algorithm().tile), steps[i]
			b.bottom = max(b.bottom, roundUp(made.height, tile)-made.height)
			b.right = max(b.right, roundUp(made.width, tile)-made.width)
		}
		return b
	}
	stride := steps[0].channels
	if m.arch.Layers[0].algorithm().tile > 0 {
		stride = roundUp(stride, kernel.Block)
	}
	first := newPixels(steps[0], borderOf(0), stride)
	s.take(first)
	s.stage(first.height, func(_, y int) { first.loadRow(s.input, s.image, y) })
	in := first
	var remembered *pixels
	stream, last := StreamInput, len(m.operators)-1
	late := activationTypes[""] // what is left to do to the key
	for i, operator := range m.operators {
		out := newPixels(steps[i+1], borderOf(i+1), kernel.Blocks(steps[i+1].channels)*kernel.Block)
		s.take(out)
		e := newEpilogue(s, m.arch.Layers[i], m.params, out)
		operator.plan(s, out, in, e.sumRow)
		if e.layer.Residual == ResidualBegin {
			remembered = in
		} else {
			s.release(in)
		}
		if e.layer.Residual == ResidualEnd {
			e.add, remembered = remembered, nil
		}
		if e.layer.Noise != "" {
			stream++
		}
		if i == last && !e.activation.fused {
			e.activation, late = late, e.activation // it is faster where the numbers of a channel lie side by side
		}
		e.plan(stream)
		if e.add != nil {
			s.release(e.add)
		}
		in = out
	}
	s.free = nil
	s.stage(s.key.height, func(_, y int) {
		in.storeRow(s.output, s.key, y)
		for c := range s.key.channels {
			late.apply(s.kernels, s.output[(c*s.key.height+y)*s.key.width:][:s.key.width])
		}
	})
}

// run makes key, [Channels, height, width], from the image x of the same size, or from noise.
func (s *schedule) run(key, x []float32, seed Seed) {
	switch {
	case s.arch.Latent > 0:
		drawNoise(s.noise, seed, StreamInput)
		x = s.noise
	case s.arch.InputNoise > 0:
		s.arch.addInputNoise(s.noise, x, seed)
		x = s.noise
	}
	s.input, s.output, s.seed = x, key, seed
	s.team.run()
	s.input, s.output = nil, nil
}

// addInputNoise sets dst to the image x with noise: x + σ·noise, σ in units of samples, clipped to the value range.
func (a Arch) addInputNoise(dst, x []float32, seed Seed) {
	low, high := a.ValueRange[0], a.ValueRange[1]
	sigma := float32(a.InputNoise * (high - low))
	drawNoise(dst, seed, StreamInput)
	for i, v := range x {
		dst[i] = min(max(v+float32(sigma*dst[i]), low), high)
	}
}

// parallel calls do(i) once for each i in [0, n), on up to workers goroutines, and returns when all calls have.
func parallel(workers, n int, do func(i int)) {
	t := newTeam(min(workers, n))
	t.stages = []stage{{n, func(_, i int) { do(i) }}}
	t.run()
}

// team is goroutines that take stages together, one after the other. It is made once and takes no memory when it works.
type team struct {
	stages  []stage
	starts  []chan int // of each goroutine but the caller's: the stage to take, or −1 to end
	helpers []func()   // what each of them does
	next    atomic.Int64
	working sync.WaitGroup
}

// stage is work that can be done in any order, after all of the stage before.
type stage struct {
	units int
	do    func(worker, unit int) // gives the same for any worker
}

func newTeam(workers int) *team {
	t := &team{starts: make([]chan int, max(0, workers-1))}
	for i := range t.starts {
		t.starts[i] = make(chan int, 1)
		t.helpers = append(t.helpers, func() { t.help(i) })
	}
	return t
}

// run does all stages; the caller is worker 0.
func (t *team) run() {
	for _, help := range t.helpers {
		go help()
	}
	for i := range t.stages {
		helpers := t.starts[:max(0, min(len(t.starts), t.stages[i].units-1))]
		t.next.Store(0)
		t.working.Add(len(helpers))
		for _, start := range helpers {
			start <- i
		}
		t.take(0, i)
		t.working.Wait()
	}
	for _, start := range t.starts {
		start <- -1
	}
}

func (t *team) help(i int) {
	for stage := range t.starts[i] {
		if stage < 0 {
			return
		}
		t.take(i+1, stage)
		t.working.Done()
	}
}

func (t *team) take(worker, stage int) {
	s := &t.stages[stage]
	for {
		unit := int(t.next.Add(1)) - 1
		if unit >= s.units {
			return
		}
		s.do(worker, unit)
	}
}
