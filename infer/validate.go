package infer

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// Bounds far beyond any generator. They keep sizes computed from a file within an int of 32 bits.
const (
	maxLayers     = 1024
	maxChannels   = 4096
	maxKernel     = 15
	maxStride     = 4
	maxSide       = 1 << 14 // of ImageSize
	maxWeights    = 1 << 28 // numbers in all parameters together: 1 GiB
	maxInputNoise = 10
	minEpsilon    = 1e-12 // of Layer.Epsilon
	maxEpsilon    = 1

	// Layers of few channels are filled up to whole vectors, to at worst 16 times their size. All packed weights together may take
	// maxPacking times the memory of the weights, and smallPacking numbers more, which is enough for any narrow network.
	maxPacking   = 2
	smallPacking = 1 << 20
)

var (
	module     = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$`)
	configHash = regexp.MustCompile(`^[0-9A-Za-z:._-]*$`)
)

// Validate reports the first thing in the architecture that this package cannot run: another format version, an unknown value, a size out
// of bounds, a name given twice, channels that do not follow on, a residual that does not close, or an output not of the key's shape.
func (a Arch) Validate() error {
	if err := checkVersion(a.FormatVersion); err != nil {
		return err
	}
	switch {
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
	if err := a.validateLayers(); err != nil {
		return err
	}
	sizes := []int{sizeMultiple, 2 * sizeMultiple, a.ImageSize}
	if a.Latent > 0 {
		sizes = sizes[2:]
	}
	for _, size := range sizes {
		if _, err := a.shapes(size, size); err != nil {
			return err
		}
	}
	return nil
}

func checkVersion(version int) error {
	switch {
	case version > FormatVersion:
		return fmt.Errorf("format version %d is newer than %d, the newest that this keygan reads", version, FormatVersion)
	case version == 1:
		return errors.New("format version 1 is no longer read: write the file again with keygan-train export, or with keygan import")
	case version != FormatVersion:
		return fmt.Errorf("format version %d does not exist", version)
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
		for _, module := range []string{l.Name, l.NormName, l.Noise} { // what the names of parameters begin with
			if module != "" && names[module] {
				return fail(fmt.Errorf("another module has the name %q", module))
			}
			names[module] = true
		}
		for _, p := range l.params() {
			weights += p.size()
		}
		if weights > maxWeights {
			return fail(fmt.Errorf("there are more than %d weights", maxWeights))
		}
		packed += l.algorithm().packed(l)
	}
	if packed > maxPacking*weights+smallPacking {
		return fmt.Errorf("the layers have too few channels for their number: filled up to whole vectors, "+
			"the %d numbers of the weights would take the memory of %d", weights, packed)
	}
	return nil
}

func (l Layer) validate() error {
	if !moduleName(l.Name) {
		return errors.New("the name is not that of a module in a state dict")
	}
	if err := cmp.Or(
		known("type", l.Type, slices.Sorted(maps.Keys(layerTypes))...),
		known("norm", l.Norm, slices.Sorted(maps.Keys(normTypes))...),
		known("before_add", l.BeforeAdd, slices.Sorted(maps.Keys(activationTypes))...),
		known("activation", l.Activation, slices.Sorted(maps.Keys(activationTypes))...),
		known("residual", l.Residual, "", ResidualBegin, ResidualEnd),
	); err != nil {
		return err
	}
	var algorithms []string
	for _, a := range l.kind().algorithms {
		algorithms = append(algorithms, a.name)
	}
	if err := known("algorithm", l.Algorithm, algorithms...); err != nil {
		return err
	}
	learnt := len(l.norm().learnt) > 0
	switch {
	case learnt && !moduleName(l.NormName):
		return fmt.Errorf("norm_name %.40q is not the name of a module in a state dict, and the norm %q needs one", l.NormName, l.Norm)
	case !learnt && l.NormName != "":
		return fmt.Errorf("norm_name is %.40q, but the norm %q has no parameters", l.NormName, l.Norm)
	case !(l.Epsilon >= 0 && l.Epsilon <= maxEpsilon) || l.Epsilon > 0 && (l.Norm == "" || l.Epsilon < minEpsilon):
		return fmt.Errorf("epsilon is %v, must be %v to %v, and only where there is a norm", l.Epsilon, minEpsilon, maxEpsilon)
	case l.BeforeAdd != "" && l.Residual != ResidualEnd:
		return fmt.Errorf("before_add is %q, but no residual ends there", l.BeforeAdd)
	case l.Noise != "" && !moduleName(l.Noise):
		return fmt.Errorf("noise %.40q is not the name of a module in a state dict", l.Noise)
	}
	err := cmp.Or(within("in", l.In, 1, maxChannels), within("out", l.Out, 1, maxChannels), l.kind().validate(l))
	if algorithm := l.algorithm(); err == nil && !algorithm.canCompute(l) {
		return fmt.Errorf("algorithm %q is for %s", l.Algorithm, algorithm.serves)
	}
	return err
}

func (l Layer) validateKernel(maxOutputPadding int) error {
	return cmp.Or(
		within("kernel", l.Kernel, 1, maxKernel),
		within("stride", l.Stride, 1, maxStride),
		within("padding", l.Padding, 0, l.Kernel-1),
		within("output_padding", l.OutputPadding, 0, maxOutputPadding),
	)
}

func within(field string, value, least, most int) error {
	if value < least || value > most {
		return fmt.Errorf("%s is %d, must be %d to %d", field, value, least, most)
	}
	return nil
}

func moduleName(name string) bool { return len(name) <= 100 && module.MatchString(name) }

func known(field, value string, allowed ...string) error {
	if slices.Contains(allowed, value) {
		return nil
	}
	list := strings.ReplaceAll(fmt.Sprintf("%q", allowed), `" "`, `", "`)
	return fmt.Errorf("unknown %s %.40q; keygan knows %s", field, value, strings.Trim(list, "[]"))
}
