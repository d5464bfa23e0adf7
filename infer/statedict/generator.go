package statedict

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"keygan/infer"
)

// Options give what leaves no trace in a state dict.
type Options struct {
	ImageSize  int     // side of the training images, in pixels; dcgan's follows from its layers
	InputNoise float32 // σ of the noise that chaos adds to its image, as a share of the value range; 0: none
	Activation string  // in place of ReLU, for a resnet or dcgan: infer.ActivationLeakyReLU; infer.ActivationReLU or "" keeps it
	Norm       string  // of a resnet or dcgan whose norms have no parameters: infer.NormInstance, which "" stands for, or NoNorm
}

// NoNorm is the norm of a network that has none.
const NoNorm = "none"

// counted ends the names of tensors in which training counts its batches. Keys do not depend on them.
const counted = ".num_batches_tracked"

// Generator tells from the names and shapes of the tensors in d which generator they are of, and returns it for infer.Write. The names are
// those of infer.ResNet, infer.DCGAN and infer.Chaos. Norms with parameters, biases and noise are there if their tensors are.
//
// The error names the first tensor that is missing, wrong or unknown. That all numbers are finite is checked by infer.Write.
func Generator(d *Dict, o Options) (infer.Arch, map[string]infer.Array, error) {
	a, err := d.arch(o)
	if err == nil {
		err = d.check(a)
	}
	if err != nil {
		return a, nil, err
	}
	if err := a.Validate(); err != nil {
		return a, nil, fmt.Errorf("a %s generator that cannot be run: %w", a.Network, err)
	}
	params := map[string]infer.Array{}
	for _, p := range a.Params() {
		x, err := d.Floats(p.Name)
		if err != nil {
			return a, nil, err
		}
		params[p.Name] = infer.Array{Shape: p.Shape, Data: x}
	}
	return a, params, nil
}

// arch is the architecture that the tensors of d belong to, if all are there.
func (d *Dict) arch(o Options) (a infer.Arch, err error) {
	switch {
	case d.contains("encoder.0.weight"):
		a, err = d.resnet(o)
	case d.contains("main.0.weight"):
		a, err = d.dcgan(o)
	case d.contains("layers.0.weight"):
		a, err = d.chaos(o)
	default:
		return a, fmt.Errorf("not a generator that keygan knows: it has no encoder.0.weight (resnet), main.0.weight (dcgan) or "+
			"layers.0.weight (chaos), but %s", firstOf(d.names, 6))
	}
	if err != nil {
		return a, err
	}
	for i := range a.Layers {
		l := &a.Layers[i]
		l.Bias = l.Bias || d.contains(l.Name+".bias")
	}
	return a, o.activate(&a)
}

func (o Options) activate(a *infer.Arch) error {
	switch {
	case o.Activation == "" || o.Activation == infer.ActivationReLU:
		return nil
	case o.Activation != infer.ActivationLeakyReLU:
		return fmt.Errorf("unknown activation %.40q, known: %q, %q", o.Activation, infer.ActivationReLU, infer.ActivationLeakyReLU)
	case a.Network == infer.NetworkChaos:
		return fmt.Errorf("the activations of a %s generator are fixed; they cannot be %s", a.Network, o.Activation)
	}
	for i := range a.Layers {
		if l := &a.Layers[i]; l.Activation == infer.ActivationReLU {
			l.Activation = o.Activation
		}
	}
	return nil
}

func (d *Dict) resnet(o Options) (infer.Arch, error) {
	shape, err := d.weight("encoder.0.weight")
	blocks, err2 := d.sequence("res_blocks.")
	if err := cmp.Or(err, err2); err != nil {
		return infer.Arch{}, err
	}
	a := infer.ResNet(shape[0], blocks, shape[1], o.ImageSize)
	if d.contains("res_blocks.0.noise.weight") {
		a = a.WithNoise()
	}
	return d.withNorm(a, "encoder.1", o)
}

func (d *Dict) dcgan(o Options) (infer.Arch, error) {
	first, err := d.weight("main.0.weight")
	modules, err2 := d.sequence("main.") // convolution, norm, activation, again and again; no norm after the last convolution
	if err := cmp.Or(err, err2); err != nil {
		return infer.Arch{}, err
	}
	layers := max((modules-1)/3+1, 2)
	if layers > maxDoublings {
		return infer.Arch{}, fmt.Errorf("main.0 to main.%d: a dcgan generator of more than %d layers", modules-1, maxDoublings)
	}
	shape, err := d.weight(fmt.Sprintf("main.%d.weight", 3*(layers-1)))
	if err != nil {
		return infer.Arch{}, err
	}
	return d.withNorm(infer.DCGAN(shape[0], first[0], shape[1], 2<<layers), "main.1", o)
}

func (d *Dict) chaos(o Options) (infer.Arch, error) {
	shape, err := d.weight("layers.0.weight")
	layers, err2 := d.sequence("layers.")
	if err := cmp.Or(err, err2); err != nil {
		return infer.Arch{}, err
	}
	fixed := len(infer.Chaos(1, 0, 1, 256).Layers)
	perBlock := len(infer.Chaos(1, 1, 1, 256).Layers) - fixed
	if layers < fixed || (layers-fixed)%perBlock != 0 {
		return infer.Arch{}, fmt.Errorf("layers.0 to layers.%d: a chaos generator has %d layers, and %d more for each residual block",
			layers-1, fixed, perBlock)
	}
	a := infer.Chaos(shape[0], (layers-fixed)/perBlock, shape[1], o.ImageSize)
	a.InputNoise = o.InputNoise
	return a, nil
}

// Bounds far beyond any generator.
const (
	maxModules   = 512  // of a sequence
	maxDoublings = 13   // of the side of dcgan's images
	maxChannels  = 4096 // the most that infer takes
)

// withNorm gives a the norm whose tensors d has at the module first; the norms of a network are all of one kind.
func (d *Dict) withNorm(a infer.Arch, first string, o Options) (infer.Arch, error) {
	switch {
	case d.contains(first + ".running_mean"):
		return a.WithNorm(infer.NormBatch), nil
	case d.contains(first + ".weight"):
		return a.WithNorm(infer.NormInstanceAffine), nil
	case o.Norm == "" || o.Norm == infer.NormInstance:
		return a.WithNorm(infer.NormInstance), nil
	case o.Norm == NoNorm:
		return a.WithNorm(""), nil
	}
	return a, fmt.Errorf("unknown norm %.40q, known for norms without parameters: %q, %q", o.Norm, infer.NormInstance, NoNorm)
}

// sequence counts the modules prefix + "0", prefix + "1", … up to the highest that has a tensor. check names any gap below it.
func (d *Dict) sequence(prefix string) (int, error) {
	n := 0
	for _, name := range d.names {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		index, _, _ := strings.Cut(rest, ".")
		i, err := strconv.Atoi(index)
		if err != nil || i < 0 || strconv.Itoa(i) != index {
			return 0, fmt.Errorf("tensor %.100q: %.40q is not a number of a module", name, index)
		}
		if i >= maxModules {
			return 0, fmt.Errorf("tensor %.100q: more than %d modules", name, maxModules)
		}
		n = max(n, i+1)
	}
	return n, nil
}

// weight is the shape of a convolution's weight, four numbers of at least 1.
func (d *Dict) weight(name string) ([]int, error) {
	t := d.tensors[name]
	switch {
	case t == nil:
		return nil, fmt.Errorf("tensor %s: missing", name)
	case len(t.shape) != 4 || slices.Min(t.shape) < 1 || max(t.shape[0], t.shape[1]) > maxChannels:
		return nil, fmt.Errorf("tensor %s: its shape is %v, not that of a convolution's weight", name, t.shape)
	}
	return t.shape, nil
}

// check compares the names, shapes and types in d with what a asks for.
func (d *Dict) check(a infer.Arch) error {
	want := map[string]bool{}
	for _, p := range a.Params() {
		want[p.Name] = true
		t := d.tensors[p.Name]
		switch {
		case t == nil:
			return fmt.Errorf("tensor %s: missing, in what looks like a %s generator", p.Name, a.Network)
		case !slices.Equal(t.shape, p.Shape):
			return fmt.Errorf("tensor %.100s: its shape is %v, must be %v in this %s generator", p.Name, t.shape, p.Shape, a.Network)
		}
	}
	for _, name := range d.names {
		if !want[name] && !strings.HasSuffix(name, counted) {
			return fmt.Errorf("tensor %.100q: a %s generator has no such tensor", name, a.Network)
		}
	}
	return nil
}

func (d *Dict) contains(name string) bool { return d.tensors[name] != nil }
