package train

import (
	"fmt"
	"maps"
	"slices"

	"keygan/infer"
)

// generatorKind is one network that can be a generator.
type generatorKind struct {
	defaults GeneratorConfig // the published settings
	norms    []string        // that generator.norm can be
	arch     func(Config) infer.Arch
}

// criticKind is one network that can be a critic.
type criticKind struct {
	defaults CriticConfig
	norms    []string
	layers   func(Config) []infer.Layer
}

// normNone is the norm that is none, in a configuration.
const normNone = "none"

var norms = []string{infer.NormInstance, infer.NormInstanceAffine, infer.NormBatch, normNone}

var generators = map[string]generatorKind{
	"resnet": {
		GeneratorConfig{Name: "resnet", Width: 64, Blocks: 6, Norm: infer.NormInstance}, norms,
		func(c Config) infer.Arch {
			a := infer.ResNet(c.Generator.Width, c.Generator.Blocks, c.Image.Channels, c.Image.Size)
			if c.Generator.Noise {
				a = a.WithNoise()
			}
			return a
		},
	},
	"dcgan": {
		GeneratorConfig{Name: "dcgan", Width: 16, Latent: 100, Norm: infer.NormBatch}, norms,
		func(c Config) infer.Arch {
			return infer.DCGAN(c.Generator.Width, c.Generator.Latent, c.Image.Channels, c.Image.Size)
		},
	},
	"chaos": {
		GeneratorConfig{Name: "chaos", Width: 64, Blocks: 2, Norm: "published"}, []string{"published"},
		func(c Config) infer.Arch {
			a := infer.Chaos(c.Generator.Width, c.Generator.Blocks, c.Image.Channels, c.Image.Size)
			a.InputNoise = float32(c.Objective.InputNoise)
			return a
		},
	},
}

var critics = map[string]criticKind{
	"patch": {CriticConfig{Name: "patch", Width: 64, Norm: infer.NormInstance}, norms, patchLayers},
	"dcgan": {CriticConfig{Name: "dcgan", Width: 64, Norm: infer.NormBatch}, norms, dcganLayers},
	"chaos": {CriticConfig{Name: "chaos", Width: 64, Norm: infer.NormBatch}, norms, chaosLayers},
}

// names are those that a configuration can give, in alphabetical order.
func names[T any](kinds map[string]T) []string { return slices.Sorted(maps.Keys(kinds)) }

// arch is the generator that the configuration asks for.
func (c Config) arch() infer.Arch {
	a := generators[c.Generator.Name].arch(c)
	if c.Generator.Name != "chaos" {
		a = withNorm(a, c.Generator.Norm)
	}
	a.ConfigHash = c.Hash()
	return a
}

// criticArch is the critic's: layers alone.
func (c Config) criticArch() infer.Arch {
	return withNorm(infer.Arch{Layers: critics[c.Critic.Name].layers(c)}, c.Critic.Norm)
}

func withNorm(a infer.Arch, norm string) infer.Arch {
	if norm == normNone {
		norm = ""
	}
	return a.WithNorm(norm)
}

// patchLayers is the `patch` critic: five 4×4 convolutions, the first three of stride 2; [N, C, S, S] to a map of scores.
func patchLayers(c Config) []infer.Layer {
	w := c.Critic.Width
	return criticLayers(c.Image.Channels,
		criticLayer{w, 2, 1, false}, criticLayer{2 * w, 2, 1, true}, criticLayer{4 * w, 2, 1, true}, criticLayer{8 * w, 1, 1, true},
		criticLayer{1, 1, 1, false})
}

// dcganLayers is the critic of the earlier system: two 4×4 convolutions of stride 2, and one that scores each place.
func dcganLayers(c Config) []infer.Layer {
	w := c.Critic.Width
	return criticLayers(c.Image.Channels, criticLayer{w, 2, 1, false}, criticLayer{2 * w, 2, 1, true}, criticLayer{1, 1, 0, false})
}

// chaosLayers is the discriminator of the chaos GAN: four 4×4 convolutions of stride 2, one to a single map, and a dense layer
// from that map to one score, which is a convolution as large as the map. Where no norm follows there are biases: without any, the
// score would grow with the contrast of an image, and be the same for every image without contrast.
func chaosLayers(c Config) []infer.Layer {
	w := c.Critic.Width
	layers := criticLayers(c.Image.Channels,
		criticLayer{w, 2, 1, false}, criticLayer{2 * w, 2, 1, true}, criticLayer{4 * w, 2, 1, true}, criticLayer{8 * w, 2, 1, true},
		criticLayer{1, 1, 1, false})
	for i := range layers {
		layers[i].Bias = layers[i].Norm == "" || c.Critic.Norm == normNone
	}
	return append(layers, infer.Layer{Type: infer.Conv, Name: "dense", In: 1, Out: 1, Kernel: c.Image.Size/16 - 1, Stride: 1, Bias: true})
}

// criticLayer is a 4×4 convolution to out channels.
type criticLayer struct {
	out, stride, padding int
	norm                 bool
}

// criticLayers stacks them, with LeakyReLU after each but the last. They are named as in an nn.Sequential of convolutions,
// norms and activations: model.0, model.2, model.5, …
func criticLayers(channels int, stack ...criticLayer) []infer.Layer {
	var layers []infer.Layer
	module := 0
	for i, s := range stack {
		l := infer.Layer{Type: infer.Conv, Name: fmt.Sprintf("model.%d", module), In: channels, Out: s.out, Kernel: 4, Stride: s.stride, Padding: s.padding}
		module += 2
		if s.norm {
			l.Norm = infer.NormInstance // which kind is for withNorm to say
			module++
		}
		if i < len(stack)-1 {
			l.Activation = infer.ActivationLeakyReLU
		}
		layers, channels = append(layers, l), s.out
	}
	return layers
}
