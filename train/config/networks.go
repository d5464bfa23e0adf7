package config

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"keygan/cipher"
	"keygan/infer"
)

// generatorKind is a network that can be a generator.
type generatorKind struct {
	defaults Generator // the published settings
	norms    []string  // what generator.norm can be
	arch     func(Config) infer.Arch
	critic   string              // that it is trained with where the configuration names none; "": the objective's
	noise    bool                // generator.noise is possible
	sizes    string              // the image sizes that it can make, in words
	fits     func(size int) bool // whether it can make a size; nil: every size
}

// criticKind is a network that can be a critic.
type criticKind struct {
	defaults Critic
	norms    []string
	layers   func(Config) []infer.Layer
	sizes    string
	fits     func(size int) bool
}

// Values of generator.norm and critic.norm besides infer's.
const (
	normNone      = "none"
	normPublished = "published" // a mixture that the network itself says
)

var norms = []string{infer.NormInstance, infer.NormInstanceAffine, infer.NormBatch, normNone}

var generators = map[string]generatorKind{
	"resnet": {
		defaults: Generator{Name: "resnet", Width: 64, Blocks: 6, Norm: infer.NormInstance}, norms: norms, noise: true,
		arch: func(c Config) infer.Arch {
			a := infer.ResNet(c.Generator.Width, c.Generator.Blocks, c.Image.Channels, c.Image.Size)
			if c.Generator.Noise {
				a = a.WithNoise()
			}
			return a
		},
	},
	"dcgan": {
		defaults: Generator{Name: "dcgan", Width: 16, Latent: 100, Norm: infer.NormBatch}, norms: norms, critic: "dcgan",
		arch: func(c Config) infer.Arch {
			return infer.DCGAN(c.Generator.Width, c.Generator.Latent, c.Image.Channels, c.Image.Size)
		},
		sizes: "a power of two", fits: func(size int) bool { return size&(size-1) == 0 },
	},
	"chaos": {
		defaults: Generator{Name: "chaos", Width: 64, Blocks: 2, Norm: normPublished}, norms: []string{normPublished},
		arch: func(c Config) infer.Arch {
			a := infer.Chaos(c.Generator.Width, c.Generator.Blocks, c.Image.Channels, c.Image.Size)
			if c.Description().has("input_noise") {
				a.InputNoise = float32(c.Objective.Value("input_noise"))
			}
			return a
		},
	},
}

var critics = map[string]criticKind{
	"patch": {defaults: Critic{Name: "patch", Width: 64, Norm: infer.NormInstance}, norms: norms, layers: patchLayers},
	"dcgan": {defaults: Critic{Name: "dcgan", Width: 64, Norm: infer.NormBatch}, norms: norms, layers: dcganLayers},
	"chaos": {
		defaults: Critic{Name: "chaos", Width: 64, Norm: infer.NormBatch}, norms: norms, layers: chaosLayers,
		sizes: "a multiple of 16 from 48", fits: func(size int) bool { return size >= 48 && size%16 == 0 },
	},
}

// Choices lists the values of a key that names one of several, as in "critic.name" or "optimizer.schedule"; nil for other keys.
func Choices(key string) []string {
	var names []string
	for _, o := range objectives {
		names = append(names, o.Name)
	}
	slices.Sort(names)
	return map[string][]string{
		"objective.name":     names,
		"init":               {InitPyTorch, InitGlorot},
		"generator.name":     slices.Sorted(maps.Keys(generators)),
		"critic.name":        slices.Sorted(maps.Keys(critics)),
		"generator.norm":     append(slices.Clone(norms), normPublished),
		"critic.norm":        norms,
		"optimizer.schedule": slices.Sorted(maps.Keys(schedules)),
		"target.encrypt":     {"logistic"},
		"encrypt.scheme":     cipher.Names(),
		"encrypt.key":        {KeyFresh, KeyKept},
		"cuda_graphs":        {"auto", "on", "off"},
		"memory_format":      {"auto", "contiguous", "channels_last"},
		"data.on_bad_file":   {"fail", "skip"},
		"train.on_nan":       {"stop", "skip"},
	}[key]
}

// Arch is the generator that the configuration asks for.
func (c Config) Arch() infer.Arch {
	a := c.withOptions(withNorm(generators[c.Generator.Name].arch(c), c.Generator.Norm))
	a.ConfigHash = c.Hash()
	return a
}

// CriticArch is the critic's: its layers only.
func (c Config) CriticArch() infer.Arch {
	return c.withOptions(withNorm(infer.Arch{Layers: critics[c.Critic.Name].layers(c)}, c.Critic.Norm))
}

// withOptions gives a network what Init and Norms say.
func (c Config) withOptions(a infer.Arch) infer.Arch {
	a.Init = c.Init
	for i, l := range a.Layers {
		if l.Norm != "" {
			a.Layers[i].Momentum, a.Layers[i].Epsilon = c.Norms.Momentum, c.Norms.Epsilon
		}
	}
	return a
}

func withNorm(a infer.Arch, norm string) infer.Arch {
	switch norm {
	case normPublished:
		return a
	case normNone:
		norm = ""
	}
	return a.WithNorm(norm)
}

// patchLayers is the `patch` critic: five 4×4 convolutions, the first three of stride 2; [N, C, S, S] to a map of scores.
func patchLayers(c Config) []infer.Layer { return fiveLayers(c, 1) }

func fiveLayers(c Config, fourthStride int) []infer.Layer {
	w := c.Critic.Width
	return criticLayers(c.Image.Channels, []criticLayer{
		{w, 2, 1, false}, {2 * w, 2, 1, true}, {4 * w, 2, 1, true}, {8 * w, fourthStride, 1, true}, {1, 1, 1, false},
	})
}

// dcganLayers is the critic of the earlier system: two 4×4 convolutions of stride 2, and one that scores each place.
func dcganLayers(c Config) []infer.Layer {
	w := c.Critic.Width
	return criticLayers(c.Image.Channels, []criticLayer{{w, 2, 1, false}, {2 * w, 2, 1, true}, {1, 1, 0, false}})
}

// chaosLayers is the discriminator of the chaos GAN: four 4×4 convolutions of stride 2, one to a single map, and a dense layer
// from that map to one score, which is a convolution as large as the map. Where no norm follows there are biases: without any, the
// score would grow with the contrast of an image, and be the same for every image without contrast.
func chaosLayers(c Config) []infer.Layer {
	layers := fiveLayers(c, 2)
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
func criticLayers(channels int, stack []criticLayer) []infer.Layer {
	var layers []infer.Layer
	module := 0
	for i, s := range stack {
		name := fmt.Sprintf("model.%d", module)
		l := infer.Layer{Type: infer.Conv, Name: name, In: channels, Out: s.out, Kernel: 4, Stride: s.stride, Padding: s.padding}
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

// Default is the published experiment of the default objective, without data.
func Default() Config { return DefaultOf("", "", "") }

// DefaultOf returns the published settings of an objective and of its networks, or of other networks where these are named.
func DefaultOf(objective, generator, critic string) Config {
	if objective == "" && len(objectives) > 0 {
		objective = objectives[0].Name
	}
	c := Config{
		Output:       "runs",
		Seed:         1,
		Device:       "auto",
		TF32:         true,
		CUDAGraphs:   "auto",
		MemoryFormat: "auto",
		Image:        Image{Size: 256, Channels: 3},
		Data:         Data{Cache: "auto", OnBadFile: "fail"},
		Objective:    objectiveDefaults(objective),
		Optimizer:    Optimizer{LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.9, Schedule: "constant"},
		Train:        Schedule{Batch: 4, Accumulate: 1, Epochs: 100, OnNaN: "stop", KeepCheckpoints: 3, SampleEvery: 1, Samples: 4},
	}
	d := c.Description()
	if d.Defaults != nil {
		d.Defaults(&c)
	}
	c.Generator.Name = cmp.Or(generator, first(d.Generators), "resnet")
	c.Generator = cmp.Or(generators[c.Generator.Name].defaults, c.Generator)
	c.Critic.Name = cmp.Or(critic, generators[generator].critic, first(d.Critics), "patch")
	c.Critic = cmp.Or(critics[c.Critic.Name].defaults, c.Critic)
	return c
}

// first is the first of some names, or "".
func first(names []string) string { return append(slices.Clone(names), "")[0] }
