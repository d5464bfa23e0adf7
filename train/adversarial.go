package train

import (
	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/train/config"
)

// adversarial is what the objectives of a generator against a critic share: several critic updates on the same batches, then one
// generator update. Neither the sources nor the generator change during the critic's updates, so the fakes are computed once. The
// losses are the objective's own.
type adversarial struct {
	generator, critic *Model
	criticSteps       int
	arch              infer.Arch // the generator's
	device            torch.Device

	// latent draws the noise from which a generator makes n images, [n, Latent, 1, 1].
	latent func(n int64) torch.Tensor

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
	gradient               torch.Tensor // scalar: the norm of the loss's gradient
}

// generatorTerms are the parts of a generator step.
type generatorTerms struct {
	loss, scores torch.Tensor // a scalar, and the critic's scores for the fakes, [N, M]
	gradient     torch.Tensor // scalar: the norm of the loss's gradient
}

func newAdversarial(c config.Config, device torch.Device) adversarial {
	a := adversarial{arch: c.Arch(), criticSteps: int(c.Objective.Value("critic_steps")), device: device}
	a.generator = newModel("generator", newNetwork(a.arch, device), c, c.Generator.EMA)
	a.critic = newModel("critic", newNetwork(c.CriticArch(), device), c, 0)
	a.latent = func(n int64) torch.Tensor {
		return torch.RandN([]int64{n, int64(a.arch.Latent), 1, 1}, false).To(device)
	}
	return a
}

func (a *adversarial) Models() []*Model { return []*Model{a.generator, a.critic} }

func (a *adversarial) Outputs() []Output {
	return []Output{{"generator.npz", a.generator.Name, a.arch}}
}

func (a *adversarial) Show(source torch.Tensor, first int) []Row {
	in := source
	n := source.Shape()[0]
	if a.arch.Latent > 0 {
		in = a.noise(0, first, n, int64(a.arch.Latent), 1, 1)
	}
	g := *a.generator.best()
	stream := 0
	g.draw.normal = func(n, h, w int64) torch.Tensor {
		stream++
		return a.noise(stream, first, n, 1, h, w)
	}
	return []Row{{"keys", g.Evaluate(in)}}
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

// input is what the generator makes its fakes from.
func (a *adversarial) input(b Batch) torch.Tensor {
	if a.arch.Latent > 0 {
		return a.latent(b.Source.Shape()[0])
	}
	return b.Source
}

// fakes are what the generator makes from the inputs of each batch.
//
// With one batch, the graph that made them is kept for the generator's update. With several, that would take the memory that
// accumulation is there to save, so each batch goes through the generator once more.
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

// step makes one iteration and returns the terms of the generator's and of the last critic step. They belong to the scope
// that is running.
func (a *adversarial) step(batches []Batch) (g generatorTerms, c criticTerms) {
	inputs := make([]torch.Tensor, len(batches))
	for i, b := range batches {
		inputs[i] = a.input(b)
	}
	fakes := a.fakes(inputs)
	for range a.criticSteps {
		c = a.criticStep(batches, fakes)
	}
	grads := sum{}
	for i := range batches {
		torch.Scope(func() {
			fake := fakes[i]
			if len(batches) > 1 {
				fake = a.generator.Network.Forward(inputs[i])
			}
			scores := a.scores(fake)
			loss := a.generatorLoss(scores)
			grads.add(torch.Grad([]torch.Tensor{loss}, a.generator.Network.tensors(), nil, false, false))
			g = generatorTerms{
				loss:   joined(g.loss, loss, len(batches)),
				scores: stacked(g.scores, scores),
			}
		})
	}
	g.gradient = a.generator.update(grads.mean())
	return g, c
}

// criticStep updates the critic once. Its terms outlive it; the graph behind them does not.
func (a *adversarial) criticStep(batches []Batch, fakes []torch.Tensor) (terms criticTerms) {
	torch.Scope(func() {
		grads := sum{}
		for i, b := range batches {
			torch.Scope(func() {
				c := a.criticLoss(b.Target, fakes[i].Detach())
				grads.add(torch.Grad([]torch.Tensor{c.loss}, a.critic.Network.tensors(), nil, false, false))
				n := len(batches)
				terms = criticTerms{
					joined(terms.loss, c.loss, n), joined(terms.real, c.real, n), joined(terms.fake, c.fake, n), joined(terms.penalty, c.penalty, n),
					stacked(terms.realScores, c.realScores), stacked(terms.fakeScores, c.fakeScores), torch.Tensor{},
				}
			})
		}
		terms.gradient = a.critic.update(grads.mean())
		for _, t := range []torch.Tensor{terms.loss, terms.real, terms.fake, terms.penalty, terms.realScores, terms.fakeScores, terms.gradient} {
			if t.T != nil {
				t.Keep()
			}
		}
	})
	return terms
}

// sum adds up the gradients of several batches.
type sum struct {
	n     int
	grads []torch.Tensor
}

// add takes the gradients of one more batch out of the scope that is running.
func (s *sum) add(grads []torch.Tensor) {
	s.n++
	if s.n == 1 {
		s.grads = grads
		for _, g := range grads {
			g.Keep()
		}
		return
	}
	for i, g := range grads {
		s.grads[i].AddI(g, 1)
	}
}

func (s *sum) mean() []torch.Tensor {
	if s.n > 1 {
		for _, g := range s.grads {
			g.MulScalarI(1 / float64(s.n))
		}
	}
	return s.grads
}

// joined adds x/n to a sum that outlives the scope; x may be missing.
func joined(sum, x torch.Tensor, n int) torch.Tensor {
	if x.T == nil {
		return sum
	}
	x = x.Detach()
	if n > 1 {
		x = x.MulScalar(1 / float64(n))
	}
	if sum.T != nil {
		x = torch.Add(sum, x, 1)
	}
	return x.Keep()
}

// stacked puts the rows of x, [N, M], below those before, outliving the scope.
func stacked(before, x torch.Tensor) torch.Tensor {
	x = x.Detach()
	if before.T != nil {
		x = torch.Cat([]torch.Tensor{before, x}, 0)
	}
	return x.Keep()
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
