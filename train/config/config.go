// Package config reads the description of a training from a YAML file, fills in what the file leaves out, and checks all of it.
//
//	c, err := config.Read("configs/demo.yaml", "train.batch=8")
//
// Read refuses unknown keys, values of the wrong type and impossible values; the error names the file, the line and what is allowed.
// Where the file says nothing, the published settings of its objective and its networks apply. [Config.YAML] writes the result
// with every default, and [Config.Hash] identifies what determines the trained weights.
//
// The package needs no libtorch. It knows the layers of the networks, but only descriptions of the objectives, which package train
// registers. A program that reads configurations without importing train registers its own, or none.
package config

import (
	"crypto/sha256"
	"fmt"
	"math"
	"path/filepath"
	"regexp"

	"github.com/goccy/go-yaml"

	"keygan/data/dataset"
	"keygan/evaluate/experiment"
)

// Config is one experiment, as a YAML file says it and as a run's folder records it, resolved, in config.yaml.
type Config struct {
	Name         string            `yaml:"name"`                    // the run's folder below output; default: the file's name
	Output       string            `yaml:"output"`                  // the folder of all runs
	Seed         uint64            `yaml:"seed"`                    // seed of the weights, the order of the data and every other draw
	Device       string            `yaml:"device"`                  // auto, cpu, cuda or cuda:N
	Threads      int               `yaml:"threads"`                 // CPU threads; 0: one for each core that the process may use
	TF32         bool              `yaml:"tf32"`                    // NVIDIA GPUs may round products to TF32, as PyTorch does in convolutions
	BF16         bool              `yaml:"bf16,omitempty"`          // convolutions of training round their factors to bf16; norms, losses and weights stay in float32
	CUDAGraphs   string            `yaml:"cuda_graphs,omitempty"`   // launch a whole step at once on NVIDIA GPUs; auto: if it can be captured; on: an error if not; off
	MemoryFormat string            `yaml:"memory_format,omitempty"` // order of samples in a GPU's memory: contiguous, channels_last, or auto: the one that is faster in some steps
	Image        Image             `yaml:"image"`                   // what the networks see
	Source       []dataset.Spec    `yaml:"source"`                  // medical images, which the generator turns into keys
	Target       []Target          `yaml:"target,omitempty"`        // images whose look the keys take on; restore: none
	Encrypt      Encrypt           `yaml:"encrypt,omitempty"`       // restore: how the source images are encrypted before the network sees them
	Data         Data              `yaml:"data"`                    // how both sets are read
	Objective    ObjectiveConfig   `yaml:"objective"`               // losses and updates
	Generator    Generator         `yaml:"generator"`               // the network that makes keys
	Critic       Critic            `yaml:"critic"`                  // the network that tells keys from targets
	Init         string            `yaml:"init,omitempty"`          // how all networks draw their first weights: pytorch, the default, or glorot, TensorFlow's default, with biases of 0
	Norms        Norms             `yaml:"norms,omitempty"`         // numbers of the norms of all networks
	Optimizer    Optimizer         `yaml:"optimizer"`               // Adam, the same for all networks
	Train        Schedule          `yaml:"train"`                   // how long to train and what to keep
	Evaluate     experiment.Config `yaml:"evaluate,omitempty"`      // for keygan evaluate; training does not look at it
}

// The values of Config.Device: in words, as in its comment, and as a pattern. Package gotorch knows what they mean.
const deviceNames = "auto, cpu, cuda or cuda:N"

var deviceName = regexp.MustCompile(`^(auto|cpu|cuda(:[0-9]+)?)$`)

// Image is the shape of the networks' input: Channels × Size × Size, values in [−1, 1].
type Image struct {
	Size     int `yaml:"size"`     // width and height in pixels
	Channels int `yaml:"channels"` // 1: grey, 3: RGB
}

// Target is one set of target images. With Encrypt, they are those images encrypted. With nothing but Encrypt, they are the source
// images encrypted, and each batch of targets belongs to its batch of sources, image by image.
type Target struct {
	dataset.Spec `yaml:",inline"`
	Encrypt      string `yaml:"encrypt,omitempty"` // logistic: XOR with the keystream of a logistic map
}

// Encrypt says how source images are encrypted for an objective that restores them.
type Encrypt struct {
	Scheme     string   `yaml:"scheme"`     // the cryptosystem
	Key        string   `yaml:"key"`        // fresh: another key for each image each time, or the network's key of it; kept: one for all
	Generators []string `yaml:"generators"` // networks for schemes that take one: runs, files of weights or built-in; each image is encrypted with one of them
}

// isSource reports whether the target is the source images, encrypted.
func (t Target) isSource() bool { return t.Encrypt != "" && t.Spec == (dataset.Spec{}) }

// The values of Encrypt.Key.
const (
	KeyFresh = "fresh"
	KeyKept  = "kept"
)

// Restores reports whether the networks see the source images encrypted, and the targets are the images themselves.
func (c *Config) Restores() bool { return c.Encrypt.Scheme != "" }

// Paired reports whether each batch of targets is made of the same images as its batch of sources.
func (c *Config) Paired() bool {
	return c.Restores() || len(c.Target) == 1 && c.Target[0].isSource()
}

// TargetSpecs are the target images before they are encrypted.
func (c *Config) TargetSpecs() []dataset.Spec {
	specs := make([]dataset.Spec, len(c.Target))
	for i, t := range c.Target {
		specs[i] = t.Spec
	}
	return specs
}

// Data says how images are read. Both sets are treated alike, but only source images are held out or augmented.
type Data struct {
	HeldOut   float64 `yaml:"held_out"`    // share of the source images kept out of training, by the hash of their files, all images of a patient together where names tell; 0: none
	Cache     string  `yaml:"cache"`       // folder of resized images, decoded once; auto: in the user's cache folder; off: none
	OnBadFile string  `yaml:"on_bad_file"` // fail, or skip: leave out what cannot be read, and list it

	Augment dataset.Augment `yaml:"augment,omitempty"` // random changes of the source images in training; off where all are 0
}

// Generator is the generator's shape. The defaults are the published network's of that name.
type Generator struct {
	Name   string  `yaml:"name"`   // the network
	Width  int     `yaml:"width"`  // channels after the first layer; dcgan: before the last
	Blocks int     `yaml:"blocks"` // residual blocks; chaos: in each part
	Latent int     `yaml:"latent"` // dcgan: random numbers that a key is made from
	Norm   string  `yaml:"norm"`   // instance, instance_affine, batch or none; chaos: published, a mixture of norms
	Noise  bool    `yaml:"noise"`  // resnet: add noise of a learned strength after each residual block; gives flat regions texture
	EMA    float64 `yaml:"ema"`    // decay per step, such as 0.999, of a running mean of the weights, which then makes the keys; 0: none
}

// Critic is the critic's shape. The defaults are the published network's of that name.
type Critic struct {
	Name  string `yaml:"name"`  // the network
	Width int    `yaml:"width"` // channels after the first layer
	Norm  string `yaml:"norm"`  // instance, instance_affine, batch or none
}

// Norms are numbers of all norms. PyTorch's are the defaults; TensorFlow's are 0.99 and 0.001.
type Norms struct {
	Momentum float64 `yaml:"momentum,omitempty"` // share of its running mean and variance that a batch norm keeps each step; 0: 0.9
	Epsilon  float64 `yaml:"epsilon,omitempty"`  // is added to each variance; 0: 0.00001
}

// The values of Config.Init besides "".
const (
	InitPyTorch = "pytorch"
	InitGlorot  = "glorot"
)

// Optimizer holds Adam's parameters and the course of the learning rate: it rises over the first Warmup steps and falls, from the
// share DecayFrom of all steps on, to Final times itself.
type Optimizer struct {
	LearningRate float64 `yaml:"learning_rate"` // Adam's step size
	Beta1        float64 `yaml:"beta1"`         // decay of the mean gradient
	Beta2        float64 `yaml:"beta2"`         // decay of the mean squared gradient
	Schedule     string  `yaml:"schedule"`      // how the learning rate falls
	Warmup       int     `yaml:"warmup"`        // steps in which the learning rate rises
	DecayFrom    float64 `yaml:"decay_from"`    // share of all steps after which the learning rate falls, from 0 to 1
	Final        float64 `yaml:"final"`         // the learning rate at the end, as a share of the full one
}

// Schedule says how long to train and what to keep. One step is one generator update with its critic updates. An epoch is as many
// steps as the source set has whole batches.
type Schedule struct {
	Batch           int    `yaml:"batch"`               // images in a batch
	Accumulate      int    `yaml:"accumulate"`          // batches whose mean gradient makes one update; saves memory
	Epochs          int    `yaml:"epochs"`              // length of the run, if steps is 0
	Steps           int    `yaml:"steps"`               // length of the run; 0: as many as the epochs need
	OnNaN           string `yaml:"on_nan"`              // stop, or skip: leave out updates whose gradients are not finite, and count them
	CheckpointEvery int    `yaml:"checkpoint_every"`    // steps between checkpoints; 0: one epoch
	LogEvery        int    `yaml:"log_every,omitempty"` // steps whose values are read from the device at once; 0: one on the CPU, 50 on a GPU
	KeepCheckpoints int    `yaml:"keep_checkpoints"`    // how many checkpoints to keep: the newest; those with the best keys are kept besides
	SampleEvery     int    `yaml:"sample_every"`        // epochs between samples; keys are judged with each; 0: none
	Samples         int    `yaml:"samples"`             // images in a sample
	Workers         int    `yaml:"workers"`             // goroutines that decode images; 0: one per core
}

// YAML is the resolved configuration, as config.yaml in a run's folder holds it.
func (c Config) YAML() []byte {
	b, err := yaml.Marshal(c)
	if err != nil {
		panic(err) // a struct of plain values
	}
	return b
}

// Hash identifies what determines the trained weights: everything but names, places, lengths and what is kept. A run can only be
// resumed under the same hash, and generator.npz carries it.
func (c Config) Hash() string {
	return fmt.Sprintf("%x", sha256.Sum256(c.determining().YAML()))
}

// determining is the configuration without what Hash leaves out. on_nan is left out too: until it acts, both values give the same weights.
func (c Config) determining() Config {
	c.Name, c.Output, c.Device, c.Threads, c.CUDAGraphs, c.MemoryFormat, c.Evaluate = "", "", "", 0, "", "", experiment.Config{}
	c.Data.Cache, c.Data.OnBadFile = "", "" // the data's own hashes say which images there are
	length := Schedule{Batch: c.Train.Batch, Accumulate: c.Train.Accumulate}
	if c.Optimizer.Schedule != "constant" {
		length.Epochs, length.Steps = c.Train.Epochs, c.Train.Steps // the learning rate depends on them
	}
	c.Train = length
	return c
}

// StepsPerEpoch is how many steps a source set of n images has: one for each group of whole batches, and at least one.
func (c Config) StepsPerEpoch(n int) int { return max(n/(c.Train.Batch*c.Train.Accumulate), 1) }

// TotalSteps is the length of the run.
func (c Config) TotalSteps(perEpoch int) int {
	if c.Train.Steps > 0 {
		return c.Train.Steps
	}
	return c.Train.Epochs * perEpoch
}

// Dir is the run's folder.
func (c Config) Dir() string { return filepath.Join(c.Output, c.Name) }

// GeneratorPath is where a complete run leaves its generator.
func (c Config) GeneratorPath() string { return filepath.Join(c.Dir(), "generator.npz") }

// schedules are the ways in which the learning rate falls: the factor between 1 and the final one that is left when the share x of
// the fall, from 0 to 1, has gone by.
var schedules = map[string]func(x float64) float64{
	"constant": func(float64) float64 { return 1 },
	"linear":   func(x float64) float64 { return 1 - x },
	"cosine":   func(x float64) float64 { return (1 + math.Cos(math.Pi*x)) / 2 },
}

// RateAt is the learning rate of the step after done of total steps. It rises evenly over the first Warmup steps, stays, and falls from
// the share DecayFrom of all steps on, so that the last step has nearly Final times the full rate.
func (o Optimizer) RateAt(done, total int) float64 {
	rate := o.LearningRate
	if done < o.Warmup {
		return rate * float64(done+1) / float64(o.Warmup+1)
	}
	start := o.DecayFrom * float64(total)
	if float64(done) <= start || o.Schedule == "constant" {
		return rate
	}
	x := (float64(done) - start) / (float64(total) - start)
	return rate * (o.Final + (1-o.Final)*schedules[o.Schedule](x))
}
