package train

import (
	"math"

	torch "keygan/gotorch"
	"keygan/train/config"
)

var wganGPKind = kind{config.Objective{
	Name: "wgan-gp",
	Doc:  "Wasserstein GAN with gradient penalty: the published system",
	Params: []config.Param{
		{Name: "critic_steps", Doc: "critic updates for each generator update", Default: 5, Min: 1, Max: 1000, Whole: true},
		{Name: "penalty_weight", Doc: "λ of the gradient penalty", Default: 10, Max: math.Inf(1)},
	},
	Generators: []string{"resnet", "dcgan"},
	Critics:    []string{"patch", "dcgan"},
	// Wasserstein Distance is mean D(real) − mean D(fake).
	Columns: func(config.Config) []string {
		return append([]string{
			"Generator Loss", "Critic Loss", "Wasserstein Distance", "Gradient Penalty", "D_real", "D_fake", "Gen_Acc", "Critic_Acc",
		}, gradientColumns...)
	},
	Cost: func(c config.Config) []config.NetworkCost {
		cost := adversarialCost(c)
		// The penalty goes forward, back to the image, and back through both of these.
		cost[1].Passes += 6 * c.Objective.Value("critic_steps")
		cost[1].Graphs[0] += 4 // itself, its gradient, and what going back through that makes on the way
		return cost
	},
	Everywhere: true,
}, newWGANGP}

// wganGP is the Wasserstein GAN with gradient penalty (Gulrajani et al. 2017), as the published cryptosystem trains it:
//
//	critic:    mean D(fake) − mean D(real) + λ·GP
//	generator: −mean D(fake)
type wganGP struct {
	adversarial
	penaltyWeight float64 // λ

	// alpha draws the mixing factors of one critic step, [n, 1, 1, 1] in [0, 1).
	alpha func(n int64) torch.Tensor
}

func newWGANGP(c config.Config, at place) Objective {
	w := &wganGP{
		adversarial:   newAdversarial(c, at),
		penaltyWeight: c.Objective.Value("penalty_weight"),
		alpha:         func(n int64) torch.Tensor { return at.uniform(n, 1, 1, 1) },
	}
	w.criticLoss = w.wassersteinLoss
	w.generatorLoss = func(scores torch.Tensor) torch.Tensor { return scores.Mean().MulScalar(-1) }
	w.columns = func(g, c terms) []torch.Tensor {
		generator, critic := accuracies(g, c)
		return []torch.Tensor{g["loss"], c["loss"], torch.Sub(c["real"], c["fake"], 1), c["penalty"], c["real"], c["fake"], generator, critic,
			g["generator gradient"], c["critic gradient"]}
	}
	return w
}

func (w *wganGP) wassersteinLoss(real, fake torch.Tensor) terms {
	c := w.bothScores(real, fake)
	c["penalty"] = w.gradientPenalty(real, fake) // before its weight
	c["loss"] = torch.Add(torch.Sub(c["fake"], c["real"], 1), c["penalty"], float32(w.penaltyWeight))
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
