package train

import (
	"fmt"
	"strings"
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/torchtest"
	"keygan/internal/npz"
	"keygan/train/config"
)

// TestChaosAgainstPyTorch repeats the five iterations that testdata/chaos.py made with torch.nn, torch.autograd and torch.optim:
// from the same weights, batches, noise and dropout come the same losses, gradients and, at the end, weights and running
// statistics. Both train in float64; the script says why.
func TestChaosAgainstPyTorch(t *testing.T) {
	both := func(t *testing.T, device torch.Device) {
		t.Run("parts", func(t *testing.T) { chaosParts(t, device) })
		t.Run("steps", func(t *testing.T) { chaosSteps(t, device) })
	}
	t.Run("on the CPU", func(t *testing.T) { both(t, torch.NewDevice("cpu")) })
	t.Run("on a GPU", func(t *testing.T) { both(t, torchtest.CUDA(t)) })
}

const chaosBound = 1e-6

// chaosReference is the objective with the weights that PyTorch's began with, and what PyTorch made of them.
type chaosReference struct {
	*chaosGAN
	columns []string
	t       *testing.T
	vectors *npz.Archive
}

// The shape and the settings of the reference; testdata/chaos.py has the same.
func newChaosReference(t *testing.T, device torch.Device) *chaosReference {
	vectors, err := npz.ReadFile("testdata/chaos-gan.npz", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	c := config.DefaultOf("chaos-gan", "", "")
	setChaos(&c)
	o := &c.Objective
	for name, v := range map[string]float64{
		"input_noise": 0.25, "global_ssim_weight": 0.25, "adversarial_weight": 0.75, "target_weight": 0.875, "reconstruction_weight": 1.125,
	} {
		o.Set(name, v)
	}
	r := &chaosReference{newObjective(c, place{device: device}).(*chaosGAN), c.Columns(), t, vectors}
	for _, m := range r.Models() {
		t.Cleanup(m.close)
		for _, p := range m.Network.state() {
			p.Tensor.SetFloats(floats(t, vectors, "init/"+m.Name+"/"+p.Name, p.Tensor))
		}
		inDouble(m, c)
	}
	return r
}

// inDouble makes a model train in float64.
func inDouble(m *Model, c config.Config) {
	for _, p := range [][]Param{m.Network.Params, m.Network.Buffers} {
		for i := range p {
			p[i].Tensor = p[i].Tensor.Detach().CastTo(torch.Double).SetRequiresGrad(p[i].Tensor.RequiresGrad())
			m.Network.byName[p[i].Name] = p[i].Tensor
		}
	}
	m.Optimizer.Close()
	*m = *newModel(m.Name, m.Network, c, 0)
}

// batch is that of an iteration, and sets what is drawn in it.
func (r *chaosReference) batch(iteration int) Batch {
	r.t.Helper()
	image := func(name string, scale float32) torch.Tensor {
		b, shape, err := r.vectors.Bytes(fmt.Sprintf("%d/%s", iteration, name))
		if err != nil {
			r.t.Fatal(err)
		}
		x := make([]float32, len(b))
		for i, v := range b {
			x[i] = (float32(v) - 128) / scale
		}
		return torch.FromFloats(x, int64s(shape)...).CastTo(torch.Double).To(r.device)
	}
	r.inputNoise = func([]int64) torch.Tensor { return image("noise", 32) }
	for i, m := range []*Model{r.generator, r.reconstructor} {
		seed := uint64(10_000*iteration + 1000*i)
		m.Network.draw.dropout = func(x torch.Tensor, p float64) torch.Tensor {
			keep := make([]float32, x.Numel())
			for j, v := range splitMix64(seed, len(keep)) {
				if float64(v) >= 256*p {
					keep[j] = 1
				}
			}
			seed++
			return torch.Mul(x, torch.FromFloats(keep, x.Shape()...).CastTo(torch.Double).To(r.device)).DivScalar(1 - p)
		}
	}
	return Batch{image("source", 128), image("target", 128)}
}

// splitMix64 is the highest bytes of the first n numbers of Vigna's generator, begun at seed·2³².
func splitMix64(seed uint64, n int) []byte {
	out := make([]byte, n)
	state := seed << 32
	for i := range out {
		state += 0x9e3779b97f4a7c15
		z := state
		z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
		z = (z ^ z>>27) * 0x94d049bb133111eb
		out[i] = byte((z ^ z>>31) >> 56)
	}
	return out
}

func (r *chaosReference) compare(name string, got torch.Tensor) {
	r.t.Helper()
	if got.Dim() == 0 {
		got = got.View(1)
	}
	compare(r.t, r.vectors, chaosBound, name, got)
}

// compareWeights compares what the networks have learnt.
func (r *chaosReference) compareWeights(params func(*Network) []Param) {
	r.t.Helper()
	for _, m := range r.Models() {
		for _, p := range params(m.Network) {
			r.compare("final/"+m.Name+"/"+p.Name, p.Tensor)
		}
	}
}

// chaosParts takes each iteration apart and compares losses and gradients.
func chaosParts(t *testing.T, device torch.Device) {
	r := newChaosReference(t, device)
	compareGradients := func(i int, m *Model, grads []torch.Tensor) {
		if i == 0 || i == refIterations-1 {
			for j, p := range m.Network.Params {
				r.compare(fmt.Sprintf("%d/%s/grad/%s", i, m.Name, p.Name), grads[j])
			}
		}
	}
	for i := range refIterations {
		torch.Scope(func() {
			b := r.batch(i)
			b = Batch{toUnit(b.Source), toUnit(b.Target)}
			fake := r.generator.Network.Forward(r.noisy(b.Source, r.inputNoise(nil)))
			critic := r.criticLoss(b.Target, fake.Detach())
			for name, x := range map[string]torch.Tensor{"loss": critic["loss"], "real": critic["real"], "fake": critic["fake"]} {
				r.compare(fmt.Sprintf("%d/critic/%s", i, name), x)
			}
			grads := torch.Grad([]torch.Tensor{critic["loss"]}, r.critic.Network.tensors(), nil, false, false)
			compareGradients(i, r.critic, grads)
			r.critic.update(grads)

			c := r.losses(b, fake)
			for _, name := range []string{"loss", "reconstruction", "target", "mse", "ssim"} {
				r.compare(fmt.Sprintf("%d/generator/%s", i, name), c[name])
			}
			for _, m := range []*Model{r.generator, r.reconstructor} {
				grads := torch.Grad([]torch.Tensor{c["loss"]}, m.Network.tensors(), nil, true, false)
				compareGradients(i, m, grads)
				m.update(grads)
			}
		})
	}
	r.compareWeights(func(n *Network) []Param { return n.state() })
}

// chaosSteps makes the iterations as training does, by Step.
func chaosSteps(t *testing.T, device torch.Device) {
	r := newChaosReference(t, device)
	for i := range refIterations {
		torch.Scope(func() {
			values := numbers(r.Step([]Batch{r.batch(i)}))
			for k, column := range r.columns {
				if name, ok := map[string]string{
					"Generator Loss": "generator/loss", "Reconstruction Loss": "generator/reconstruction", "Target Loss": "generator/target",
					"MSE": "generator/mse", "SSIM": "generator/ssim", "Critic Loss": "critic/loss", "D_real": "critic/real", "D_fake": "critic/fake",
				}[column]; ok {
					r.compare(fmt.Sprintf("%d/%s", i, name), torch.FromFloats([]float32{float32(values[k])}, 1))
				}
			}
		})
	}
	r.compareWeights((*Network).state)
}

// A target loss needs targets that belong to the images.
func TestChaosWithoutPairs(t *testing.T) {
	c := config.DefaultOf("chaos-gan", "", "")
	setChaos(&c)
	c.Name, c.Target[0].Folder = "chaos", "somewhere"
	for _, step := range []struct {
		wrong string
		set   func()
	}{
		{"objective.target_weight", func() { c.Objective.Set("target_weight", 0) }},
		{"objective.global_ssim_weight", func() { c.Objective.Set("global_ssim_weight", 0) }},
	} {
		if path, reason := c.Validate(); path != step.wrong || !strings.Contains(reason, "must be 0 unless the target is [{encrypt: logistic}]") {
			t.Errorf("%s: %s, want %s", path, reason, step.wrong)
		}
		step.set()
	}
	if path, reason := c.Validate(); path != "" {
		t.Errorf("%s: %s", path, reason)
	}
}

// With as_stored, the reconstruction network sees the 8 bits that are stored, and the gradient goes through as if they were not rounded.
func TestChaosAsStored(t *testing.T) {
	c := config.DefaultOf("chaos-gan", "", "")
	setChaos(&c)
	plain := c.Hash()
	c.Objective.Set("as_stored", 1)
	if c.Hash() == plain || strings.Contains(string(config.DefaultOf("gan", "", "").YAML()), "as_stored") {
		t.Error("as_stored is not in the hash where it is set, or recorded where it is not")
	}
	g := newObjective(c, place{}).(*chaosGAN)
	for _, m := range g.Models() {
		t.Cleanup(m.close)
	}
	torch.Scope(func() {
		e := torch.FromFloats([]float32{-0.5, 0.2, 0.501, 7}, 4).SetRequiresGrad(true)
		s := g.stored(e)
		for i, want := range []float32{0, 51. / 255, 128. / 255, 1} {
			if d := s.Floats()[i] - want; d < -1e-6 || d > 1e-6 {
				t.Errorf("%v is stored as %v, want %v", e.Floats()[i], s.Floats()[i], want)
			}
		}
		for _, v := range torch.Grad([]torch.Tensor{s.Sum()}, []torch.Tensor{e}, nil, false, false)[0].Floats() {
			if v != 1 {
				t.Errorf("gradient %v", v)
			}
		}
	})
}
