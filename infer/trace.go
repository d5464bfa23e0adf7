package infer

import (
	"fmt"

	"keygan/infer/kernel"
)

// Bounds of one activation, [channels, height, width].
const (
	maxActivation = 1<<31 - 1   // numbers: 8 GiB
	maxPerPixel   = maxChannels // numbers for each pixel of the image
	maxGenerated  = 1 << 26     // numbers, where there is no image: 256 MiB, which is 16 channels of 2048×2048
)

// shape3 is the shape of an activation.
type shape3 struct{ channels, height, width int }

func (s shape3) size() int { return s.channels * s.height * s.width }

func (s shape3) String() string { return fmt.Sprintf("%d×%d×%d", s.channels, s.height, s.width) }

// fits says whether the numbers of s can be counted and held.
func (s shape3) fits() bool {
	return int64(s.height) <= maxActivation/int64(s.width) &&
		int64(s.channels) <= maxActivation/(int64(s.height)*int64(s.width))
}

// room is how many numbers an activation may have, with its channels filled up to whole vectors, for a key of height × width.
func (a Arch) room(height, width int) int64 {
	if a.Latent > 0 {
		return maxGenerated
	}
	return min(maxActivation, maxPerPixel*int64(height)*int64(width))
}

// input is the shape that the first layer is given for a key of height × width.
func (a Arch) input(height, width int) shape3 {
	if a.Latent > 0 {
		return shape3{a.Latent, 1, 1}
	}
	return shape3{a.Channels, height, width}
}

// trace follows the input for a key of height × width through the layers, which must make just that, and calls visit, if
// any, with the shape that each layer makes. The layers must have been validated one by one.
func (a Arch) trace(height, width int, visit func(l Layer, out shape3)) error {
	in := a.input(height, width)
	s := in
	var begin *shape3 // input of the open residual block
	for i, l := range a.Layers {
		fail := func(format string, args ...any) error {
			return fmt.Errorf("layer %d (%s): %s", i, l.Name, fmt.Sprintf(format, args...))
		}
		if l.In != s.channels {
			return fail("takes %d channels, but is given %d", l.In, s.channels)
		}
		if l.Residual == ResidualBegin {
			if begin != nil {
				return fail("a residual begins inside another")
			}
			b := s
			begin = &b
		}
		s = shape3{l.Out, l.outputSize(s.height), l.outputSize(s.width)}
		if s.height < 1 || s.width < 1 {
			return fail("nothing is left of an image of %d×%d", width, height)
		}
		if !s.fits() {
			return fail("an image of %d×%d is too large: more than %d numbers", width, height, maxActivation)
		}
		filled := shape3{roundUp(s.channels, kernel.Block), s.height, s.width}
		if room := a.room(height, width); !filled.fits() || int64(filled.size()) > room {
			return fail("makes %v on the way to a key of %d×%d, more than the %d numbers that are allowed for it", s, width, height, room)
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
		if visit != nil {
			visit(l, s)
		}
	}
	if begin != nil {
		return fmt.Errorf("a residual begins that does not end")
	}
	switch want := (shape3{a.Channels, height, width}); {
	case s == want:
		return nil
	case a.Latent > 0:
		return fmt.Errorf("the layers make %v of noise, must make %v", s, want)
	default:
		return fmt.Errorf("the layers make %v of an image of %v", s, in)
	}
}

// Operations counts the multiplications and additions that a key of height × width takes, as of direct convolutions, whatever
// the algorithms make of them: every tap of the kernels, also those that fall on padding. For the published generator that is
// 70.1e9 at 256×256. The error is that of a size the network cannot make.
func (a Arch) Operations(height, width int) (float64, error) {
	if a.Latent == 0 {
		height, width = roundUp(height, sizeMultiple), roundUp(width, sizeMultiple)
	}
	n, in := 0.0, a.input(height, width)
	err := a.trace(height, width, func(l Layer, out shape3) {
		pixels := out.height * out.width
		if l.Type == ConvTranspose {
			pixels = in.height * in.width
		}
		n += 2 * float64(l.In*l.Out*l.Kernel*l.Kernel) * float64(pixels)
		in = out
	})
	return n, err
}

// sizeMultiple is what height and width are padded to, because the generators halve them twice.
const sizeMultiple = 4

// roundUp is the smallest multiple of m that is at least n.
func roundUp(n, m int) int { return (n + m - 1) / m * m }
