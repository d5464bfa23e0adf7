package train

import (
	"math"

	"keygan/evaluate/experiment"
	torch "keygan/gotorch"
	"keygan/train/config"
)

var restoreKind = kind{config.Objective{
	Name: "restore",
	Doc:  "a network that restores encrypted images: an attacker who has pairs of images, or a receiver without the key",
	Params: []config.Param{
		{Name: "critic_steps", Doc: "critic updates for each generator update", Default: 1, Min: 1, Max: 1000, Whole: true},
		{Name: "adversarial_weight", Doc: "weight of the critic's verdict; 0: no critic", Default: 0, Max: math.Inf(1)},
	},
	Generators: []string{"resnet", "chaos"},
	Critics:    []string{"patch", "chaos"},
	Defaults: func(c *config.Config) {
		c.Encrypt = config.Encrypt{Scheme: "xor", Key: config.KeyFresh, Generators: []string{"built-in"}}
		c.Optimizer.Beta1, c.Optimizer.Beta2 = 0.9, 0.999
	},
	Columns: func(c config.Config) []string {
		columns := []string{"Generator Loss", "L1", "SSIM"}
		if judgedBy(c) {
			return append(append(columns, "Critic Loss", "D_real", "D_fake", "Gen_Acc", "Critic_Acc"), gradientColumns...)
		}
		return append(columns, gradientColumns[0])
	},
	Cost: func(c config.Config) []config.NetworkCost {
		cost := adversarialCost(c)
		if !judgedBy(c) {
			cost = cost[:1]
			cost[0].Passes, cost[0].Graphs = 3, []float64{1}
		}
		return cost
	},
	Files:    []string{experiment.AttackerFile, experiment.MeanFile},
	Restores: true,
}, newRestore}

// judgedBy reports whether there is a critic.
func judgedBy(c config.Config) bool { return c.Objective.Value("adversarial_weight") > 0 }

// restore learns to undo an encryption without the key, from pairs of an encrypted image c and its plain image x. It is ours: the
// decryption network of DeepEDN (Ding et al., IEEE Internet of Things Journal, 2021) is of this kind, and so is the second reading of the
// chaos GAN's test script. With images in [0, 1], r = R(c) and the weight a of the configuration, R learns by
//
//	mean |r − x| + 1 − SSIM(r, x) + a·(−log σ(D(r)))
//
// and the critic D, which is there only where a > 0, by −log σ(D(x)) − log(1 − σ(D(r))), as in the objective gan.
type restore struct {
	adversarial
	weight float64 // a
}

func newRestore(c config.Config, at place) Objective {
	r := &restore{withoutCritic(c, at), c.Objective.Value("adversarial_weight")}
	if r.unit() {
		openLast(r.generator)
	}
	if judgedBy(c) {
		r.critic = newModel("critic", newNetwork(c.CriticArch(), at), c, 0)
		r.criticLoss = r.entropyLoss
	}
	return r
}

// unit reports whether the network's samples are in [0, 1], rather than in [−1, 1].
func (r *restore) unit() bool { return r.arch.ValueRange[0] == 0 }

// toNetwork takes samples in [−1, 1] to the network's range, and fromNetwork takes them back.
func (r *restore) toNetwork(x torch.Tensor) torch.Tensor {
	if r.unit() {
		return toUnit(x)
	}
	return x
}

func (r *restore) fromNetwork(x torch.Tensor) torch.Tensor {
	if r.unit() {
		return fromUnit(x)
	}
	return x
}

func (r *restore) Models() []*Model {
	if r.critic == nil {
		return []*Model{r.generator}
	}
	return r.adversarial.Models()
}

func (r *restore) Step(batches []Batch) (values torch.Tensor) {
	torch.Scope(func() {
		plain, inputs := make([]Batch, len(batches)), make([]torch.Tensor, len(batches))
		for i, b := range batches {
			plain[i], inputs[i] = Batch{Target: r.toNetwork(b.Target)}, r.toNetwork(b.Source)
		}
		models := []*Model{r.generator}
		if r.critic == nil {
			t := learn(models, len(batches), func(i int) terms {
				return restorationLoss(r.fromNetwork(r.generator.Network.Forward(inputs[i])), batches[i].Target)
			})
			values = row(t["loss"], t["l1"], t["ssim"], t["generator gradient"])
			return
		}
		t, critic := r.step(plain, inputs, models, func(i int, restored torch.Tensor) terms {
			t := restorationLoss(r.fromNetwork(restored), batches[i].Target)
			t["scores"] = r.scores(restored)
			t["loss"] = torch.Add(t["loss"], t["scores"].Neg().Softplus().Mean(), float32(r.weight))
			return t
		})
		right, criticRight := accuracies(t, critic)
		values = row(t["loss"], t["l1"], t["ssim"], critic["loss"], critic["real"], critic["fake"], right, criticRight,
			t["generator gradient"], critic["critic gradient"])
	})
	return values
}

// restorationLoss compares restored images with the plain ones, both in [−1, 1], as images in [0, 1].
func restorationLoss(restored, plain torch.Tensor) terms {
	r, x := toUnit(restored), toUnit(plain)
	d := torch.Sub(r, x, 1)
	t := terms{"l1": torch.Add(torch.Relu(d), torch.Relu(d.Neg()), 1).Mean(), "ssim": ssim(r, x)}
	t["loss"] = torch.Add(t["l1"], oneMinus(t["ssim"]), 1)
	return t
}

// Keys are the restored images. The source is the encrypted ones.
func (r *restore) Keys(source torch.Tensor, first int) torch.Tensor {
	return r.fromNetwork(r.adversarial.Keys(r.toNetwork(source), first)).Clamp(-1, 1)
}

func (r *restore) Show(source torch.Tensor, first int) []Row {
	return []Row{{Name: "encrypted", Images: source}, {Name: "restored", Images: r.Keys(source, first), Restored: true}}
}
