package train

import (
	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/train/config"
)

// adversarial is what the objectives of a generator against a critic share: several critic updates on the same batches and fakes, then
// one generator update. The losses are the objective's own.
type adversarial struct {
	generator, critic *Model
	criticSteps       int
	arch              infer.Arch // the generator's
	place

	// latent draws the noise from which a generator makes n images, [n, Latent, 1, 1].
	latent func(n int64) torch.Tensor

	// criticLoss is the critic's loss on real and fake images, [N, C, H, W], with its parts: "loss", "real" and "fake" (the mean
	// scores) and "realScores" and "fakeScores".
	criticLoss func(real, fake torch.Tensor) terms
	// generatorLoss is the generator's, from the critic's scores for its fakes, [N, M].
	generatorLoss func(scores torch.Tensor) torch.Tensor
	// columns are the values of a step, from the terms of the generator's update and of the last one of the critic.
	columns func(generator, critic terms) []torch.Tensor
}

// terms are the parts of a loss by name, on the device: scalars, and the critic's scores, [N, M] with one row an image. "loss" is the
// one that is learnt from.
type terms map[string]torch.Tensor

func newAdversarial(c config.Config, at place) adversarial {
	a := withoutCritic(c, at)
	a.critic = newModel("critic", newNetwork(c.CriticArch(), at), c, 0)
	return a
}

// withoutCritic has a generator, and nothing that judges it.
func withoutCritic(c config.Config, at place) adversarial {
	a := adversarial{arch: c.Arch(), criticSteps: int(c.Objective.Value("critic_steps")), place: at}
	a.generator = newModel("generator", newNetwork(a.arch, at), c, c.Generator.EMA)
	a.latent = func(n int64) torch.Tensor { return at.normal(n, int64(a.arch.Latent), 1, 1) }
	return a
}

func (a *adversarial) Models() []*Model { return []*Model{a.generator, a.critic} }

func (a *adversarial) Step(batches []Batch) (values torch.Tensor) {
	torch.Scope(func() {
		var inputs []torch.Tensor
		for _, b := range batches {
			inputs = append(inputs, a.input(b))
		}
		values = row(a.columns(a.step(batches, inputs, []*Model{a.generator}, func(_ int, fake torch.Tensor) terms {
			scores := a.scores(fake)
			return terms{"loss": a.generatorLoss(scores), "scores": scores}
		}))...)
	})
	return values
}

func (a *adversarial) Outputs() []Output {
	return []Output{{"generator.npz", a.generator}}
}

func (a *adversarial) Show(source torch.Tensor, first int) []Row {
	return []Row{{Name: "keys", Images: a.Keys(source, first)}}
}

func (a *adversarial) Keys(source torch.Tensor, first int) torch.Tensor {
	if a.arch.Latent > 0 {
		source = a.noise(0, first, source.Shape()[0], int64(a.arch.Latent), 1, 1)
	}
	g, stream := *a.generator.best(), 0
	g.draw.normal = func(n, h, w int64) torch.Tensor {
		stream++
		return a.noise(stream, first, n, 1, h, w)
	}
	return g.Evaluate(source)
}

// noise is what package infer draws for n images of the seeds first, first + 1, …: planes of shape.
func (a *adversarial) noise(stream, first int, n int64, shape ...int64) torch.Tensor {
	size := 1
	for _, s := range shape {
		size *= int(s)
	}
	var x []float32
	for i := first; i < first+int(n); i++ {
		x = append(x, infer.Noise(infer.Seed{byte(i), byte(i >> 8), byte(i >> 16)}, stream, size)...)
	}
	return torch.FromFloats(x, append([]int64{n}, shape...)...).To(a.device)
}

func (a *adversarial) input(b Batch) torch.Tensor {
	if a.arch.Latent > 0 {
		return a.latent(b.Source.Shape()[0])
	}
	return b.Source
}

// fakes are what the generator makes of each batch. With one batch, the graph that made them is kept for the generator's update. With
// several, that would take the memory that accumulation saves, so each batch goes through the generator once more.
func (a *adversarial) fakes(inputs []torch.Tensor) []torch.Tensor {
	fakes := make([]torch.Tensor, len(inputs))
	for i, x := range inputs {
		if len(inputs) == 1 {
			fakes[i] = a.generator.Network.Forward(x)
			break
		}
		torch.Scope(func() {
			torch.NoGrad(func() { fakes[i] = a.generator.Network.Forward(x).Keep() })
		})
	}
	return fakes
}

// step makes one iteration: it updates the critic, and then models, which are the generator and what is trained with it. It returns the
// terms of that last update, with its "scores", and of the last one of the critic. They belong to the scope that is running.
func (a *adversarial) step(batches []Batch, inputs []torch.Tensor, models []*Model,
	loss func(i int, fake torch.Tensor) terms) (generator, critic terms) {
	fakes := a.fakes(inputs)
	for range a.criticSteps {
		critic = a.criticStep(batches, fakes)
	}
	return learn(models, len(inputs), func(i int) terms {
		if len(inputs) > 1 {
			return loss(i, a.generator.Network.Forward(inputs[i]))
		}
		return loss(i, fakes[i])
	}), critic
}

func (a *adversarial) criticStep(batches []Batch, fakes []torch.Tensor) terms {
	return learn([]*Model{a.critic}, len(batches), func(i int) terms { return a.criticLoss(batches[i].Target, fakes[i].Detach()) })
}

// learn updates models once, by the mean gradient of the losses of n batches, over all processes that train together. It returns the means of the scalars, the rows of all
// scores, and the norm of each model's gradient ("critic gradient"). They outlive learn; the graphs behind them do not.
func learn(models []*Model, n int, loss func(i int) terms) terms {
	all := terms{}
	torch.Scope(func() {
		var weights, grads []torch.Tensor
		team := models[0].Network.at.team
		for _, m := range models {
			weights = append(weights, m.Network.tensors()...)
		}
		for i := range n {
			torch.Scope(func() {
				one := loss(i)
				for k, g := range torch.Grad([]torch.Tensor{team.Weigh(one["loss"])}, weights, nil, false, false) {
					if i == 0 {
						grads = append(grads, g.Keep())
					} else {
						grads[k].AddI(g, 1)
					}
				}
				all.add(one, n)
			})
		}
		if n > 1 {
			for _, g := range grads {
				g.MulScalarI(1 / float64(n))
			}
		}
		grads = team.Sum(grads, weights)
		for _, m := range models {
			count := len(m.Network.Params)
			all[m.Name+" gradient"] = m.update(grads[:count])
			grads = grads[count:]
		}
		for _, x := range all {
			x.Keep()
		}
	})
	return all
}

// add adds the terms of one of n batches. What it makes outlives the scope.
func (t terms) add(one terms, n int) {
	for name, x := range one {
		x = x.Detach()
		before, more := t[name]
		switch scalar := x.Dim() == 0; {
		case scalar && n > 1:
			x = x.MulScalar(1 / float64(n))
			if more {
				x = torch.Add(before, x, 1)
			}
		case more:
			x = torch.Cat([]torch.Tensor{before, x}, 0)
		}
		t[name] = x.Keep()
	}
}

// scores are the critic's for x, [N, C, H, W], flattened to [N, M].
func (a *adversarial) scores(x torch.Tensor) torch.Tensor {
	return torch.Flatten(a.critic.Network.Forward(x), 1, -1)
}

// bothScores are the terms that every objective needs: the scores of real and fake images and their means.
func (a *adversarial) bothScores(real, fake torch.Tensor) terms {
	ofReal, ofFake := a.scores(real), a.scores(fake)
	return terms{"realScores": ofReal, "fakeScores": ofFake, "real": ofReal.Mean(), "fake": ofFake.Mean()}
}

// gradientColumns follow an objective's published columns.
var gradientColumns = []string{"Generator Gradient Norm", "Critic Gradient Norm"}

// adversarialCost is what a step of a generator against a critic costs: the generator first. The phases of a step are the critic's
// updates and the generator's.
func adversarialCost(c config.Config) []config.NetworkCost {
	generator := config.NetworkCost{Name: "generator", Arch: c.Arch(), Passes: 3, Graphs: []float64{1, 1}, Mean: c.Generator.EMA > 0}
	if c.Train.Accumulate > 1 { // then each batch goes through it once more, after the critic's steps
		generator.Passes, generator.Graphs = 4, []float64{0, 1}
	}
	// Each critic step goes forward and back for real and for fake images; the generator's, forward and back to the image.
	steps := c.Objective.Value("critic_steps")
	critic := config.NetworkCost{Name: "critic", Arch: c.CriticArch(), Passes: 6*steps + 2, Graphs: []float64{2, 1}}
	return []config.NetworkCost{generator, critic}
}

// accuracies are the published shares: Gen_Acc, of the generator's fakes that the critic scores above zero, and Critic_Acc, of the
// scores in its last step that were on the right side of zero.
func accuracies(generator, critic terms) (ofGenerator, ofCritic torch.Tensor) {
	share := func(b torch.Tensor) torch.Tensor { return b.CastTo(torch.Float).Mean() } // of booleans
	right := torch.Cat([]torch.Tensor{critic["realScores"].Gt(0), critic["fakeScores"].Lt(0)}, 0)
	return share(generator["scores"].Gt(0)), share(right)
}

// row joins scalars to one tensor, which outlives the scope: reading each on its own would wait for the GPU each time.
func row(ts ...torch.Tensor) torch.Tensor {
	for i, t := range ts {
		ts[i] = t.Detach()
	}
	return torch.Stack(ts, 0).Keep()
}

// numbers copies a row to the host.
func numbers(row torch.Tensor) []float64 { return converted[float64](row.Floats()) }
