package infer

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// Forward makes the key of an image: x is [channels, height, width] in [−1, 1], and so is what it returns. Height and width
// may be any; where they are not multiples of 4, the image is extended to the right and below by repeating its edge, and
// the key is cut back. It uses all of GOMAXPROCS and may be called concurrently.
//
// It returns an error when x is not of that length or not finite, when the image is too large for the network, and when
// the weights are such that the result is not a number.
func (m *Model) Forward(x []float32, height, width int) ([]float32, error) {
	channels := m.arch.Channels
	if height < 1 || width < 1 || height > maxActivation/width {
		return nil, fmt.Errorf("an image of %d×%d cannot be keyed", width, height)
	}
	if int64(len(x)) != int64(channels)*int64(height)*int64(width) {
		return nil, fmt.Errorf("%d samples for an image of %d×%d with %d channels", len(x), width, height, channels)
	}
	if err := checkFinite(x); err != nil {
		return nil, fmt.Errorf("image: %w", err)
	}
	padded := shape3{channels, roundUp(height, sizeMultiple), roundUp(width, sizeMultiple)}
	steps := make([]shape3, 0, len(m.convolutions))
	if err := m.arch.trace(padded.height, padded.width, func(_ Layer, s shape3) { steps = append(steps, s) }); err != nil {
		return nil, err
	}
	r := m.runs.Get().(*run)
	defer m.runs.Put(r)
	r.reserve(padded, runtime.GOMAXPROCS(0))
	y := make([]float32, len(x))
	out := m.layers(r, x, shape3{channels, height, width}, padded, steps)
	crop(y, height, width, out, padded)
	r.release(out)
	if checkFinite(y) != nil {
		return nil, errors.New("the weights are out of range: the key is not a number")
	}
	return y, nil
}

// run is the memory of one forward pass; a model keeps those that are not in use.
type run struct {
	image   shape3
	free    [][]float32 // activations that nothing needs any more
	workers []workspace
}

// reserve makes r ready for an image of the given shape. What it has from images of another shape is left to the collector.
func (r *run) reserve(image shape3, workers int) {
	if r.image != image {
		r.image, r.free = image, nil
	}
	if len(r.workers) != workers {
		r.workers = make([]workspace, workers)
	}
}

// take returns an activation of n numbers, with whatever is in it: the smallest free one that has room, or a new one.
func (r *run) take(n int) []float32 {
	best := -1
	for i, b := range r.free {
		if cap(b) >= n && (best < 0 || cap(b) < cap(r.free[best])) {
			best = i
		}
	}
	if best < 0 {
		return make([]float32, n)
	}
	b := r.free[best]
	r.free = slices.Delete(r.free, best, best+1)
	return b[:n]
}

func (r *run) release(b []float32) { r.free = append(r.free, b) }

// layers runs the network on the image x, extended to the shape padded, and returns the last activation, to be released.
// steps has the shape that each layer makes.
func (m *Model) layers(r *run, x []float32, image, padded shape3, steps []shape3) []float32 {
	in := r.take(padded.size())
	extend(in, padded, x, image)
	from := padded
	var remembered []float32
	for i, c := range m.convolutions {
		out := r.take(steps[i].size())
		c.run(out, steps[i], in, from, r.workers)
		if c.layer.Residual == ResidualBegin {
			remembered = in
		} else {
			r.release(in)
		}
		var add []float32
		if c.layer.Residual == ResidualEnd {
			add, remembered = remembered, nil
		}
		finish(c.layer, out, steps[i], add, len(r.workers))
		if add != nil {
			r.release(add)
		}
		in, from = out, steps[i]
	}
	return in
}

// finish turns the sums of a convolution into the layer's output, in place: activation(norm(x) + add).
func finish(l Layer, x []float32, s shape3, add []float32, workers int) {
	size := s.height * s.width
	parallel(workers, s.channels, func(_, channel int) {
		plane := x[channel*size:][:size]
		if l.Norm == NormInstance {
			instanceNorm(plane, s.height, s.width)
		}
		if add != nil {
			addTo(plane, add[channel*size:])
		}
		switch l.Activation {
		case ActivationReLU:
			relu(plane)
		case ActivationTanh:
			for i, v := range plane {
				plane[i] = tanh(v)
			}
		}
	})
}

// extend copies the image x to the upper left of dst and repeats its last column and row in what is left.
func extend(dst []float32, to shape3, x []float32, from shape3) {
	for c := range to.channels {
		for y := range to.height {
			line := dst[(c*to.height+y)*to.width:][:to.width]
			copy(line, x[(c*from.height+min(y, from.height-1))*from.width:][:from.width])
			for i := from.width; i < to.width; i++ {
				line[i] = line[from.width-1]
			}
		}
	}
}

// crop copies the upper left of src to dst, which has as many channels, of height × width.
func crop(dst []float32, height, width int, src []float32, from shape3) {
	for c := range from.channels {
		for y := range height {
			copy(dst[(c*height+y)*width:][:width], src[(c*from.height+y)*from.width:])
		}
	}
}
