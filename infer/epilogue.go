package infer

import (
	"math"
	"slices"

	"keygan/infer/kernel"
)

// epilogue is what follows the sums of a layer, in place:
//
//	activation(before_add(norm(x + bias)) + add) + scale·noise
//
// The parameters are those of out's channels, filled up to whole blocks; nil where there are none.
type epilogue struct {
	layer                 Layer
	schedule              *schedule
	norm                  *normType
	beforeAdd, activation *activationType

	out, add           *pixels
	bias               []float32
	weight             []float32 // of the norm
	mean, scale, shift []float32 // the norm is (x − mean) · scale + shift
	sums               []float64 // [row][Σx, Σx²][channel], where the norm measures
	noiseScale         []float32
	plane              []float32 // of noise, one for all channels
}

func newEpilogue(s *schedule, l Layer, params map[string]Array, out *pixels) *epilogue {
	n := out.blocks() * kernel.Block
	array := func(module, name string) []float32 {
		x := params[module+"."+name].Data
		if x == nil {
			return nil
		}
		return append(slices.Clone(x), make([]float32, n-len(x))...)
	}
	e := &epilogue{
		layer: l, schedule: s, norm: l.norm(), beforeAdd: l.beforeAdd(), activation: l.activation(), out: out,
		bias:   array(l.Name, "bias"),
		weight: array(l.NormName, normWeight), shift: array(l.NormName, normBias),
		mean: make([]float32, n), scale: slices.Repeat([]float32{1}, n),
		noiseScale: array(l.Noise, "weight"),
	}
	if e.norm.measured {
		e.sums = make([]float64, out.height*2*n)
	} else if mean, variance := array(l.NormName, normMean), array(l.NormName, normVariance); mean != nil {
		for c := range out.channels {
			e.setNorm(c, float64(mean[c]), float64(variance[c]))
		}
	}
	if l.Noise != "" {
		e.plane = make([]float32, out.height*out.width)
	}
	return e
}

// setNorm sets what brings channel c from mean and variance to 0 and 1, or to the norm's own shift and weight.
func (e *epilogue) setNorm(c int, mean, variance float64) {
	weight := 1.0
	if e.weight != nil {
		weight = float64(e.weight[c])
	}
	e.mean[c], e.scale[c] = float32(mean), float32(weight/math.Sqrt(variance+e.layer.NormEpsilon()))
}

// sumRow adds the bias to a row of sums as soon as it is made, while it is near, and measures it for the norm.
func (e *epilogue) sumRow(y int) {
	n := e.out.blocks() * kernel.Block
	row := e.out.at(y, 0)
	if e.bias != nil {
		for x := range e.out.width {
			kernel.Add(row[x*e.out.stride:][:n], e.bias)
		}
	}
	if e.sums != nil {
		sums := e.sums[y*2*n:][:2*n]
		e.schedule.kernels.RowSums(sums[:n], sums[n:], row, e.out.width, e.out.stride, e.out.blocks())
	}
}

func (e *epilogue) plan(stream int) {
	s := e.schedule
	if e.sums != nil {
		s.stage(e.out.blocks(), func(_, block int) { e.measure(block) })
	}
	if e.plane != nil {
		s.stage(1, func(_, _ int) { drawNoise(e.plane, s.seed, stream) })
	}
	s.stage(e.out.height, func(_, y int) { e.finishRow(y) })
}

// measure sets the norm of a block of channels from the sums of the rows, in order. The variance is the biased one.
func (e *epilogue) measure(block int) {
	n := e.out.blocks() * kernel.Block
	pixels := float64(e.out.height * e.out.width)
	for c := block * kernel.Block; c < min(e.out.channels, (block+1)*kernel.Block); c++ {
		var sum, squares float64
		for y := range e.out.height {
			sum += e.sums[y*2*n+c]
			squares += e.sums[y*2*n+n+c]
		}
		mean := sum / pixels
		e.setNorm(c, mean, max(0, squares/pixels-float64(mean*mean)))
	}
}

// finishRow turns a row of sums into the layer's output.
func (e *epilogue) finishRow(y int) {
	out := e.out
	a := kernel.Affine{
		X: out.at(y, 0), Stride: out.stride, Pixels: out.width, Blocks: out.blocks(),
		Mean: e.mean, Scale: e.scale, Shift: e.shift,
	}
	fused := e.activation.fused && e.beforeAdd.before
	if fused {
		a.LeakyBefore, a.Activation = e.beforeAdd.kernel == kernel.LeakyReLU, e.activation.kernel
		if e.plane != nil {
			a.Noise, a.NoiseScale = e.plane[y*out.width:], e.noiseScale
		}
		if e.add != nil {
			a.Add, a.AddStride = e.add.at(y, 0), e.add.stride
		}
	}
	e.schedule.kernels.Affine(&a)
	if !fused {
		e.finishSlowly(y)
	}
	out.clearBorder(y)
}

// finishSlowly does what follows the norm, pixel by pixel, for activations that kernel.Affine does not have.
func (e *epilogue) finishSlowly(y int) {
	for i := range e.out.width {
		x := e.out.at(y, i)[:e.out.channels]
		if e.add != nil {
			e.beforeAdd.apply(e.schedule.kernels, x)
			kernel.Add(x, e.add.at(y, i))
		}
		e.activation.apply(e.schedule.kernels, x)
		if e.plane != nil {
			for c, w := range e.noiseScale[:len(x)] {
				x[c] += float32(w * e.plane[y*e.out.width+i])
			}
		}
	}
}
