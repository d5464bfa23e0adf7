package train

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"keygan/data/dataset"
	"keygan/evaluate/experiment"
	"keygan/internal/strictyaml"
)

// Config is one experiment, as a YAML file says it and as a run folder records it, resolved, in config.yaml.
type Config struct {
	Name      string            `yaml:"name"`      // the run's folder below Output; default: the file's name
	Output    string            `yaml:"output"`    // where run folders are made
	Seed      uint64            `yaml:"seed"`      // of weights, data order and every draw in training
	Device    string            `yaml:"device"`    // auto, cpu, cuda or cuda:N
	Threads   int               `yaml:"threads"`   // CPU threads of libtorch; 0: as many as it takes by itself
	TF32      bool              `yaml:"tf32"`      // let NVIDIA GPUs round products to TF32, as PyTorch does in convolutions
	Image     Image             `yaml:"image"`     // what the networks see
	Source    []dataset.Spec    `yaml:"source"`    // medical images, which the generator turns into keys
	Target    []Target          `yaml:"target"`    // images whose look the keys are to take on
	Data      DataConfig        `yaml:"data"`      // how both are read
	Objective ObjectiveConfig   `yaml:"objective"` // losses and updates
	Generator GeneratorConfig   `yaml:"generator"`
	Critic    CriticConfig      `yaml:"critic"`
	Optimizer OptimizerConfig   `yaml:"optimizer"`
	Train     Schedule          `yaml:"train"`
	Evaluate  experiment.Config `yaml:"evaluate,omitempty"` // for keygan evaluate; training does not look at it
}

// Image is the shape of the networks' input: Channels × Size × Size, values in [−1, 1].
type Image struct {
	Size     int `yaml:"size"`
	Channels int `yaml:"channels"`
}

// Target is one set of target images. With Encrypt, they are those images encrypted; with nothing else, the source images
// themselves are, so that each batch of targets belongs to its batch of sources, image by image.
type Target struct {
	dataset.Spec `yaml:",inline"`
	Encrypt      string `yaml:"encrypt,omitempty"` // logistic: XOR with the keystream of a logistic map
}

// isSource says that the target is the source images, encrypted.
func (t Target) isSource() bool { return t.Encrypt != "" && t.Spec == (dataset.Spec{}) }

// Paired says that each batch of targets is made of the same images as its batch of sources.
func (c *Config) Paired() bool { return len(c.Target) == 1 && c.Target[0].isSource() }

// DataConfig says how images are read. Both sets are treated alike.
type DataConfig struct {
	HeldOut   float64 `yaml:"held_out"`    // share of the source images kept out of training, by the hash of their files; 0: none
	Cache     string  `yaml:"cache"`       // folder of resized images, decoded once; auto: in the user's cache folder; off: none
	OnBadFile string  `yaml:"on_bad_file"` // fail, or skip: leave out what cannot be read, and list it
}

// ObjectiveConfig names an objective and sets its parameters. Those of another objective are ignored.
type ObjectiveConfig struct {
	Name          string  `yaml:"name"`
	CriticSteps   int     `yaml:"critic_steps"`   // critic updates a generator update
	PenaltyWeight float64 `yaml:"penalty_weight"` // wgan-gp: λ of the gradient penalty

	InputNoise           float64 `yaml:"input_noise"`           // chaos-gan: σ of the noise added to the image, as a share of its range
	AdversarialWeight    float64 `yaml:"adversarial_weight"`    // chaos-gan: of the critic's verdict in the encryptor's loss
	TargetWeight         float64 `yaml:"target_weight"`         // chaos-gan: of MSE and 1 − SSIM between encrypted image and target
	ReconstructionWeight float64 `yaml:"reconstruction_weight"` // chaos-gan: of MSE and 1 − SSIM between image and reconstruction
	GlobalSSIMWeight     float64 `yaml:"global_ssim_weight"`    // chaos-gan: μ of 1 − global SSIM beside the critic's verdict
}

// GeneratorConfig is the generator's shape. The defaults are the published network's of that name.
type GeneratorConfig struct {
	Name   string  `yaml:"name"`
	Width  int     `yaml:"width"`  // channels after the first layer; dcgan: before the last
	Blocks int     `yaml:"blocks"` // residual blocks; chaos: in each part
	Latent int     `yaml:"latent"` // dcgan: numbers of noise that a key is made of
	Norm   string  `yaml:"norm"`   // instance, instance_affine, batch or none; chaos: published, which is a mixture
	Noise  bool    `yaml:"noise"`  // resnet: add noise after each residual block, as much as training will find good
	EMA    float64 `yaml:"ema"`    // decay, a step, of the running mean of its weights, which makes the keys; 0: none
}

// CriticConfig is the critic's shape. The defaults are the published network's of that name.
type CriticConfig struct {
	Name  string `yaml:"name"`
	Width int    `yaml:"width"` // channels after the first layer
	Norm  string `yaml:"norm"`  // instance, instance_affine, batch or none
}

// OptimizerConfig is Adam's parameters, the same for all networks, and how the learning rate goes over the run: it rises over
// the first Warmup steps, and from the share DecayFrom of all steps on falls to Final times itself.
type OptimizerConfig struct {
	LearningRate float64 `yaml:"learning_rate"`
	Beta1        float64 `yaml:"beta1"`
	Beta2        float64 `yaml:"beta2"`
	Schedule     string  `yaml:"schedule"`   // constant, linear or cosine: how it falls
	Warmup       int     `yaml:"warmup"`     // steps
	DecayFrom    float64 `yaml:"decay_from"` // share of all steps, from 0 to 1
	Final        float64 `yaml:"final"`      // factor at the end
}

// Schedule says how long to train and what to keep. Lengths are in steps; one step is one generator update with its
// critic updates, and an epoch is as many steps as the source set has whole batches.
type Schedule struct {
	Batch           int    `yaml:"batch"`
	Accumulate      int    `yaml:"accumulate"`       // so many batches make one update: their gradients are averaged
	Epochs          int    `yaml:"epochs"`           // used when Steps is 0
	Steps           int    `yaml:"steps"`            // 0: as many as Epochs need
	OnNaN           string `yaml:"on_nan"`           // stop, or skip: leave out updates whose gradients are not finite, and count them
	CheckpointEvery int    `yaml:"checkpoint_every"` // steps; 0: once an epoch
	KeepCheckpoints int    `yaml:"keep_checkpoints"` // the newest so many stay
	SampleEvery     int    `yaml:"sample_every"`     // epochs between sample images
	Samples         int    `yaml:"samples"`          // images in a sample
	Workers         int    `yaml:"workers"`          // goroutines that decode images; 0: one a core
}

// ReadConfig reads the experiment in the file at path and then applies overrides of the form key=value, as in
// train.batch=8; a value is YAML. What neither says is the published setting of the objective and of the networks that
// they name. Errors name the file, the line and, for a key or a name, what is allowed.
func ReadConfig(path string, overrides ...string) (Config, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return Config{}, err
	}
	decode := func(c *Config) (*strictyaml.Document, error) {
		c.Name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		doc, err := strictyaml.Decode(path, src, c)
		for _, o := range overrides {
			if err == nil {
				err = c.set(o)
			}
		}
		return doc, err
	}
	var named Config
	named.Objective.Name = "wgan-gp"
	if _, err := decode(&named); err != nil {
		return named, err
	}
	c := defaults(named.Objective.Name, named.Generator.Name, named.Critic.Name)
	doc, err := decode(&c)
	if err != nil {
		return c, err
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

// YAML is the resolved configuration, as config.yaml in a run folder holds it.
func (c Config) YAML() []byte {
	b, err := yaml.Marshal(c)
	if err != nil {
		panic(err) // a struct of plain values
	}
	return b
}

// Hash identifies what determines the trained weights: everything but names, places, lengths and what is kept. A run can
// only be resumed under the same hash, and generator.npz carries it. on_nan is not among it: up to the first update left out,
// both ways give the same weights.
func (c Config) Hash() string {
	sum := sha256.Sum256(c.determining().YAML())
	return hex.EncodeToString(sum[:])
}

// determining is the configuration without what Hash leaves out.
func (c Config) determining() Config {
	c.Name, c.Output, c.Device, c.Threads, c.Evaluate = "", "", "", 0, experiment.Config{}
	c.Data.Cache, c.Data.OnBadFile = "", "" // which images there are is in the data's own hashes
	length := Schedule{Batch: c.Train.Batch, Accumulate: c.Train.Accumulate}
	if c.Optimizer.Schedule != "constant" {
		length.Epochs, length.Steps = c.Train.Epochs, c.Train.Steps // the learning rate depends on them
	}
	c.Train = length
	return c
}

// stepsPerEpoch is how many steps' worth of whole batches a source set of n images has; a smaller set makes one.
func (c Config) stepsPerEpoch(n int) int { return max(n/(c.Train.Batch*c.Train.Accumulate), 1) }

func (c Config) totalSteps(perEpoch int) int {
	if c.Train.Steps > 0 {
		return c.Train.Steps
	}
	return c.Train.Epochs * perEpoch
}

// GeneratorPath is where a complete run leaves its generator.
func (c Config) GeneratorPath() string { return filepath.Join(c.Output, c.Name, "generator.npz") }
