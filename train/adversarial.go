package train

import (
	torch "keygan/gotorch"
	"keygan/infer"
)

// adversarial is what the objectives of a generator against a critic share: several critic updates on one batch, then one
// generator update. During them neither the source batch nor the generator changes, so the fakes are computed once and the
// generator's update goes back through that same graph. The losses are the objective's own.
type adversarial struct {
	generator, critic Model
	criticSteps       int

	// criticLoss is the critic's loss on real and fake images, [N, C, H, W], with its parts.
	criticLoss func(real, fake torch.Tensor) criticTerms
	// generatorLoss is the generator's, from the critic's scores for its fakes, [N, M].
	generatorLoss func(scores torch.Tensor) torch.Tensor
}

// criticTerms are the parts of one critic step, all on the device.
type criticTerms struct {
	loss, real, fake       torch.Tensor // scalars: the loss, and the mean score of real and of fake images
	penalty                torch.Tensor // scalar, before its weight; none where the objective has no penalty
	realScores, fakeScores torch.Tensor // [N, M]: one row an image
}

func newAdversarial(c Config, device torch.Device) adversarial {
	adam := func(name string, n *Network) Model {
		opt := torch.Adam(c.Optimizer.LearningRate, c.Optimizer.Beta1, c.Optimizer.Beta2, 0)
		opt.AddParameters(n.tensors())
		return Model{name, n, opt}
	}
	return adversarial{
		generator:   adam("generator", newGenerator(c.arch(), device)),
		critic:      adam("critic", newNetwork(patchLayers(c.Critic.Width, c.Image.Channels), device)),
		criticSteps: c.Objective.CriticSteps,
	}
}

// arch is the generator that the configuration asks for.
func (c Config) arch() infer.Arch {
	a := infer.ResNet(c.Generator.Width, c.Generator.Blocks, c.Image.Channels, c.Image.Size)
	a.ConfigHash = c.Hash()
	return a
}

func (a *adversarial) Models() []Model { return []Model{a.generator, a.critic} }

func (a *adversarial) Generate(source torch.Tensor) (keys torch.Tensor) {
	torch.NoGrad(func() { keys = a.generator.Network.Forward(source) })
	return keys
}

// step makes one iteration and returns the generator's loss with the critic's scores for the fakes, and the terms of the
// last critic step. They belong to the scope that is running.
func (a *adversarial) step(b Batch) (loss, scores torch.Tensor, last criticTerms) {
	fake := a.generator.Network.Forward(b.Source)
	detached := fake.Detach()
	for range a.criticSteps {
		last = a.criticStep(b.Target, detached)
	}
	scores = a.scores(fake)
	loss = a.generatorLoss(scores)
	a.generator.Optimizer.StepWith(torch.Grad([]torch.Tensor{loss}, a.generator.Network.tensors(), nil, false, false))
	return loss, scores.Detach(), last
}

// criticStep updates the critic once. Its terms outlive it; the graph behind them does not.
func (a *adversarial) criticStep(real, fake torch.Tensor) (terms criticTerms) {
	torch.Scope(func() {
		c := a.criticLoss(real, fake)
		a.critic.Optimizer.StepWith(torch.Grad([]torch.Tensor{c.loss}, a.critic.Network.tensors(), nil, false, false))
		keep := func(t torch.Tensor) torch.Tensor {
			if t.T == nil {
				return t
			}
			return t.Detach().Keep()
		}
		terms = criticTerms{keep(c.loss), keep(c.real), keep(c.fake), keep(c.penalty), keep(c.realScores), keep(c.fakeScores)}
	})
	return terms
}

// scores are the critic's for x, [N, C, H, W], flattened to [N, M].
func (a *adversarial) scores(x torch.Tensor) torch.Tensor {
	return torch.Flatten(a.critic.Network.Forward(x), 1, -1)
}

// bothScores are the terms that every objective needs: the scores of real and fake images and their means.
func (a *adversarial) bothScores(real, fake torch.Tensor) (c criticTerms) {
	c.realScores, c.fakeScores = a.scores(real), a.scores(fake)
	c.real, c.fake = c.realScores.Mean(), c.fakeScores.Mean()
	return c
}

// accuracies are the published shares: Gen_Acc, of the generator's fakes that the critic scores above zero, and Critic_Acc,
// of the scores in its last step that were on the right side of zero.
func accuracies(scores torch.Tensor, last criticTerms) (generator, critic torch.Tensor) {
	right := torch.Cat([]torch.Tensor{last.realScores.Gt(0), last.fakeScores.Lt(0)}, 0)
	return share(scores.Gt(0)), share(right)
}

// share is the mean of a tensor of booleans.
func share(b torch.Tensor) torch.Tensor { return b.CastTo(torch.Float).Mean() }

// scalars copies scalar tensors to the host in one go: reading each on its own would wait for the GPU each time.
func scalars(ts ...torch.Tensor) []float64 {
	out := make([]float64, len(ts))
	for i, t := range ts {
		ts[i] = t.Detach()
	}
	for i, v := range torch.Stack(ts, 0).Floats() {
		out[i] = float64(v)
	}
	return out
}
