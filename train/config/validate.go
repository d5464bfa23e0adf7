package config

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
)

// rule is one condition on a value: the key, whether it holds, and what is allowed.
type rule struct {
	key     string
	ok      bool
	allowed string
	value   any
}

func oneOf(key, value string, allowed []string) rule {
	return rule{key, slices.Contains(allowed, value), "must be one of " + strings.Join(allowed, ", "), value}
}

func choice(key, value string) rule { return oneOf(key, value, Choices(key)) }

func between(key string, value, least, most int) rule {
	return rule{key, least <= value && value <= most, fmt.Sprintf("must be from %d to %d", least, most), value}
}

func atLeast(key string, value, least int) rule {
	return rule{key, value >= least, fmt.Sprintf("must be %d or more", least), value}
}

func share(key string, value float64) rule {
	return rule{key, value >= 0 && value <= 1, "must be from 0 to 1", value}
}

func below1(key string, value float64) rule {
	return rule{key, value >= 0 && value < 1, "must be from 0 to below 1", value}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// Validate checks the values. It returns the key of one that is impossible, and what is allowed, or "".
func (c *Config) Validate() (key, reason string) {
	if key, err := c.checkSets(); err != nil {
		return key, err.Error()
	}
	for _, rules := range []func() []rule{c.checkValues, c.checkEncrypt, c.checkAugment, c.checkObjective, c.checkNetworks} { // each rests on the one before
		for _, r := range rules() {
			if !r.ok {
				return r.key, fmt.Sprintf("%s, not %v", r.allowed, r.value)
			}
		}
	}
	if check := c.Description().Check; check != nil {
		if key, reason := check(c); key != "" {
			return key, reason
		}
	}
	if err := c.Arch().Validate(); err != nil {
		return "generator", err.Error()
	}
	return "", ""
}

// checkEncrypt checks how images are encrypted, where they are.
func (c *Config) checkEncrypt() []rule {
	fits := rule{"encrypt.scheme", c.Description().Restores == c.Restores(),
		"must be given for an objective that restores images, and for no other", c.Encrypt.Scheme}
	if !c.Restores() {
		return []rule{fits}
	}
	return []rule{fits, choice("encrypt.scheme", c.Encrypt.Scheme), choice("encrypt.key", c.Encrypt.Key)}
}

// checkValues checks each value by itself. The upper bounds are far beyond what any machine can do; they keep products of sizes from
// overflowing.
func (c *Config) checkValues() []rule {
	g, a, t, size := c.Generator, c.Optimizer, c.Train, c.Image.Size
	return []rule{
		{"name", filepath.IsLocal(c.Name) && filepath.Clean(c.Name) != ".", "must be a folder's name below output", c.Name},
		{"output", c.Output != "", "must name a folder", c.Output},
		{"device", deviceName.MatchString(c.Device), "must be " + deviceNames, c.Device},
		between("threads", c.Threads, 0, 1024),
		choice("cuda_graphs", c.CUDAGraphs),
		choice("memory_format", c.MemoryFormat),
		{"image.size", size >= 24 && size <= 4096 && size%4 == 0, "must be a multiple of 4 from 24 to 4096", size},
		{"image.channels", c.Image.Channels == 1 || c.Image.Channels == 3, "must be 1 (grey) or 3 (RGB)", c.Image.Channels},
		below1("data.held_out", c.Data.HeldOut),
		oneOf("init", cmp.Or(c.Init, InitPyTorch), Choices("init")),
		below1("norms.momentum", c.Norms.Momentum),
		{"norms.epsilon", c.Norms.Epsilon == 0 || c.Norms.Epsilon >= 1e-12 && c.Norms.Epsilon <= 1, "must be 0, or from 1e-12 to 1", c.Norms.Epsilon},
		{"data.cache", c.Data.Cache != "", "must be auto, off or a folder", c.Data.Cache},
		choice("data.on_bad_file", c.Data.OnBadFile),
		choice("objective.name", c.Objective.Name),
		choice("generator.name", g.Name),
		between("generator.width", g.Width, 1, 4096),
		between("generator.blocks", g.Blocks, 0, 1000),
		between("generator.latent", g.Latent, 0, 4096),
		below1("generator.ema", g.EMA),
		choice("critic.name", c.Critic.Name),
		between("critic.width", c.Critic.Width, 1, 4096),
		{"optimizer.learning_rate", finite(a.LearningRate) && a.LearningRate > 0, "must be a number above 0", a.LearningRate},
		below1("optimizer.beta1", a.Beta1),
		below1("optimizer.beta2", a.Beta2),
		choice("optimizer.schedule", a.Schedule),
		atLeast("optimizer.warmup", a.Warmup, 0),
		share("optimizer.decay_from", a.DecayFrom),
		share("optimizer.final", a.Final),
		between("train.batch", t.Batch, 1, 65536),
		between("train.accumulate", t.Accumulate, 1, 65536),
		between("train.steps", t.Steps, 0, 99_999_999),
		{"train.epochs", t.Epochs > 0 && t.Epochs <= 1_000_000 || t.Steps > 0, "must be from 1 to 1000000, or train.steps given", t.Epochs},
		choice("train.on_nan", t.OnNaN),
		atLeast("train.checkpoint_every", t.CheckpointEvery, 0),
		between("train.log_every", t.LogEvery, 0, 100_000),
		atLeast("train.keep_checkpoints", t.KeepCheckpoints, 1),
		atLeast("train.sample_every", t.SampleEvery, 0),
		between("train.samples", t.Samples, 1, 256),
		between("train.workers", t.Workers, 0, 1024),
	}
}

func (c *Config) checkAugment() (rules []rule) {
	for _, l := range c.Data.Augment.Limits() {
		rules = append(rules, rule{"data.augment." + l.Key, l.OK(), fmt.Sprintf("must be from 0 to %v", l.Most), l.Value})
	}
	return rules
}

// checkSets checks what the configuration says about the data, without looking at files.
func (c *Config) checkSets() (key string, err error) {
	const none = "must name at least one folder or synthetic set"
	if len(c.Source) == 0 {
		return "source", errors.New(none)
	}
	switch {
	case c.Restores() && len(c.Target) > 0:
		return "target", errors.New("must be left out where encrypt is given: the targets are the source images themselves")
	case !c.Restores() && len(c.Target) == 0:
		return "target", errors.New(none)
	}
	for i, spec := range c.Source {
		if err := spec.Validate(); err != nil {
			return fmt.Sprintf("source[%d]", i), err
		}
	}
	for i, target := range c.Target {
		key = fmt.Sprintf("target[%d]", i)
		switch {
		case target.Encrypt != "" && target.Encrypt != "logistic":
			return key + ".encrypt", fmt.Errorf("must be logistic, not %s", target.Encrypt)
		case target.isSource() && len(c.Target) > 1:
			return key, errors.New("encrypt with no folder means the source images, and must be the only target")
		case target.isSource():
			continue
		}
		if err := target.Validate(); err != nil {
			return key, err
		}
	}
	return "", nil
}

// checkNetworks checks what depends on which networks there are.
func (c *Config) checkNetworks() []rule {
	g, d := generators[c.Generator.Name], critics[c.Critic.Name]
	n, size := c.Generator, c.Image.Size
	return []rule{
		oneOf("generator.norm", n.Norm, g.norms),
		oneOf("critic.norm", c.Critic.Norm, d.norms),
		{"image.size", g.fits == nil || g.fits(size), "must be " + g.sizes + " for the generator " + c.Generator.Name, size},
		{"image.size", d.fits == nil || d.fits(size), "must be " + d.sizes + " for the critic " + c.Critic.Name, size},
		{"generator.latent", n.Latent > 0 == (g.defaults.Latent > 0), "must be given for the generator dcgan, and for no other", n.Latent},
		{"generator.noise", !n.Noise || g.noise, "is for the generator resnet", n.Noise},
	}
}
