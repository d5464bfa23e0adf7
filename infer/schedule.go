package infer

import (
	"math"
	"slices"

	"keygan/infer/kernel"
)

// A network that is not direct is run from a schedule: all activations laid out, all memory taken and all work cut into units for
// one size of image, once; every further image of that size only runs it.

// fastConvolution is a layer's convolution, packed.
type fastConvolution interface {
	// border says what an input of shape from needs around it for an output of shape to.
	border(from, to shape3) border
	// plan adds to s what computes out from in. It calls rowDone(y) when row y of out is complete.
	plan(s *schedule, out, in *pixels, rowDone func(y int))
}

// newFastConvolution packs weight for l's algorithm.
func newFastConvolution(l Layer, weight []float32) fastConvolution {
	switch l.Algorithm {
	case AlgorithmColumns:
		return newColumnsConvolution(l, weight)
	case AlgorithmWinograd:
		return newWinogradConvolution(l, weight)
	}
	return newFMAConvolution(l, weight)
}

// schedule is the work of one forward pass.
type schedule struct {
	kernels *kernel.Set
	workers int
	team    *team
	in, out *pixels

	free        [][]float32 // while the schedule is made: memory of activations that nothing needs any more
	scratch     [][]float32 // of each worker
	transformed []float32   // the weights of a layer, in frequencies
	zeroOffset  [1]int
	input, key  []float32 // [channels, height, width]
	seed        Seed
}

func (s *schedule) stage(units int, do func(worker, unit int)) {
	s.team.stages = append(s.team.stages, stage{units, do})
}

// workspace asks for n numbers for each worker that takes part in a stage of so many units.
func (s *schedule) workspace(units, n int) {
	for i := range min(units, s.workers) {
		s.scratch[i] = grow(s.scratch[i], n)
	}
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

// newSchedule plans the network for an input of shape from, whose layers make the shapes in steps.
func (m *Model) newSchedule(kernels *kernel.Set, from shape3, steps []shape3, workers int) *schedule {
	s := &schedule{kernels: kernels, workers: workers, team: newTeam(workers), scratch: make([][]float32, workers)}
	borderOf := func(i int, in shape3) border { // what layer i needs around its input
		if i == len(steps) {
			return border{}
		}
		return m.fast[i].border(in, steps[i])
	}
	stride := from.channels
	if m.arch.Layers[0].Algorithm == AlgorithmWinograd {
		stride = roundUp(stride, kernel.Block) // its transform reads whole blocks
	}
	s.in = newPixels(from, borderOf(0, from), stride)
	s.take(s.in)
	s.stage(from.height, func(_, y int) { s.in.loadRow(s.input, y) })
	in := s.in
	var remembered *pixels
	stream := StreamInput
	for i, c := range m.fast {
		out := newPixels(steps[i], borderOf(i+1, steps[i]), roundUp(steps[i].channels, kernel.Block))
		s.take(out)
		f := newFollowing(m.epilogues[i], out)
		if i == len(m.fast)-1 && f.layer.Activation == ActivationTanh {
			f.layer.Activation = "" // see planStore
		}
		c.plan(s, out, in, func(y int) { f.row(s, y) })
		if f.layer.Residual == ResidualBegin {
			remembered = in
		} else {
			s.release(in)
		}
		if f.layer.Residual == ResidualEnd {
			f.add, remembered = remembered, nil
		}
		if f.layer.Noise != "" {
			stream++
		}
		f.plan(s, stream)
		if f.add != nil {
			s.release(f.add)
		}
		in = out
	}
	s.out, s.free = in, nil
	s.planStore(m.arch.Layers[len(steps)-1].Activation == ActivationTanh)
	return s
}

// run makes the output of x, [channels, height, width].
func (s *schedule) run(out, x []float32, seed Seed) {
	s.input, s.key, s.seed = x, out, seed
	s.team.run()
	s.input, s.key = nil, nil
}

// planStore adds the stage that copies the last activation to the key. There tanh is left to it, because only there the numbers
// lie side by side.
func (s *schedule) planStore(tanh bool) {
	s.stage(s.out.height, func(_, y int) {
		s.out.storeRow(s.key, y)
		if tanh {
			for c := range s.out.channels {
				s.kernels.Tanh(s.key[(c*s.out.height+y)*s.out.width:][:s.out.width])
			}
		}
	})
}

// following is what comes after a convolution: the epilogue of a layer, over pixels.
type following struct {
	epilogue
	out         *pixels
	add         *pixels
	plane       []float32 // of noise
	sums        []float64 // [row][Σx, Σx²][channel] of the sums of the convolution, for an instance norm
	mean, scale []float32 // of a channel
	offset      []float32 // of a channel, after the scale: nil if there is none
	biases      []float32 // of a channel, before the norm: nil if there are none
	noiseScale  []float32
}

func newFollowing(e epilogue, out *pixels) *following {
	n := out.blocks() * kernel.Block
	padded := func(x []float32) []float32 {
		if x == nil {
			return nil
		}
		return append(slices.Clone(x), make([]float32, n-len(x))...)
	}
	f := &following{epilogue: e, out: out, mean: make([]float32, n), scale: slices.Repeat([]float32{1}, n),
		biases: padded(e.bias), noiseScale: padded(e.noise)}
	switch e.layer.Norm {
	case NormInstance:
		f.sums = make([]float64, out.height*2*n)
	case NormInstanceAffine:
		f.sums, f.offset = make([]float64, out.height*2*n), padded(e.shift)
	case NormBatch:
		f.offset = padded(e.shift)
		for c := range e.mean {
			f.setNorm(c, float64(e.mean[c]), float64(e.variance[c]))
		}
	}
	return f
}

// setNorm sets what brings channel c from mean and variance to 0 and 1, or to the norm's own shift and weight.
func (f *following) setNorm(c int, mean, variance float64) {
	weight := 1.0
	if f.weight != nil {
		weight = float64(f.weight[c])
	}
	f.mean[c], f.scale[c] = float32(mean), float32(weight/math.Sqrt(variance+normEpsilon))
}

// row is called for each row of sums as it is made, while it is near.
func (f *following) row(s *schedule, y int) {
	n := f.out.blocks() * kernel.Block
	row := f.out.at(y, 0)
	if f.biases != nil {
		for x := range f.out.width {
			addTo(row[x*f.out.stride:][:n], f.biases)
		}
	}
	if f.sums != nil {
		sums := f.sums[y*2*n:][:2*n]
		s.kernels.RowSums(sums[:n], sums[n:], row, f.out.width, f.out.stride, f.out.blocks())
	}
}

// plan adds the stages that need all of the convolution's sums.
func (f *following) plan(s *schedule, stream int) {
	if f.sums != nil {
		s.stage(f.out.blocks(), func(_, block int) { f.moments(block) })
	}
	if f.layer.Noise != "" {
		f.plane = make([]float32, f.out.height*f.out.width)
		s.stage(1, func(_, _ int) { drawNoise(f.plane, s.seed, stream) })
	}
	s.stage(f.out.height, func(_, y int) { f.finishRow(s, y) })
}

// moments sets the norm of a block of channels from the sums of the rows, as moments does for one.
func (f *following) moments(block int) {
	n := f.out.blocks() * kernel.Block
	pixels := float64(f.out.height * f.out.width)
	for c := block * kernel.Block; c < min(f.out.channels, (block+1)*kernel.Block); c++ {
		var sum, squares float64
		for y := range f.out.height {
			sum += f.sums[y*2*n+c]
			squares += f.sums[y*2*n+n+c]
		}
		mean := sum / pixels
		f.setNorm(c, mean, max(0, squares/pixels-float64(mean*mean)))
	}
}

// finishRow turns a row of sums into the layer's output.
func (f *following) finishRow(s *schedule, y int) {
	out := f.out
	a := kernel.Affine{
		X: out.at(y, 0), Stride: out.stride, Pixels: out.width, Blocks: out.blocks(),
		Mean: f.mean, Scale: f.scale, Shift: f.offset,
		LeakyBefore: f.layer.BeforeAdd == ActivationLeakyReLU,
	}
	switch f.layer.Activation {
	case ActivationReLU:
		a.Activation = kernel.ReLU
	case ActivationLeakyReLU:
		a.Activation = kernel.LeakyReLU
	}
	if f.plane != nil {
		a.Noise, a.NoiseScale = f.plane[y*out.width:], f.noiseScale
	}
	if f.add != nil {
		a.Add, a.AddStride = f.add.at(y, 0), f.add.stride
	}
	if f.layer.Activation == ActivationTanh || f.layer.BeforeAdd != "" && !a.LeakyBefore {
		f.finishSlowly(s, a)
	} else {
		s.kernels.Affine(&a)
	}
	out.clearBorder(y)
}

// finishSlowly is finishRow with activations that a does not have, each pixel by itself.
func (f *following) finishSlowly(s *schedule, a kernel.Affine) {
	norm := a
	norm.LeakyBefore, norm.Add, norm.Activation, norm.Noise = false, nil, kernel.Identity, nil
	s.kernels.Affine(&norm)
	n := f.out.channels
	for i := range a.Pixels {
		x := a.X[i*a.Stride:][:n]
		if a.Add != nil {
			activate(f.layer.BeforeAdd, x)
			addTo(x, a.Add[i*a.AddStride:])
		}
		activate(f.layer.Activation, x)
		if a.Noise != nil {
			for c, w := range a.NoiseScale[:n] {
				x[c] += float32(w * a.Noise[i])
			}
		}
	}
}

// grow is x, or memory for n numbers.
func grow(x []float32, n int) []float32 {
	if len(x) < n {
		return make([]float32, n)
	}
	return x
}

// kernels is what models run on that are made from now on; tests set it to others than the best.
var kernels = kernel.Best()

// scheduled is what layers is for a network that is not direct.
func (m *Model) scheduled(r *run, in []float32, from shape3, steps []shape3, seed Seed) []float32 {
	s := r.schedule
	if s == nil || s.in.shape3 != from || s.out.shape3 != steps[len(steps)-1] || s.workers != len(r.workers) {
		s = m.newSchedule(m.kernels, from, steps, len(r.workers))
		r.schedule = s
	}
	out := r.take(steps[len(steps)-1].size())
	s.run(out, in, seed)
	r.release(in)
	return out
}
