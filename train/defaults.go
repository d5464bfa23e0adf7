package train

// DefaultConfig is the published WGAN-GP experiment, without data.
func DefaultConfig() Config {
	return defaults("wgan-gp", "", "")
}

// defaults are the published settings of an objective with its networks, or with others where these are named.
func defaults(objective, generator, critic string) Config {
	c := Config{
		Output:    "runs",
		Seed:      1,
		Device:    "auto",
		TF32:      true,
		Image:     Image{Size: 256, Channels: 3},
		Data:      DataConfig{Cache: "auto", OnBadFile: "fail"},
		Objective: ObjectiveConfig{Name: objective, PenaltyWeight: 10, CriticSteps: 5},
		Generator: GeneratorConfig{Name: "resnet"},
		Critic:    CriticConfig{Name: "patch"},
		Optimizer: OptimizerConfig{LearningRate: 2e-4, Beta1: 0.5, Beta2: 0.9, Schedule: "constant"},
		Train:     Schedule{Batch: 4, Accumulate: 1, Epochs: 100, OnNaN: "stop", KeepCheckpoints: 3, SampleEvery: 1, Samples: 4},
	}
	o := &c.Objective
	o.InputNoise, o.AdversarialWeight, o.TargetWeight, o.ReconstructionWeight, o.GlobalSSIMWeight = 0.3, 1, 1, 1, 0.2
	switch objective {
	case "gan":
		o.CriticSteps = 1
	case "chaos-gan":
		o.CriticSteps = 1
		c.Image.Channels = 1
		c.Generator.Name, c.Critic.Name = "chaos", "chaos"
		c.Optimizer.Beta2 = 0.999
	}
	if generator != "" {
		c.Generator.Name = generator
	}
	if critic != "" {
		c.Critic.Name = critic
	} else if generator == "dcgan" {
		c.Critic.Name = "dcgan"
	}
	if g, ok := generators[c.Generator.Name]; ok {
		c.Generator = g.defaults
	}
	if d, ok := critics[c.Critic.Name]; ok {
		c.Critic = d.defaults
	}
	return c
}
