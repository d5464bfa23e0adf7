package config

import "cmp"

// Default is the published experiment of the default objective, without data.
func Default() Config { return DefaultOf("", "", "") }

// DefaultOf returns the published settings of an objective and of its networks, or of other networks where these are named.
func DefaultOf(objective, generator, critic string) Config {
	if objective == "" && len(objectives) > 0 {
		objective = objectives[0].Name
	}
	c := Config{
		Output:    "runs",
		Seed:      1,
		Device:    "auto",
		TF32:      true,
		Image:     Image{Size: 256, Channels: 3},
		Data:      Data{Cache: "auto", OnBadFile: "fail"},
		Objective: objectiveDefaults(objective),
		Optimizer: Optimizer{LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.9, Schedule: "constant"},
		Train:     Schedule{Batch: 4, Accumulate: 1, Epochs: 100, OnNaN: "stop", KeepCheckpoints: 3, SampleEvery: 1, Samples: 4},
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
func first(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return names[0]
}
