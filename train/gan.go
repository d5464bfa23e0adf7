package train

import (
	torch "keygan/gotorch"
	"keygan/train/config"
)

var ganKind = kind{config.Objective{
	Name: "gan",
	Doc:  "the original GAN loss, in its non-saturating form: the published baseline",
	Params: []config.Param{
		{Name: "critic_steps", Doc: "critic updates for each generator update", Default: 1, Min: 1, Max: 1000, Whole: true},
	},
	Generators: wganGPKind.Generators,
	Critics:    wganGPKind.Critics,
	Columns: func(config.Config) []string {
		return append([]string{"Generator Loss", "Critic Loss", "D_real", "D_fake", "Gen_Acc", "Critic_Acc"}, gradientColumns...)
	},
	Cost:       adversarialCost,
	Everywhere: true,
}, newGAN}

// newGAN makes the published baseline: the same networks with the original loss in its non-saturating form (Goodfellow et al. 2014). The
// critic's scores are logits; with σ the logistic function and means over all scores,
//
//	critic:    −log σ(D(real)) − log(1 − σ(D(fake)))
//	generator: −log σ(D(fake))
func newGAN(c config.Config, at place) Objective {
	a := newAdversarial(c, at)
	a.criticLoss = a.entropyLoss
	a.generatorLoss = func(scores torch.Tensor) torch.Tensor { return scores.Neg().Softplus().Mean() }
	a.columns = func(g, c terms) []torch.Tensor {
		generator, critic := accuracies(g, c)
		return []torch.Tensor{g["loss"], c["loss"], c["real"], c["fake"], generator, critic, g["generator gradient"], c["critic gradient"]}
	}
	return &a
}

// entropyLoss is the binary cross-entropy, by softplus(x) = −log σ(−x), which does not overflow.
func (a *adversarial) entropyLoss(real, fake torch.Tensor) terms {
	c := a.bothScores(real, fake)
	c["loss"] = torch.Add(c["realScores"].Neg().Softplus().Mean(), c["fakeScores"].Softplus().Mean(), 1)
	return c
}
