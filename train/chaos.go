package train

import (
	"fmt"
	"math"
	"slices"

	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/train/config"
)

var chaosGANKind = kind{config.Objective{
	Name: "chaos-gan",
	Doc:  "an encryptor and a network that reconstructs its images: the second published system",
	Params: []config.Param{
		{Name: "critic_steps", Doc: "critic updates for each generator update", Default: 1, Min: 1, Max: 1000, Whole: true},
		{Name: "input_noise", Doc: "σ of the noise added to the image, as a share of its range", Default: 0.3, Max: 10},
		{Name: "adversarial_weight", Doc: "weight of the critic's verdict in the encryptor's loss", Default: 1, Max: math.Inf(1)},
		{Name: "target_weight", Doc: "weight of MSE and 1 − SSIM between encrypted image and target", Default: 1, Max: math.Inf(1)},
		{Name: "reconstruction_weight", Doc: "weight of MSE and 1 − SSIM between image and reconstruction", Default: 1, Max: math.Inf(1)},
		{Name: "as_stored", Doc: "1: reconstruction network and critic see encrypted images as they are stored, clipped and with 8 bits", Max: 1, Whole: true, Later: true},
		{Name: "global_ssim_weight", Doc: "μ, the weight of 1 − global SSIM beside the critic's verdict", Default: 0.2, Max: math.Inf(1)},
	},
	Generators: []string{"chaos"},
	Critics:    []string{"chaos"},
	Files:      []string{"reconstructor.npz"},
	Defaults: func(c *config.Config) {
		c.Image.Channels, c.Optimizer.Beta2 = 1, 0.999
	},
	Check: func(c *config.Config) (key, reason string) {
		for _, name := range []string{"target_weight", "global_ssim_weight"} {
			if w := c.Objective.Value(name); w != 0 && !c.Paired() {
				const reason = "compares an encrypted image with its own target, so it must be 0 unless the target is [{encrypt: logistic}], not %v"
				return "objective." + name, fmt.Sprintf(reason, w)
			}
		}
		return "", ""
	},
	Columns: chaosColumns,
	Cost: func(c config.Config) []config.NetworkCost {
		cost := adversarialCost(c)
		reconstructor := cost[0]
		reconstructor.Name, reconstructor.Passes, reconstructor.Graphs = "reconstructor", 3, []float64{0, 1}
		return append(cost, reconstructor)
	},
	Everywhere: true,
}, newChaosGAN}

// chaosColumns are those of metrics.csv. Generator Loss is the whole loss of E and R. Reconstruction Loss and Target Loss are its last
// two brackets; without pairs there is no Target Loss. MSE and SSIM are those between image and reconstruction.
func chaosColumns(c config.Config) []string {
	columns := []string{
		"Generator Loss", "Critic Loss", "Reconstruction Loss", "Target Loss", "MSE", "SSIM", "D_real", "D_fake", "Gen_Acc", "Critic_Acc",
	}
	if !c.Paired() {
		columns = slices.Delete(columns, 3, 4)
	}
	return append(append(columns, gradientColumns...), "Reconstructor Gradient Norm")
}

// chaosGAN is the second system: an encryptor E that turns images into noise, and a reconstruction network R, its inverse. They are
// trained together. What is published about it is in the networks and here:
//
//   - the networks, layer by layer (infer.Chaos, chaosLayers), and Adam's parameters;
//   - Gaussian noise of σ = 0.3 of the range is added to the plain image, which is then clipped: x′;
//   - the target domain: images y encrypted with a logistic map;
//   - losses of MSE and 1 − SSIM, with a window, and in the critic's loss a global SSIM with the weight μ = 0.2.
//
// How these make one loss is not published. Our reading, with e = E(x′), images in [0, 1] and the critic's scores as logits, is
//
//	critic: −log σ(D(y)) − log(1 − σ(D(e)))
//	E and R: a·(−log σ(D(e)) + μ·(1 − globalSSIM(e, y))) + t·(MSE(e, y) + 1 − SSIM(e, y)) + r·(MSE(R(e), x) + 1 − SSIM(R(e), x))
//
// with the weights a, t and r of the configuration. The critic sees images in [−1, 1], as critics do: were black its zero, the encryptor
// would tend to black images, where its last ReLU passes no gradient. The global SSIM stands in the encryptor's loss, because the critic's
// own weights have no part in it. The second line is one loss for both networks: that way E learns to make what R can read.
type chaosGAN struct {
	adversarial
	reconstructor *Model
	weights       config.ObjectiveConfig
	paired        bool // each target is its source, encrypted

	// inputNoise draws what is added to images of a shape, from the standard normal distribution.
	inputNoise func(shape []int64) torch.Tensor
}

func newChaosGAN(c config.Config, at place) Objective {
	g := &chaosGAN{
		adversarial: newAdversarial(c, at),
		weights:     c.Objective,
		paired:      c.Paired(),
		inputNoise:  func(shape []int64) torch.Tensor { return at.normal(shape[0], shape[1:]...) },
	}
	g.criticLoss = func(real, fake torch.Tensor) terms { return g.entropyLoss(fromUnit(real), fromUnit(g.stored(fake))) }
	inverse := g.arch
	inverse.InputNoise = 0
	g.reconstructor = newModel("reconstructor", newNetwork(inverse, at), c, c.Generator.EMA)
	for _, m := range []*Model{g.generator, g.reconstructor} {
		openLast(m)
	}
	return g
}

// openLast begins the bias of a network's last layer in the middle of [0, 1]. From PyTorch's initial values the ReLU after that
// layer would cut off half of the samples, and training seldom brings them back.
func openLast(m *Model) {
	layers := m.Network.arch.Layers
	name := layers[len(layers)-1].Name + ".bias"
	for _, params := range [][]Param{m.Network.Params, m.Mean} {
		for _, p := range params {
			if p.Name == name {
				torch.NoGrad(func() { p.Tensor.FillI(0.5) })
			}
		}
	}
}

func (g *chaosGAN) Models() []*Model { return []*Model{g.generator, g.critic, g.reconstructor} }

func (g *chaosGAN) Outputs() []Output {
	return append(g.adversarial.Outputs(), Output{"reconstructor.npz", g.reconstructor})
}

func (g *chaosGAN) Step(batches []Batch) (values torch.Tensor) {
	torch.Scope(func() {
		plain, inputs := make([]Batch, len(batches)), make([]torch.Tensor, len(batches))
		for i, b := range batches {
			plain[i] = Batch{toUnit(b.Source), toUnit(b.Target)}
			inputs[i] = g.noisy(plain[i].Source, g.inputNoise(b.Source.Shape()))
		}
		t, critic := g.step(plain, inputs, []*Model{g.generator, g.reconstructor}, func(i int, fake torch.Tensor) terms {
			return g.losses(plain[i], fake)
		})
		right, criticRight := accuracies(t, critic)
		columns := []torch.Tensor{
			t["loss"], critic["loss"], t["reconstruction"], t["target"], t["mse"], t["ssim"], critic["real"], critic["fake"], right, criticRight,
			t["generator gradient"], critic["critic gradient"], t["reconstructor gradient"],
		}
		if !g.paired {
			columns = slices.Delete(columns, 3, 4)
		}
		values = row(columns...)
	})
	return values
}

// noisy is what the encryptor sees: x + σ·noise, clipped to [0, 1].
func (g *chaosGAN) noisy(x, noise torch.Tensor) torch.Tensor {
	return torch.Add(x, noise, float32(g.weights.Value("input_noise"))).Clamp(0, 1)
}

// stored is e as it is stored, with as_stored; its gradient is passed on as if nothing had been clipped or rounded. Without it, as
// published, networks that nothing keeps in [0, 1] talk beyond it, and what they say there is lost with the file.
func (g *chaosGAN) stored(e torch.Tensor) torch.Tensor {
	if g.weights.Value("as_stored") == 0 {
		return e
	}
	return torch.Add(e, torch.Sub(levels(e), e, 1).Detach(), 1)
}

// losses are those of encryptor and reconstruction network for a batch of images in [0, 1] and its encrypted images. Without pairs
// there is no "target".
func (g *chaosGAN) losses(b Batch, fake torch.Tensor) terms {
	weight := func(name string) float32 { return float32(g.weights.Value(name)) }
	fake = g.stored(fake)
	scores := g.scores(fromUnit(fake))
	t := terms{"scores": scores}
	loss := scores.Neg().Softplus().Mean()
	if g.paired {
		loss = torch.Add(loss, oneMinus(globalSSIM(fake, b.Target)), weight("global_ssim_weight"))
	}
	loss = loss.MulScalar(g.weights.Value("adversarial_weight"))
	if g.paired {
		t["target"] = torch.Add(torch.MSELoss(fake, b.Target, "mean"), oneMinus(ssim(fake, b.Target)), 1)
		loss = torch.Add(loss, t["target"], weight("target_weight"))
	}
	back := g.reconstructor.Network.Forward(fake)
	t["mse"], t["ssim"] = torch.MSELoss(back, b.Source, "mean"), ssim(back, b.Source)
	t["reconstruction"] = torch.Add(t["mse"], oneMinus(t["ssim"]), 1)
	t["loss"] = torch.Add(loss, t["reconstruction"], weight("reconstruction_weight"))
	return t
}

// Show has the images with their noise, the cipher images as they would be stored, and what can be made of those.
func (g *chaosGAN) Show(source torch.Tensor, first int) []Row {
	noisy, stored := g.encrypt(source, first)
	back := g.reconstructor.best().Evaluate(stored).Clamp(0, 1)
	return []Row{{Name: "noisy", Images: fromUnit(noisy)}, {Name: "encrypted", Images: fromUnit(stored)}, {Name: "reconstructed", Images: fromUnit(back), Restored: true}}
}

// Keys are the cipher images: this system has no key but its weights.
func (g *chaosGAN) Keys(source torch.Tensor, first int) torch.Tensor {
	_, stored := g.encrypt(source, first)
	return fromUnit(stored)
}

// encrypt adds noise to images and encrypts them, with 8 bits as they would be stored; both are in [0, 1]. The noise is that of package
// infer, from the seeds first, first + 1, ….
func (g *chaosGAN) encrypt(source torch.Tensor, first int) (noisy, stored torch.Tensor) {
	x := toUnit(source)
	shape := x.Shape()
	noisy = g.noisy(x, g.noise(infer.StreamInput, first, shape[0], shape[1:]...))
	return noisy, levels(g.generator.best().Evaluate(noisy))
}

// levels rounds x to the 256 levels of 8 bits in [0, 1], halves up.
func levels(x torch.Tensor) torch.Tensor {
	return x.Clamp(0, 1).MulScalar(255).AddScalar(0.5).Floor().DivScalar(255)
}

// toUnit takes samples in [−1, 1] to [0, 1], and fromUnit takes them back.
func toUnit(x torch.Tensor) torch.Tensor   { return x.AddScalar(1).MulScalar(0.5) }
func fromUnit(x torch.Tensor) torch.Tensor { return x.MulScalar(2).AddScalar(-1) }

func oneMinus(x torch.Tensor) torch.Tensor { return x.Neg().AddScalar(1) }

// ssim is structural similarity (Wang, Bovik, Sheikh and Simoncelli 2004) that gradients flow through, for images [N, C, H, W] in
// [0, 1]: the mean over all places of the 11×11 Gaussian window, σ = 1.5, that lie inside the image, over channels and images. It is a
// scalar in [−1, 1], as metrics.SSIM with Gaussian11.
func ssim(a, b torch.Tensor) torch.Tensor {
	s := a.Shape()
	window := gaussianWindow(a.Device())
	across, down := window.View(1, 1, 1, -1), window.View(1, 1, -1, 1)
	return similarity(a, b, func(x torch.Tensor) torch.Tensor {
		x = x.View(s[0]*s[1], 1, s[2], s[3]) // each plane by itself
		for _, w := range []torch.Tensor{across, down} {
			x = torch.Conv2d(x, w, torch.Tensor{}, pair(1), pair(0), pair(1), 1)
		}
		return x
	})
}

// globalSSIM is the same with one window, all of whose weights are equal, that is the whole image.
func globalSSIM(a, b torch.Tensor) torch.Tensor {
	return similarity(a, b, func(x torch.Tensor) torch.Tensor { return x.MeanDims([]int64{2, 3}, false) })
}

// similarity is the mean over all windows of
//
//	(2μₐμ_b + C₁)(2σₐ_b + C₂) / ((μₐ² + μ_b² + C₁)(σₐ² + σ_b² + C₂))
//
// where mean gives the windows' means, C₁ = 0.01² and C₂ = 0.03². It is computed in float64: variances are differences of nearly equal
// numbers, which would cost float32 half of its digits.
func similarity(a, b torch.Tensor, mean func(torch.Tensor) torch.Tensor) torch.Tensor {
	const c1, c2 = 0.01 * 0.01, 0.03 * 0.03
	dtype := a.Dtype()
	a, b = a.CastTo(torch.Double).Contiguous(), b.CastTo(torch.Double).Contiguous()
	ma, mb := mean(a), mean(b)
	product, squares := torch.Mul(ma, mb), torch.Add(ma.Square(), mb.Square(), 1)
	covariance := torch.Sub(mean(torch.Mul(a, b)), product, 1)
	variances := torch.Sub(mean(torch.Add(a.Square(), b.Square(), 1)), squares, 1)
	above := torch.Mul(product.MulScalar(2).AddScalar(c1), covariance.MulScalar(2).AddScalar(c2))
	below := torch.Mul(squares.AddScalar(c1), variances.AddScalar(c2))
	return torch.Div(above, below).Mean().CastTo(dtype)
}

// gaussianWindow is the weights of one dimension of the window, [11] in float64, which add up to 1. They are filled in where they are
// needed: a copy from the host would make a GPU wait.
func gaussianWindow(device torch.Device) torch.Tensor {
	const radius, sigma = 5, 1.5
	var weights [2*radius + 1]float64
	total := 0.0
	for i := range weights {
		d := float64(i - radius)
		weights[i] = math.Exp(-d * d / (2 * sigma * sigma))
		total += weights[i]
	}
	window := device.Zeros(int64(len(weights))).CastTo(torch.Double)
	for i, w := range weights {
		window.Index(int64(i)).FillI(w / total)
	}
	return window
}
