package infer

import (
	"errors"
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

	maxInputNoise = 10 // of InputNoise

	// Layers of few channels are filled up to whole vectors of them, at worst 16 times. Together the packed weights are to take
	// no more than maxPacking times the memory of the weights and smallPacking numbers, which no narrow network needs.
	maxPacking   = 2
	smallPacking = 1 << 20
)

var (
	activations = []string{"", ActivationReLU, ActivationTanh, ActivationLeakyReLU}

	module     = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)
	configHash = regexp.MustCompile(`^[0-9A-Za-z:._-]*$`)
)

// Validate reports the first thing in the architecture that this package cannot run: an unknown value, a size out of
// bounds, a name that another module has, channels that do not follow on, a residual that does not close, an output that is
// not the key's shape, and whatever the format version did not have.
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
	case a.ValueRange != [2]float32{-1, 1} && a.ValueRange != [2]float32{0, 1}:
		return fmt.Errorf("value range is %v to %v, must be -1 to 1 or 0 to 1", a.ValueRange[0], a.ValueRange[1])
	case len(a.ConfigHash) > 128 || !configHash.MatchString(a.ConfigHash):
		return fmt.Errorf("config hash is not a hash: %.40q", a.ConfigHash)
	case len(a.Layers) == 0 || len(a.Layers) > maxLayers:
		return fmt.Errorf("%d layers, must be 1 to %d", len(a.Layers), maxLayers)
	}
	if err := known("network", a.Network, NetworkResNet, NetworkDCGAN, NetworkChaos); err != nil {
		return err
	}
	if err := a.validateNoise(); err != nil {
		return err
	}
	if a.FormatVersion == 1 {
		if err := a.validateVersion1(); err != nil {
			return err
		}
	}
	if err := a.validateLayers(); err != nil {
		return err
	}
	if err := a.validateAlgorithms(); err != nil {
		return err
	}
	if a.Latent > 0 {
		return a.trace(a.ImageSize, a.ImageSize, nil)
	}
	for _, size := range []int{sizeMultiple, 2 * sizeMultiple, roundUp(a.ImageSize, sizeMultiple)} {
		if err := a.trace(size, size, nil); err != nil {
			return err
		}
	}
	return nil
}

// validateNoise checks what is drawn before the first layer.
func (a Arch) validateNoise() error {
	least, most := 0, 0
	if a.Network == NetworkDCGAN {
		least, most = 1, maxChannels
	}
	switch {
	case a.Latent < least || a.Latent > most:
		return fmt.Errorf("latent is %d, must be %d to %d for %s", a.Latent, least, most, a.Network)
	case !(a.InputNoise >= 0 && a.InputNoise <= maxInputNoise):
		return fmt.Errorf("input noise is %v, must be 0 to %v", a.InputNoise, maxInputNoise)
	case a.InputNoise > 0 && a.Latent > 0:
		return fmt.Errorf("input noise is %v, but there is no image to add it to", a.InputNoise)
	}
	return nil
}

// validateVersion1 refuses what version 1 of the format does not have: a reader of that version could not know it.
func (a Arch) validateVersion1() error {
	needs := func(what string) error { return fmt.Errorf("%s needs format version 2, this is version 1", what) }
	switch {
	case a.Network != NetworkResNet:
		return needs("network " + a.Network)
	case a.ValueRange[0] != -1:
		return needs("a value range of 0 to 1")
	case a.InputNoise != 0:
		return needs("input noise")
	}
	for i, l := range a.Layers {
		for _, f := range []struct {
			what string
			used bool
		}{
			{"a bias", l.Bias},
			{"norm " + l.Norm, l.Norm == NormInstanceAffine || l.Norm == NormBatch},
			{"norm_name", l.NormName != ""},
			{"before_add", l.BeforeAdd != ""},
			{"activation " + l.Activation, l.Activation == ActivationLeakyReLU},
			{"noise", l.Noise != ""},
		} {
			if f.used {
				return fmt.Errorf("layer %d (%.60q): %w", i, l.Name, needs(f.what))
			}
		}
	}
	return nil
}

// validateLayers checks each layer by itself, the names of all, and how many numbers they have together, packed and not.
func (a Arch) validateLayers() error {
	names := map[string]bool{}
	weights, packed := int64(0), int64(0)
	for i, l := range a.Layers {
		fail := func(err error) error { return fmt.Errorf("layer %d (%.60q): %w", i, l.Name, err) }
		if err := l.validate(); err != nil {
			return fail(err)
		}
		if l.Noise != "" && i == len(a.Layers)-1 {
			return fail(errors.New("noise after the last layer, which makes the key"))
		}
		for _, module := range l.modules() {
			if names[module] {
				return fail(fmt.Errorf("another module has the name %q", module))
			}
			names[module] = true
		}
		for _, p := range l.params() {
			n := int64(1) // a weight is at most 4096 · 4096 · 15², which an int of 32 bits does not hold
			for _, d := range p.Shape {
				n *= int64(d)
			}
			weights += n
		}
		if weights > maxWeights {
			return fail(fmt.Errorf("the weights add up to more than %d numbers", maxWeights))
		}
		packed += l.packed()
	}
	if packed > maxPacking*weights+smallPacking {
		return fmt.Errorf("the layers have too few channels for their number: filled up to whole vectors, "+
			"the %d numbers of the weights would take the memory of %d", weights, packed)
	}
	return nil
}

// modules are the names that l's parameters begin with.
func (l Layer) modules() []string {
	return slices.DeleteFunc([]string{l.Name, l.NormName, l.Noise}, func(s string) bool { return s == "" })
}

// validate checks the layer by itself.
func (l Layer) validate() error {
	if !moduleName(l.Name) {
		return errors.New("the name is not that of a module in a state dict")
	}
	for _, f := range []struct {
		field, value string
		allowed      []string
	}{
		{"type", l.Type, []string{Conv, ConvTranspose}},
		{"norm", l.Norm, []string{"", NormInstance, NormInstanceAffine, NormBatch}},
		{"before_add", l.BeforeAdd, activations},
		{"activation", l.Activation, activations},
		{"residual", l.Residual, []string{"", ResidualBegin, ResidualEnd}},
		{"algorithm", l.Algorithm, []string{AlgorithmDirect, AlgorithmFMA, AlgorithmColumns, AlgorithmWinograd}},
	} {
		if err := known(f.field, f.value, f.allowed...); err != nil {
			return err
		}
	}
	learnt := l.Norm == NormInstanceAffine || l.Norm == NormBatch
	switch {
	case learnt && !moduleName(l.NormName):
		return fmt.Errorf("norm_name %.40q is not that of a module in a state dict, which the norm %q needs", l.NormName, l.Norm)
	case !learnt && l.NormName != "":
		return fmt.Errorf("norm_name is %.40q, but the norm %q has no parameters", l.NormName, l.Norm)
	case l.BeforeAdd != "" && l.Residual != ResidualEnd:
		return fmt.Errorf("before_add is %q, but nothing is added where no residual ends", l.BeforeAdd)
	case l.Noise != "" && !moduleName(l.Noise):
		return fmt.Errorf("noise %.40q is not the name of a module in a state dict", l.Noise)
	}
	if err := l.validateAlgorithm(); err != nil {
		return err
	}
	return l.validateSizes()
}

// validateSizes checks the numbers in l.
func (l Layer) validateSizes() error {
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

// moduleName says whether name can be that of a module in a state dict.
func moduleName(name string) bool { return len(name) <= 100 && module.MatchString(name) }

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
