package infer

// epilogue is what follows the sums of a layer's convolution, with the parameters that it takes, [Out] each.
type epilogue struct {
	layer    Layer
	bias     []float32 // nil: none
	weight   []float32 // of the norm, and so the next three
	shift    []float32
	mean     []float32
	variance []float32
	noise    []float32 // how much noise each channel gets; nil: none
}

func newEpilogue(l Layer, params map[string]Array) epilogue {
	return epilogue{
		layer:    l,
		bias:     params[l.Name+".bias"].Data,
		weight:   params[l.NormName+".weight"].Data,
		shift:    params[l.NormName+".bias"].Data,
		mean:     params[l.NormName+".running_mean"].Data,
		variance: params[l.NormName+".running_var"].Data,
		noise:    params[l.Noise+".weight"].Data,
	}
}

// run turns the sums x, of shape s, into the layer's output, in place:
//
//	activation(before_add(norm(x + bias)) + add) + scale·noise
//
// add, if any, has the shape s; noise, if any, is one plane.
func (e *epilogue) run(x []float32, s shape3, add, noise []float32, workers int) {
	size := s.height * s.width
	parallel(workers, s.channels, func(_, channel int) {
		plane := x[channel*size:][:size]
		if e.bias != nil {
			addBias(plane, e.bias[channel])
		}
		e.normalize(plane, s, channel)
		if add != nil {
			activate(e.layer.BeforeAdd, plane)
			addTo(plane, add[channel*size:])
		}
		activate(e.layer.Activation, plane)
		if noise != nil {
			addScaled(plane, noise, e.noise[channel])
		}
	})
}

// normalize applies the norm to a channel.
func (e *epilogue) normalize(plane []float32, s shape3, channel int) {
	switch e.layer.Norm {
	case NormInstance:
		instanceNorm(plane, s.height, s.width)
	case NormInstanceAffine:
		mean, variance := moments(plane, s.height, s.width)
		affineNorm(plane, mean, variance, e.weight[channel], e.shift[channel])
	case NormBatch:
		affineNorm(plane, float64(e.mean[channel]), float64(e.variance[channel]), e.weight[channel], e.shift[channel])
	}
}

// addBias adds b to each element.
func addBias(x []float32, b float32) {
	for i := range x {
		x[i] += b
	}
}

// addScaled adds scale·y to x, element by element.
func addScaled(x, y []float32, scale float32) {
	y = y[:len(x)]
	for i := range x {
		x[i] += float32(scale * y[i])
	}
}
