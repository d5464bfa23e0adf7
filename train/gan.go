package train

import (
	torch "keygan/gotorch"
)

// gan is the published baseline: the same networks with the original loss in its non-saturating form (Goodfellow et al.
// 2014). The critic's scores are logits; with σ the logistic function and means over all scores,
//
//	critic:    −log σ(D(real)) − log(1 − σ(D(fake)))
//	generator: −log σ(D(fake))
type gan struct{ adversarial }

func newGAN(c Config, device torch.Device) Objective {
	g := &gan{newAdversarial(c, device)}
	g.criticLoss = g.entropyLoss
	g.generatorLoss = func(scores torch.Tensor) torch.Tensor { return scores.Neg().Softplus().Mean() }
	return g
}

// Columns are the published ones that this loss has.
func (g *gan) Columns() []string {
	return []string{"Generator Loss", "Critic Loss", "D_real", "D_fake", "Gen_Acc", "Critic_Acc"}
}

func (g *gan) Step(b Batch) (values []float64) {
	torch.Scope(func() {
		loss, scores, c := g.step(b)
		generator, critic := accuracies(scores, c)
		values = scalars(loss, c.loss, c.real, c.fake, generator, critic)
	})
	return values
}

// entropyLoss is the binary cross-entropy, by softplus(x) = −log σ(−x), which does not overflow.
func (g *gan) entropyLoss(real, fake torch.Tensor) criticTerms {
	c := g.bothScores(real, fake)
	c.loss = torch.Add(c.realScores.Neg().Softplus().Mean(), c.fakeScores.Softplus().Mean(), 1)
	return c
}
