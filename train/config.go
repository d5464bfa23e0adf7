package train

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"keygan/data"
	"keygan/data/strictyaml"
	"keygan/evaluate"
)

// Config is one experiment, as a YAML file says it and as a run folder records it, resolved, in config.yaml.
type Config struct {
	Name      string          `yaml:"name"`      // the run's folder below Output; default: the file's name
	Output    string          `yaml:"output"`    // where run folders are made
	Seed      uint64          `yaml:"seed"`      // of weights, data order and every draw in training
	Device    string          `yaml:"device"`    // auto, cpu, cuda or cuda:N
	Threads   int             `yaml:"threads"`   // CPU threads of libtorch; 0: as many as it takes by itself
	TF32      bool            `yaml:"tf32"`      // let NVIDIA GPUs round products to TF32, as PyTorch does in convolutions
	Image     Image           `yaml:"image"`     // what the networks see
	Source    []data.Spec     `yaml:"source"`    // medical images, which the generator turns into keys
	Target    []data.Spec     `yaml:"target"`    // images whose look the keys are to take on
	Objective ObjectiveConfig `yaml:"objective"` // losses and updates
	Generator GeneratorConfig `yaml:"generator"`
	Critic    CriticConfig    `yaml:"critic"`
	Optimizer OptimizerConfig `yaml:"optimizer"`
	Train     Schedule        `yaml:"train"`
	Evaluate  evaluate.Config `yaml:"evaluate,omitempty"` // for keygan evaluate; training does not look at it
}

// Image is the shape of the networks' input: Channels × Size × Size, values in [−1, 1].
type Image struct {
	Size     int `yaml:"size"`
	Channels int `yaml:"channels"`
}

// ObjectiveConfig names an objective and sets its parameters.
type ObjectiveConfig struct {
	Name          string  `yaml:"name"`
	PenaltyWeight float64 `yaml:"penalty_weight"` // λ of the gradient penalty
	CriticSteps   int     `yaml:"critic_steps"`   // critic updates a generator update
}

// GeneratorConfig is the generator's shape; reference: 64 and 6 for the published one.
type GeneratorConfig struct {
	Name   string `yaml:"name"`
	Width  int    `yaml:"width"`  // channels after the first layer
	Blocks int    `yaml:"blocks"` // residual blocks
}

// CriticConfig is the critic's shape; 64 for the published one.
type CriticConfig struct {
	Name  string `yaml:"name"`
	Width int    `yaml:"width"` // channels after the first layer
}

// OptimizerConfig is Adam's parameters, the same for both networks.
type OptimizerConfig struct {
	LearningRate float64 `yaml:"learning_rate"`
	Beta1        float64 `yaml:"beta1"`
	Beta2        float64 `yaml:"beta2"`
}

// Schedule says how long to train and what to keep. Lengths are in steps; one step is one generator update with its
// critic updates, and an epoch is as many steps as the source set has whole batches.
type Schedule struct {
	Batch           int `yaml:"batch"`
	Epochs          int `yaml:"epochs"`           // used when Steps is 0
	Steps           int `yaml:"steps"`            // 0: as many as Epochs need
	CheckpointEvery int `yaml:"checkpoint_every"` // steps; 0: once an epoch
	KeepCheckpoints int `yaml:"keep_checkpoints"` // the newest so many stay
	SampleEvery     int `yaml:"sample_every"`     // epochs between sample images
	Samples         int `yaml:"samples"`          // images in a sample
	Workers         int `yaml:"workers"`          // goroutines that decode images; 0: one a core
}

// DefaultConfig is the published experiment, without data.
func DefaultConfig() Config {
	return Config{
		Output:    "runs",
		Seed:      1,
		Device:    "auto",
		TF32:      true,
		Image:     Image{Size: 256, Channels: 3},
		Objective: ObjectiveConfig{Name: "wgan-gp", PenaltyWeight: 10, CriticSteps: 5},
		Generator: GeneratorConfig{Name: "resnet", Width: 64, Blocks: 6},
		Critic:    CriticConfig{Name: "patch", Width: 64},
		Optimizer: OptimizerConfig{LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.9},
		Train:     Schedule{Batch: 4, Epochs: 100, KeepCheckpoints: 3, SampleEvery: 1, Samples: 4},
	}
}

// ReadConfig reads the experiment in the file at path and then applies overrides of the form key=value, as in
// train.batch=8; a value is YAML. Errors name the file, the line and, for a key or a name, what is allowed.
func ReadConfig(path string, overrides ...string) (Config, error) {
	c := DefaultConfig()
	c.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	src, err := os.ReadFile(path)
	if err != nil {
		return c, err
	}
	doc, err := strictyaml.Decode(path, src, &c)
	if err != nil {
		return c, err
	}
	for _, o := range overrides {
		if err := c.set(o); err != nil {
			return c, err
		}
	}
	wrong, reason := c.validate()
	if wrong == "" {
		return c, nil
	}
	for _, o := range slices.Backward(overrides) { // the last word on a key is the one to name
		key, _, _ := strings.Cut(o, "=")
		if wrong == key || strings.HasPrefix(wrong, key+".") || strings.HasPrefix(wrong, key+"[") {
			return c, fmt.Errorf("--set %s: %s: %s", o, wrong, reason)
		}
	}
	return c, doc.Errorf(wrong, "%s", reason)
}

// set applies one override key=value by decoding the YAML that says it.
func (c *Config) set(override string) error {
	key, value, ok := strings.Cut(override, "=")
	if !ok || key == "" || strings.ContainsAny(key, " :{}[],") {
		return fmt.Errorf("--set %s: expected key=value, as in train.batch=8", override)
	}
	keys := strings.Split(key, ".")
	src := strings.Join(keys, ": {") + ": " + value + strings.Repeat("}", len(keys)-1)
	name := "--set " + override
	if _, err := strictyaml.Decode(name, []byte(src), c); err != nil {
		reason, _ := strings.CutPrefix(err.Error(), name+":1: ") // a line's number says nothing here
		return fmt.Errorf("%s: %s", name, strings.TrimPrefix(reason, name+": "))
	}
	return nil
}

// rule is one condition on a value: where it stands, whether it holds, and what is allowed.
type rule struct {
	path    string
	ok      bool
	allowed string
	value   any
}

// validate checks values that have the right type. It returns the path of one that is impossible, and why, or "".
func (c *Config) validate() (path, reason string) {
	// The bounds from above are far beyond what any machine can do; they keep products of sizes from overflowing.
	between := func(path string, value, least, most int) rule {
		return rule{path, least <= value && value <= most, fmt.Sprintf("must be from %d to %d", least, most), value}
	}
	atLeast := func(path string, value, least int) rule {
		return rule{path, value >= least, fmt.Sprintf("must be %d or more", least), value}
	}
	finite := func(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
	o, a := c.Objective, c.Optimizer
	for _, set := range []struct {
		path  string
		specs []data.Spec
	}{{"source", c.Source}, {"target", c.Target}} {
		for i, spec := range set.specs {
			if err := spec.Validate(); err != nil {
				return fmt.Sprintf("%s[%d]", set.path, i), err.Error()
			}
		}
	}
	for _, r := range []rule{
		{"name", filepath.IsLocal(c.Name) && filepath.Clean(c.Name) != ".", "must be a folder's name below output", c.Name},
		{"output", c.Output != "", "must name a folder", c.Output},
		{"device", c.Device == "auto" || c.Device == "cpu" || c.Device == "cuda" || isCUDAIndex(c.Device), "must be auto, cpu, cuda or cuda:N", c.Device},
		between("threads", c.Threads, 0, 1024),
		{"image.size", c.Image.Size >= 24 && c.Image.Size <= 4096 && c.Image.Size%4 == 0, "must be a multiple of 4 from 24 to 4096", c.Image.Size},
		{"image.channels", c.Image.Channels == 1 || c.Image.Channels == 3, "must be 1 (grey) or 3 (RGB)", c.Image.Channels},
		{"source", len(c.Source) > 0, "must name at least one folder or synthetic set", "nothing"},
		{"target", len(c.Target) > 0, "must name at least one folder or synthetic set", "nothing"},
		{"objective.name", slices.Contains(Objectives(), o.Name), "must be one of " + strings.Join(Objectives(), ", "), o.Name},
		{"objective.penalty_weight", finite(o.PenaltyWeight) && o.PenaltyWeight >= 0, "must be a number, 0 or more", o.PenaltyWeight},
		between("objective.critic_steps", o.CriticSteps, 1, 1000),
		{"generator.name", c.Generator.Name == "resnet", "must be one of resnet", c.Generator.Name},
		between("generator.width", c.Generator.Width, 1, 4096),
		between("generator.blocks", c.Generator.Blocks, 0, 1000),
		{"critic.name", c.Critic.Name == "patch", "must be one of patch", c.Critic.Name},
		between("critic.width", c.Critic.Width, 1, 4096),
		{"optimizer.learning_rate", finite(a.LearningRate) && a.LearningRate > 0, "must be a number above 0", a.LearningRate},
		{"optimizer.beta1", a.Beta1 >= 0 && a.Beta1 < 1, "must be from 0 to below 1", a.Beta1},
		{"optimizer.beta2", a.Beta2 >= 0 && a.Beta2 < 1, "must be from 0 to below 1", a.Beta2},
		between("train.batch", c.Train.Batch, 1, 65536),
		between("train.steps", c.Train.Steps, 0, 99_999_999),
		{"train.epochs", c.Train.Epochs >= 1 && c.Train.Epochs <= 1_000_000 || c.Train.Steps > 0, "must be from 1 to 1000000, or train.steps given", c.Train.Epochs},
		atLeast("train.checkpoint_every", c.Train.CheckpointEvery, 0),
		atLeast("train.keep_checkpoints", c.Train.KeepCheckpoints, 1),
		atLeast("train.sample_every", c.Train.SampleEvery, 1),
		between("train.samples", c.Train.Samples, 1, 256),
		between("train.workers", c.Train.Workers, 0, 1024),
	} {
		if !r.ok {
			return r.path, fmt.Sprintf("%s, not %v", r.allowed, r.value)
		}
	}
	return "", ""
}

func isCUDAIndex(device string) bool {
	n, ok := strings.CutPrefix(device, "cuda:")
	return ok && n != "" && strings.Trim(n, "0123456789") == ""
}

// YAML is the resolved configuration, as config.yaml in a run folder holds it.
func (c Config) YAML() []byte {
	b, err := yaml.Marshal(c)
	if err != nil {
		panic(err) // a struct of plain values
	}
	return b
}

// Hash identifies what determines the trained weights: everything but names, places, lengths and what is kept. A run can
// only be resumed under the same hash, and generator.npz carries it.
func (c Config) Hash() string {
	c.Name, c.Output, c.Device, c.Threads, c.Evaluate = "", "", "", 0, evaluate.Config{}
	c.Train = Schedule{Batch: c.Train.Batch}
	sum := sha256.Sum256(c.YAML())
	return hex.EncodeToString(sum[:])
}

// stepsPerEpoch is how many whole batches a source set of n images has; a set smaller than a batch makes one.
func (c Config) stepsPerEpoch(n int) int { return max(n/c.Train.Batch, 1) }

func (c Config) totalSteps(perEpoch int) int {
	if c.Train.Steps > 0 {
		return c.Train.Steps
	}
	return c.Train.Epochs * perEpoch
}

// GeneratorPath is where a complete run leaves its generator.
func (c Config) GeneratorPath() string { return filepath.Join(c.Output, c.Name, "generator.npz") }
