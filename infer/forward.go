package infer

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// Forward is ForwardFrom with noise from the zero Seed, which everybody knows. It is for a model that takes no noise; with
// one that does, the same image gives the same key again, and the key of dcgan is always the same.
func (m *Model) Forward(x []float32, height, width int) ([]float32, error) {
	return m.ForwardFrom(x, height, width, Seed{})
}

// ForwardFrom makes the key of an image: x is [Channels, height, width] in the model's value range. So is what it returns,
// where the last activation keeps to it, as tanh does; Key clamps the rest. Height and width may be any; where they are not
// multiples of 4, the image is extended to the right and below by repeating its edge, and the key is cut back. seed matters
// only to a model that TakesNoise. One with Latent numbers makes keys of ImageSize × ImageSize alone; x, which it does not
// look at, may be nil. It uses all of GOMAXPROCS and may be called concurrently.
//
// It returns an error when x is not of that length or not finite, when the image is too large for the network, and when
// the weights are such that the result is not a number; and a *SizeError when a model with Latent numbers is to make a key of
// another size.
func (m *Model) ForwardFrom(x []float32, height, width int, seed Seed) ([]float32, error) {
	return m.ForwardInto(nil, 0, x, height, width, seed)
}

// ForwardInto is ForwardFrom into the memory of dst, if that has room, and on so many threads; 0 stands for GOMAXPROCS. Their
// number does not change the key. With such a dst, one image after another of the same size takes no new memory, but for noise.
func (m *Model) ForwardInto(dst []float32, threads int, x []float32, height, width int, seed Seed) ([]float32, error) {
	if err := m.checkInput(x, height, width); err != nil {
		return nil, err
	}
	if threads < 1 {
		threads = runtime.GOMAXPROCS(0)
	}
	key := shape3{m.arch.Channels, height, width}
	padded := key
	if m.arch.Latent == 0 {
		padded.height, padded.width = roundUp(height, sizeMultiple), roundUp(width, sizeMultiple)
	}
	r := m.runs.get()
	defer m.runs.put(r)
	if err := r.reserve(m.arch, padded, threads); err != nil {
		return nil, err
	}
	if dst = dst[:min(len(dst), key.size())]; len(dst) < key.size() {
		dst = make([]float32, key.size())
	}
	out := m.layers(r, m.begin(r, x, key, padded, seed), m.arch.input(padded.height, padded.width), r.steps, seed)
	crop(dst, height, width, out, padded)
	r.release(out)
	if checkFinite(dst) != nil {
		return nil, errors.New("the weights are out of range: the key is not a number")
	}
	return dst, nil
}

// checkInput checks the arguments of ForwardFrom.
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

// run is the memory of one forward pass; a model keeps those that are not in use.
type run struct {
	image   shape3
	steps   []shape3    // what each layer makes of it
	free    [][]float32 // activations that nothing needs any more
	workers []workspace

	schedule *schedule
}

// reserve makes r ready for an image of the given shape. What it has from images of another shape is left to the collector.
// It returns an error when the image is too large for the network.
func (r *run) reserve(a Arch, image shape3, workers int) error {
	if r.image != image {
		*r = run{}
		steps := make([]shape3, 0, len(a.Layers))
		if err := a.trace(image.height, image.width, func(_ Layer, s shape3) { steps = append(steps, s) }); err != nil {
			return err
		}
		r.image, r.steps = image, steps
	}
	if len(r.workers) != workers {
		r.workers = make([]workspace, workers)
	}
	return nil
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

// begin returns the input of the first layer, to be released: latent noise, or the image x with its noise, extended to the
// shape padded.
func (m *Model) begin(r *run, x []float32, image, padded shape3, seed Seed) []float32 {
	if n := m.arch.Latent; n > 0 {
		latent := r.take(n)
		drawNoise(latent, seed, StreamInput)
		return latent
	}
	in := r.take(padded.size())
	if m.arch.InputNoise > 0 {
		noisy := r.take(image.size())
		m.arch.addInputNoise(noisy, x, seed)
		extend(in, padded, noisy, image)
		r.release(noisy)
		return in
	}
	extend(in, padded, x, image)
	return in
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

// layers runs the network on in, of shape from, which it releases, and returns the last activation, to be released. steps has
// the shape that each layer makes.
func (m *Model) layers(r *run, in []float32, from shape3, steps []shape3, seed Seed) []float32 {
	if m.fast != nil {
		return m.scheduled(r, in, from, steps, seed)
	}
	var remembered []float32
	stream := StreamInput
	for i, c := range m.convolutions {
		out := r.take(steps[i].size())
		c.run(out, steps[i], in, from, r.workers)
		l := &m.epilogues[i]
		if l.layer.Residual == ResidualBegin {
			remembered = in
		} else {
			r.release(in)
		}
		var add, noise []float32
		if l.layer.Residual == ResidualEnd {
			add, remembered = remembered, nil
		}
		if l.noise != nil {
			stream++
			noise = r.take(steps[i].height * steps[i].width)
			drawNoise(noise, seed, stream)
		}
		l.run(out, steps[i], add, noise, len(r.workers))
		if add != nil {
			r.release(add)
		}
		if noise != nil {
			r.release(noise)
		}
		in, from = out, steps[i]
	}
	return in
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
