package infer

import (
	"errors"
	"fmt"

	"keygan/infer/kernel"
)

// Bounds of one activation, [channels, height, width].
const (
	maxActivation = 1<<31 - 1   // numbers: 8 GiB
	maxPerPixel   = maxChannels // numbers for each pixel of the image
	maxGenerated  = 1 << 26     // numbers, where there is no image: 256 MiB, which is 16 channels of 2048×2048
)

type shape3 struct{ channels, height, width int }

func (s shape3) size() int { return s.channels * s.height * s.width }

func (s shape3) String() string { return fmt.Sprintf("%d×%d×%d", s.channels, s.height, s.width) }

// input is the shape of the network's input for a key of height × width.
func (a Arch) input(height, width int) shape3 {
	if a.Latent > 0 {
		return shape3{a.Latent, 1, 1}
	}
	return shape3{a.Channels, height, width}
}

// sizeMultiple is what the sides of an image are extended to, because the generators halve them twice.
const sizeMultiple = 4

func roundUp(n, m int) int { return (n + m - 1) / m * m }

// shapes lists the shapes of the input for a key of height × width, extended, and of what each layer makes of it. Each layer is valid.
func (a Arch) shapes(height, width int) ([]shape3, error) {
	if a.Latent == 0 {
		height, width = roundUp(height, sizeMultiple), roundUp(width, sizeMultiple)
	}
	in := a.input(height, width)
	s := in
	all := append(make([]shape3, 0, 1+len(a.Layers)), s)
	var begin *shape3 // input of the open residual block
	for i, l := range a.Layers {
		fail := func(format string, args ...any) ([]shape3, error) {
			return nil, fmt.Errorf("layer %d (%s): %s", i, l.Name, fmt.Sprintf(format, args...))
		}
		if l.In != s.channels {
			return fail("takes %d channels, but is given %d", l.In, s.channels)
		}
		if l.Residual == ResidualBegin {
			if begin != nil {
				return fail("a residual begins inside another")
			}
			begin = &all[i]
		}
		s = shape3{l.Out, l.OutputSize(s.height), l.OutputSize(s.width)}
		if s.height < 1 || s.width < 1 {
			return fail("nothing is left of an image of %d×%d", width, height)
		}
		numbers := float64(roundUp(s.channels, kernel.Block)) * float64(s.height) * float64(s.width)
		if numbers > maxActivation {
			return fail("an image of %d×%d is too large: more than %d numbers", width, height, maxActivation)
		}
		room := maxPerPixel * float64(height) * float64(width) // for numbers, the channels filled up to whole vectors
		if a.Latent > 0 {
			room = maxGenerated
		}
		if numbers > room {
			return fail("makes %v on the way to a key of %d×%d, more than the %.0f numbers that are allowed for it", s, width, height, room)
		}
		if l.Residual == ResidualEnd {
			if begin == nil {
				return fail("a residual ends that did not begin")
			}
			if *begin != s {
				return fail("a residual of %v begins with %v", s, *begin)
			}
			begin = nil
		}
		all = append(all, s)
	}
	switch want := (shape3{a.Channels, height, width}); {
	case begin != nil:
		return nil, errors.New("a residual begins and never ends")
	case s == want:
		return all, nil
	case a.Latent > 0:
		return nil, fmt.Errorf("the layers make %v of noise, must make %v", s, want)
	default:
		return nil, fmt.Errorf("the layers make %v of an image of %v", s, in)
	}
}

// OutputSize is the height (or width) that l makes of an input of n. It is not positive where nothing is left.
func (l Layer) OutputSize(n int) int { return l.kind().outputSize(l, n) }

// Operations counts the multiplications and additions of l, as plain sums, on an input of height × width.
func (l Layer) Operations(height, width int) float64 {
	in := shape3{l.In, height, width}
	return l.kind().operations(l, in, shape3{l.Out, l.OutputSize(height), l.OutputSize(width)})
}

// Operations adds up those of the layers for a key of height × width: 70.1e9 for the published generator at 256×256.
func (a Arch) Operations(height, width int) (float64, error) {
	shapes, err := a.shapes(height, width)
	if err != nil {
		return 0, err
	}
	sum := 0.0
	for i, l := range a.Layers {
		sum += l.Operations(shapes[i].height, shapes[i].width)
	}
	return sum, nil
}

// Memory is about how many bytes a pass with a number of threads takes beside the weights, for an image of height × width; it is rather too
// high than too low. It counts the four largest activations (the input, the output and the residual of a layer may be there at once, and
// one that none of them fits into), the image, its noise and the key, and what the algorithms work in. It is 0 for a size that has no key.
func (m *Model) Memory(threads, height, width int) int64 {
	if height < 1 || width < 1 || height > maxActivation/width {
		return 0
	}
	shapes, err := m.arch.shapes(height, width)
	if err != nil {
		return 0
	}
	const number, sums = 4, 16 // bytes: a float32; Σx and Σx² in float64
	var largest [4]int         // numbers of activations
	var rows, work int         // sums of rows; numbers of a layer's workspace
	for i, l := range m.arch.Layers {
		s := shapes[i+1]
		channels := roundUp(l.Out, kernel.Block)
		n := channels * (s.height + 3) * (s.width + 3) // with a border
		for i, m := range largest {
			largest[i], n = max(m, n), min(m, n)
		}
		rows += channels * s.height
		if workspace := l.algorithm().workspace; workspace != nil {
			work = max(work, workspace(l, threads, s))
		}
	}
	activations := largest[0] + largest[1] + largest[2] + largest[3]
	images := 3 * m.arch.Channels * height * width
	return number*int64(activations+work+images) + sums*int64(rows)
}
