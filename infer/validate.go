package infer

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Bounds far beyond any generator, that keep sizes computed from a file within an int of 32 bits.
const (
	maxLayers   = 1024
	maxChannels = 4096
	maxKernel   = 15
	maxStride   = 4
	maxSide     = 1 << 14 // of ImageSize
	maxWeights  = 1 << 28 // numbers in all parameters together: 1 GiB
)

var (
	layerName  = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)
	configHash = regexp.MustCompile(`^[0-9A-Za-z:._-]*$`)
)

// Validate reports the first thing in the architecture that this package cannot run: an unknown value, a size out of
// bounds, channels that do not follow on, a residual that does not close, an output that is not the input's shape.
func (a Arch) Validate() error {
	switch {
	case a.FormatVersion > FormatVersion:
		return fmt.Errorf("format version %d is newer than %d, the newest known here", a.FormatVersion, FormatVersion)
	case a.FormatVersion < 1:
		return fmt.Errorf("format version %d does not exist", a.FormatVersion)
	case a.Channels != 1 && a.Channels != 3:
		return fmt.Errorf("channels is %d, must be 1 or 3", a.Channels)
	case a.ImageSize < 1 || a.ImageSize > maxSide:
		return fmt.Errorf("image size is %d, must be 1 to %d", a.ImageSize, maxSide)
	case a.ValueRange != [2]float32{-1, 1}:
		return fmt.Errorf("value range is %v to %v, must be -1 to 1", a.ValueRange[0], a.ValueRange[1])
	case len(a.ConfigHash) > 128 || !configHash.MatchString(a.ConfigHash):
		return fmt.Errorf("config hash is not a hash: %.40q", a.ConfigHash)
	case len(a.Layers) == 0 || len(a.Layers) > maxLayers:
		return fmt.Errorf("%d layers, must be 1 to %d", len(a.Layers), maxLayers)
	}
	if err := known("network", a.Network, NetworkResNet); err != nil {
		return err
	}
	names := map[string]bool{}
	weights := 0
	for i, l := range a.Layers {
		if err := l.validate(); err != nil {
			return fmt.Errorf("layer %d (%.60q): %w", i, l.Name, err)
		}
		if names[l.Name] {
			return fmt.Errorf("layer %d (%.60q): another layer has this name", i, l.Name)
		}
		names[l.Name] = true
		// One layer is at most 4096 · 4096 · 15², which an int of 32 bits does not hold.
		if n := int64(l.In) * int64(l.Out) * int64(l.Kernel*l.Kernel); n > int64(maxWeights-weights) {
			return fmt.Errorf("layer %d (%.60q): the weights add up to more than %d numbers", i, l.Name, maxWeights)
		} else {
			weights += int(n)
		}
	}
	for _, size := range []int{sizeMultiple, 2 * sizeMultiple, roundUp(a.ImageSize, sizeMultiple)} {
		if err := a.trace(size, size, nil); err != nil {
			return err
		}
	}
	return nil
}

// validate checks the layer by itself.
func (l Layer) validate() error {
	if len(l.Name) > 100 || !layerName.MatchString(l.Name) {
		return fmt.Errorf("the name is not that of a module in a state dict")
	}
	for _, f := range []struct {
		field, value string
		allowed      []string
	}{
		{"type", l.Type, []string{Conv, ConvTranspose}},
		{"norm", l.Norm, []string{"", NormInstance}},
		{"activation", l.Activation, []string{"", ActivationReLU, ActivationTanh}},
		{"residual", l.Residual, []string{"", ResidualBegin, ResidualEnd}},
		{"algorithm", l.Algorithm, []string{AlgorithmDirect}},
	} {
		if err := known(f.field, f.value, f.allowed...); err != nil {
			return err
		}
	}
	outputPadding := 0
	if l.Type == ConvTranspose {
		outputPadding = l.Stride - 1
	}
	for _, f := range []struct {
		field           string
		value, min, max int
	}{
		{"in", l.In, 1, maxChannels},
		{"out", l.Out, 1, maxChannels},
		{"kernel", l.Kernel, 1, maxKernel},
		{"stride", l.Stride, 1, maxStride},
		{"padding", l.Padding, 0, l.Kernel - 1},
		{"output_padding", l.OutputPadding, 0, outputPadding},
	} {
		if f.value < f.min || f.value > f.max {
			return fmt.Errorf("%s is %d, must be %d to %d", f.field, f.value, f.min, f.max)
		}
	}
	return nil
}

// known refuses a value that this version has no meaning for.
func known(field, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	names := make([]string, len(allowed))
	for i, v := range allowed {
		names[i] = fmt.Sprintf("%q", v)
	}
	return fmt.Errorf("unknown %s %.40q, known here: %s", field, value, strings.Join(names, ", "))
}

// maxActivation bounds the numbers of one activation, [channels, height, width]: 8 GiB.
const maxActivation = 1<<31 - 1

// shape3 is the shape of an activation.
type shape3 struct{ channels, height, width int }

func (s shape3) size() int { return s.channels * s.height * s.width }

func (s shape3) String() string { return fmt.Sprintf("%d×%d×%d", s.channels, s.height, s.width) }

// fits says whether the numbers of s can be counted and held.
func (s shape3) fits() bool {
	return int64(s.height) <= maxActivation/int64(s.width) &&
		int64(s.channels) <= maxActivation/(int64(s.height)*int64(s.width))
}

// trace follows the shape of an input of [Channels, height, width] through the layers and calls visit, if any, with the
// shape that each layer makes. The layers must have been validated one by one.
func (a Arch) trace(height, width int, visit func(l Layer, out shape3)) error {
	in := shape3{a.Channels, height, width}
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
	if s != in {
		return fmt.Errorf("the layers make %v of an image of %v", s, in)
	}
	return nil
}

// sizeMultiple is what height and width are padded to, because the generators halve them twice.
const sizeMultiple = 4

// roundUp is the smallest multiple of m that is at least n.
func roundUp(n, m int) int { return (n + m - 1) / m * m }
