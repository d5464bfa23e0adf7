package train

import (
	torch "keygan/gotorch"
	"keygan/infer"
)

// wganGP is the Wasserstein GAN with gradient penalty (Gulrajani et al. 2017), as the published cryptosystem trains it:
// several critic updates on one batch, then one generator update. During them neither the source batch nor the generator
// changes, so the fakes are computed once and the generator's update goes back through that same graph.
type wganGP struct {
	generator, critic Model
	penaltyWeight     float64 // λ
	criticSteps       int

	// alpha draws the mixing factors of one critic step, [n, 1, 1, 1] in [0, 1).
	alpha func(n int64) torch.Tensor
}

func newWGANGP(c Config, device torch.Device) Objective {
	adam := func(name string, n *Network) Model {
		opt := torch.Adam(c.Optimizer.LearningRate, c.Optimizer.Beta1, c.Optimizer.Beta2, 0)
		opt.AddParameters(n.tensors())
		return Model{name, n, opt}
	}
	return &wganGP{
		generator:     adam("generator", newGenerator(c.arch(), device)),
		critic:        adam("critic", newNetwork(patchLayers(c.Critic.Width, c.Image.Channels), device)),
		penaltyWeight: c.Objective.PenaltyWeight,
		criticSteps:   c.Objective.CriticSteps,
		alpha: func(n int64) torch.Tensor {
			return torch.Rand([]int64{n, 1, 1, 1}, false).To(device)
		},
	}
}

// arch is the generator that the configuration asks for.
func (c Config) arch() infer.Arch {
	a := infer.ResNet(c.Generator.Width, c.Generator.Blocks, c.Image.Channels, c.Image.Size)
	a.ConfigHash = c.Hash()
	return a
}

func (w *wganGP) Models() []Model { return []Model{w.generator, w.critic} }

// Columns are the published ones. Wasserstein Distance is mean D(real) − mean D(fake), Gen_Acc the share of fakes that the
// critic scores above zero, Critic_Acc the share of scores on the right side of zero.
func (w *wganGP) Columns() []string {
	return []string{"Generator Loss", "Critic Loss", "Wasserstein Distance", "Gradient Penalty", "D_real", "D_fake", "Gen_Acc", "Critic_Acc"}
}

func (w *wganGP) Generate(source torch.Tensor) (keys torch.Tensor) {
	torch.NoGrad(func() { keys = w.generator.Network.Forward(source) })
	return keys
}

func (w *wganGP) Step(b Batch) []float64 {
	var values []float64
	torch.Scope(func() {
		fake := w.generator.Network.Forward(b.Source)
		detached := fake.Detach()
		var last criticTerms
		for range w.criticSteps {
			last = w.criticStep(b.Target, detached)
		}
		loss, scores := w.generatorLoss(fake)
		w.generator.Optimizer.StepWith(torch.Grad([]torch.Tensor{loss}, w.generator.Network.tensors(), nil, false, false))

		right := torch.Cat([]torch.Tensor{last.realScores.Gt(0), last.fakeScores.Lt(0)}, 0)
		values = scalars(loss, last.loss, torch.Sub(last.real, last.fake, 1), last.penalty, last.real, last.fake,
			share(scores.Gt(0)), share(right))
	})
	return values
}

// criticTerms are the parts of one critic step, all on the device.
type criticTerms struct {
	loss, penalty, real, fake torch.Tensor // scalars; penalty before its weight
	realScores, fakeScores    torch.Tensor // [N, M]: one row an image
}

// criticLoss is mean D(fake) − mean D(real) + λ·GP.
func (w *wganGP) criticLoss(real, fake torch.Tensor) criticTerms {
	var c criticTerms
	c.realScores, c.fakeScores = w.scores(real), w.scores(fake)
	c.real, c.fake = c.realScores.Mean(), c.fakeScores.Mean()
	c.penalty = w.gradientPenalty(real, fake)
	c.loss = torch.Add(torch.Sub(c.fake, c.real, 1), c.penalty, float32(w.penaltyWeight))
	return c
}

// gradientPenalty is the batch's mean of (‖∇D(x̂)‖₂ − 1)² at x̂ = α·real + (1−α)·fake, the norm over C, H and W together.
func (w *wganGP) gradientPenalty(real, fake torch.Tensor) torch.Tensor {
	alpha := w.alpha(real.Shape()[0])
	mixed := torch.Add(fake, torch.Mul(alpha, torch.Sub(real, fake, 1)), 1).Detach().SetRequiresGrad(true)
	scores := w.scores(mixed)
	// The gradient of the sum over the batch holds each image's own: no score depends on another image.
	g := torch.Grad([]torch.Tensor{scores.Sum()}, []torch.Tensor{mixed}, nil, true, true)[0]
	// The tiny term keeps the root's gradient finite where the critic is flat.
	norm := g.Square().SumDims([]int64{1, 2, 3}, false).AddScalar(1e-12).Sqrt()
	return norm.AddScalar(-1).Square().Mean()
}

// criticStep updates the critic once. Its terms outlive it; the graph behind them does not.
func (w *wganGP) criticStep(real, fake torch.Tensor) (terms criticTerms) {
	torch.Scope(func() {
		c := w.criticLoss(real, fake)
		grads := torch.Grad([]torch.Tensor{c.loss}, w.critic.Network.tensors(), nil, false, false)
		w.critic.Optimizer.StepWith(grads)
		terms = criticTerms{
			c.loss.Detach().Keep(), c.penalty.Detach().Keep(), c.real.Detach().Keep(), c.fake.Detach().Keep(),
			c.realScores.Detach().Keep(), c.fakeScores.Detach().Keep(),
		}
	})
	return terms
}

// generatorLoss is −mean D(fake), with the scores it is made of.
func (w *wganGP) generatorLoss(fake torch.Tensor) (loss, scores torch.Tensor) {
	scores = w.scores(fake)
	return scores.Mean().MulScalar(-1), scores.Detach()
}

// scores are the critic's for x, [N, C, H, W], flattened to [N, M].
func (w *wganGP) scores(x torch.Tensor) torch.Tensor {
	return torch.Flatten(w.critic.Network.Forward(x), 1, -1)
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
