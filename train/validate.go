package train

import (
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

func oneOf(path, value string, allowed ...string) rule {
	return rule{path, slices.Contains(allowed, value), "must be one of " + strings.Join(allowed, ", "), value}
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
	notNegative := func(path string, value float64) rule {
		return rule{path, finite(value) && value >= 0, "must be a number, 0 or more", value}
	}
	if path, err := c.checkSets(); err != nil {
		return path, err.Error()
	}
	o, g, a := c.Objective, c.Generator, c.Optimizer
	for _, r := range []rule{
		{"name", filepath.IsLocal(c.Name) && filepath.Clean(c.Name) != ".", "must be a folder's name below output", c.Name},
		{"output", c.Output != "", "must name a folder", c.Output},
		{"device", c.Device == "auto" || c.Device == "cpu" || c.Device == "cuda" || isCUDAIndex(c.Device), "must be auto, cpu, cuda or cuda:N", c.Device},
		between("threads", c.Threads, 0, 1024),
		{"image.size", c.Image.Size >= 24 && c.Image.Size <= 4096 && c.Image.Size%4 == 0, "must be a multiple of 4 from 24 to 4096", c.Image.Size},
		{"image.channels", c.Image.Channels == 1 || c.Image.Channels == 3, "must be 1 (grey) or 3 (RGB)", c.Image.Channels},
		{"data.held_out", c.Data.HeldOut >= 0 && c.Data.HeldOut < 1, "must be from 0 to below 1", c.Data.HeldOut},
		{"data.cache", c.Data.Cache != "", "must be auto, off or a folder", c.Data.Cache},
		oneOf("data.on_bad_file", c.Data.OnBadFile, "fail", "skip"),
		oneOf("objective.name", o.Name, Objectives()...),
		between("objective.critic_steps", o.CriticSteps, 1, 1000),
		notNegative("objective.penalty_weight", o.PenaltyWeight),
		{"objective.input_noise", o.InputNoise >= 0 && o.InputNoise <= 10, "must be from 0 to 10", o.InputNoise},
		notNegative("objective.adversarial_weight", o.AdversarialWeight),
		notNegative("objective.target_weight", o.TargetWeight),
		notNegative("objective.reconstruction_weight", o.ReconstructionWeight),
		notNegative("objective.global_ssim_weight", o.GlobalSSIMWeight),
		oneOf("generator.name", g.Name, names(generators)...),
		between("generator.width", g.Width, 1, 4096),
		between("generator.blocks", g.Blocks, 0, 1000),
		between("generator.latent", g.Latent, 0, 4096),
		{"generator.ema", g.EMA >= 0 && g.EMA < 1, "must be from 0 to below 1, as in 0.999", g.EMA},
		oneOf("critic.name", c.Critic.Name, names(critics)...),
		between("critic.width", c.Critic.Width, 1, 4096),
		{"optimizer.learning_rate", finite(a.LearningRate) && a.LearningRate > 0, "must be a number above 0", a.LearningRate},
		{"optimizer.beta1", a.Beta1 >= 0 && a.Beta1 < 1, "must be from 0 to below 1", a.Beta1},
		{"optimizer.beta2", a.Beta2 >= 0 && a.Beta2 < 1, "must be from 0 to below 1", a.Beta2},
		oneOf("optimizer.schedule", a.Schedule, names(schedules)...),
		atLeast("optimizer.warmup", a.Warmup, 0),
		{"optimizer.decay_from", a.DecayFrom >= 0 && a.DecayFrom <= 1, "must be from 0 to 1", a.DecayFrom},
		{"optimizer.final", a.Final >= 0 && a.Final <= 1, "must be from 0 to 1", a.Final},
		between("train.batch", c.Train.Batch, 1, 65536),
		between("train.accumulate", c.Train.Accumulate, 1, 65536),
		between("train.steps", c.Train.Steps, 0, 99_999_999),
		{"train.epochs", c.Train.Epochs >= 1 && c.Train.Epochs <= 1_000_000 || c.Train.Steps > 0, "must be from 1 to 1000000, or train.steps given", c.Train.Epochs},
		oneOf("train.on_nan", c.Train.OnNaN, "stop", "skip"),
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
	return c.checkNetworks()
}

// checkSets checks what the configuration says of the data, without looking at files.
func (c *Config) checkSets() (path string, err error) {
	if len(c.Source) == 0 {
		return "source", errors.New("must name at least one folder or synthetic set, not nothing")
	}
	if len(c.Target) == 0 {
		return "target", errors.New("must name at least one folder or synthetic set, not nothing")
	}
	for i, spec := range c.Source {
		if err := spec.Validate(); err != nil {
			return fmt.Sprintf("source[%d]", i), err
		}
	}
	for i, target := range c.Target {
		path = fmt.Sprintf("target[%d]", i)
		if target.Encrypt != "" && target.Encrypt != "logistic" {
			return path + ".encrypt", fmt.Errorf("must be logistic, not %s", target.Encrypt)
		}
		if target.isSource() {
			if len(c.Target) > 1 {
				return path, errors.New("encrypt with no folder means the source images, and must be the only target")
			}
			continue
		}
		if err := target.Validate(); err != nil {
			return path, err
		}
	}
	return "", nil
}

// checkNetworks checks what depends on which networks there are; their numbers have been checked.
func (c *Config) checkNetworks() (path, reason string) {
	g, d := generators[c.Generator.Name], critics[c.Critic.Name]
	chaos := c.Objective.Name == "chaos-gan"
	const needsPairs = "compares an encrypted image with its own target, so it must be 0 unless the target is [{encrypt: logistic}]"
	size := c.Image.Size
	for _, r := range []rule{
		oneOf("generator.norm", c.Generator.Norm, g.norms...),
		oneOf("critic.norm", c.Critic.Norm, d.norms...),
		{"generator.name", chaos == (c.Generator.Name == "chaos"), "must be chaos for the objective chaos-gan, and for no other", c.Generator.Name},
		{"critic.name", chaos == (c.Critic.Name == "chaos"), "must be chaos for the objective chaos-gan, and for no other", c.Critic.Name},
		{"image.size", c.Generator.Name != "dcgan" || size&(size-1) == 0, "must be a power of two for the generator dcgan", size},
		{"image.size", c.Critic.Name != "chaos" || size >= 48 && size%16 == 0, "must be a multiple of 16 from 48 for the critic chaos", size},
		{"objective.target_weight", !chaos || c.Paired() || c.Objective.TargetWeight == 0, needsPairs, c.Objective.TargetWeight},
		{"objective.global_ssim_weight", !chaos || c.Paired() || c.Objective.GlobalSSIMWeight == 0, needsPairs, c.Objective.GlobalSSIMWeight},
		{"generator.latent", c.Generator.Latent > 0 == (c.Generator.Name == "dcgan"), "must be given for the generator dcgan, and for no other", c.Generator.Latent},
		{"generator.noise", !c.Generator.Noise || c.Generator.Name == "resnet", "is for the generator resnet", c.Generator.Noise},
	} {
		if !r.ok {
			return r.path, fmt.Sprintf("%s, not %v", r.allowed, r.value)
		}
	}
	if err := c.arch().Validate(); err != nil {
		return "generator", err.Error()
	}
	return "", ""
}

func isCUDAIndex(device string) bool {
	n, ok := strings.CutPrefix(device, "cuda:")
	return ok && n != "" && strings.Trim(n, "0123456789") == ""
}
