package train

import (
	"fmt"
	"math"
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/torchtest"
	"keygan/internal/npz"
	"keygan/train/config"
)

// TestAgainstPyTorch repeats the five iterations that testdata/adversarial.py made with torch.nn, torch.autograd and
// torch.optim: from the same weights, batches and α come the same losses, penalties, gradients and, at the end, weights.
// The bound is 1e-5 on the CPU; a GPU, where there is one, adds its products in another order.
func TestAgainstPyTorch(t *testing.T) {
	for _, name := range []string{"wgan-gp", "gan", "dcgan"} {
		both := func(t *testing.T, device torch.Device, bound float64) {
			t.Run("parts", func(t *testing.T) { againstPyTorch(t, name, device, bound) })
			t.Run("steps", func(t *testing.T) { stepsAgainstPyTorch(t, name, device, bound) })
		}
		t.Run(name+" on the CPU", func(t *testing.T) { both(t, torch.NewDevice("cpu"), 1e-5) })
		t.Run(name+" on a GPU", func(t *testing.T) {
			device := torchtest.CUDA(t)
			torch.SetTF32(false)
			both(t, device, 1e-4)
		})
	}
}

// reference is an objective with the weights that PyTorch's began with, and what PyTorch made of them.
type reference struct {
	t         *testing.T
	vectors   *npz.Archive
	device    torch.Device
	objective Objective
	columns   []string
	a         *adversarial
	setAlpha  func(func(n int64) torch.Tensor)
}

// The shape of the reference; testdata/adversarial.py has the same.
const (
	refIterations, refCriticSteps  = 5, 2
	refBatch, refChannels, refSize = 2, 3, 32
	refWidth, refBlocks            = 2, 1
	refLatent                      = 5 // dcgan
)

func newReference(t *testing.T, name string, device torch.Device) *reference {
	vectors, err := npz.ReadFile("testdata/"+name+".npz", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	c := config.DefaultOf(name, "", "")
	if name == "dcgan" {
		c = config.DefaultOf("wgan-gp", "dcgan", "")
		c.Generator.Latent = refLatent
	}
	c.Image = config.Image{Size: refSize, Channels: refChannels}
	c.Generator.Width, c.Generator.Blocks, c.Critic.Width = refWidth, refBlocks, refWidth
	c.Objective.Set("critic_steps", refCriticSteps)
	r := &reference{t: t, vectors: vectors, device: device, objective: newObjective(c, place{device: device}), columns: c.Columns()}
	switch o := r.objective.(type) {
	case *wganGP:
		r.a, r.setAlpha = &o.adversarial, func(alpha func(int64) torch.Tensor) { o.alpha = alpha }
	case *adversarial:
		r.a, r.setAlpha = o, func(func(int64) torch.Tensor) {}
	}
	for _, m := range r.a.Models() {
		t.Cleanup(m.close)
		for _, p := range m.Network.state() {
			p.Tensor.SetFloats(floats(t, vectors, "init/"+m.Name+"/"+p.Name, p.Tensor))
		}
	}
	return r
}

// image is a batch of the vectors, [N, C, H, W] in [−1, 1].
func (r *reference) image(name string) torch.Tensor {
	r.t.Helper()
	b, _, err := r.vectors.Bytes(name)
	if err != nil {
		r.t.Fatal(err)
	}
	x := make([]float32, len(b))
	for i, v := range b {
		x[i] = float32(v)/127.5 - 1
	}
	return torch.FromFloats(x, refBatch, refChannels, refSize, refSize).To(r.device)
}

// batch is that of an iteration; a generator from noise makes its images of the iteration's own.
func (r *reference) batch(iteration int) Batch {
	r.t.Helper()
	r.a.latent = func(n int64) torch.Tensor {
		shape := torch.Empty([]int64{n, refLatent, 1, 1}, false)
		return torch.FromFloats(floats(r.t, r.vectors, fmt.Sprintf("%d/latent", iteration), shape), n, refLatent, 1, 1).To(r.device)
	}
	return Batch{r.image(fmt.Sprintf("%d/source", iteration)), r.image(fmt.Sprintf("%d/target", iteration))}
}

// alpha is the mixing factors of a critic step, [N, 1, 1, 1].
func (r *reference) alpha(iteration, step int) torch.Tensor {
	shape := torch.Empty([]int64{refBatch, 1, 1, 1}, false)
	return torch.FromFloats(floats(r.t, r.vectors, fmt.Sprintf("%d/alpha/%d", iteration, step), shape), refBatch, 1, 1, 1).To(r.device)
}

// compareWeights compares what the objective has learnt.
func (r *reference) compareWeights(bound float64, params func(*Network) []Param) {
	r.t.Helper()
	for _, m := range r.a.Models() {
		for _, p := range params(m.Network) {
			compare(r.t, r.vectors, bound, "final/"+m.Name+"/"+p.Name, p.Tensor)
		}
	}
}

// againstPyTorch takes an iteration apart and compares every part.
func againstPyTorch(t *testing.T, name string, device torch.Device, bound float64) {
	r := newReference(t, name, device)
	vectors, a := r.vectors, r.a
	for i := range refIterations {
		at := func(format string, args ...any) string { return fmt.Sprintf("%d/", i) + fmt.Sprintf(format, args...) }
		torch.Scope(func() {
			step := 0
			r.setAlpha(func(int64) torch.Tensor { return r.alpha(i, step) })
			b := r.batch(i)
			fake := a.generator.Network.Forward(a.input(b))
			for step = range refCriticSteps {
				// The gradients are taken here once more, because criticStep keeps them to itself.
				terms := a.criticLoss(b.Target, fake.Detach())
				grads := torch.Grad([]torch.Tensor{terms["loss"]}, a.critic.Network.tensors(), nil, true, false)
				for j, p := range a.critic.Network.Params {
					compare(t, vectors, bound, at("critic/%d/grad/%s", step, p.Name), grads[j])
				}
				got := a.criticStep([]Batch{b}, []torch.Tensor{fake})
				for _, term := range []string{"loss", "real", "fake", "penalty"} {
					if value, there := got[term]; there {
						compare(t, vectors, bound, at("critic/%d/%s", step, term), value.View(1))
					}
				}
			}
			loss := a.generatorLoss(a.scores(fake))
			compare(t, vectors, bound, at("generator/loss"), loss.View(1))
			grads := torch.Grad([]torch.Tensor{loss}, a.generator.Network.tensors(), nil, false, false)
			for j, p := range a.generator.Network.Params {
				compare(t, vectors, bound, at("generator/grad/%s", p.Name), grads[j])
			}
			a.generator.Optimizer.StepWith(grads)
		})
	}
	r.compareWeights(bound, func(n *Network) []Param { return n.Params }) // the extra passes have counted in batch norms' statistics
}

// stepsAgainstPyTorch makes the iterations as training does, by Step, and compares the losses and the weights at the end.
func stepsAgainstPyTorch(t *testing.T, name string, device torch.Device, bound float64) {
	r := newReference(t, name, device)
	columns := r.columns
	for i := range refIterations {
		torch.Scope(func() {
			step := -1
			r.setAlpha(func(int64) torch.Tensor { step++; return r.alpha(i, step) })
			values := numbers(r.objective.Step([]Batch{r.batch(i)}))
			got := map[string]float64{}
			for k, column := range columns {
				got[column] = values[k]
			}
			last := fmt.Sprintf("%d/critic/%d/", i, refCriticSteps-1)
			for vector, column := range map[string]string{
				fmt.Sprintf("%d/generator/loss", i): "Generator Loss", last + "loss": "Critic Loss",
				last + "penalty": "Gradient Penalty", last + "real": "D_real", last + "fake": "D_fake",
			} {
				if value, ok := got[column]; ok {
					compare(t, r.vectors, bound, vector, torch.FromFloats([]float32{float32(value)}, 1))
				}
			}
		})
	}
	r.compareWeights(bound, (*Network).state)
}

// floats reads the vector called name, of the shape that like has.
func floats(t *testing.T, vectors *npz.Archive, name string, like torch.Tensor) []float32 {
	t.Helper()
	x, err := vectors.Floats(name, ints(like.Shape()))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// compare checks that ‖got − want‖ ≤ bound·‖want‖ for the vector called name.
func compare(t *testing.T, vectors *npz.Archive, bound float64, name string, got torch.Tensor) {
	t.Helper()
	want := floats(t, vectors, name, got)
	var difference, norm float64
	for i, v := range got.Floats() {
		d := float64(v) - float64(want[i])
		difference += d * d
		norm += float64(want[i]) * float64(want[i])
	}
	size := math.Sqrt(norm)
	if got.Numel() == 1 {
		size = max(size, 0.1) // a mean of scores of either sign, each of about 1, may be close to 0; its rounding is not
	}
	if !(math.Sqrt(difference) <= bound*size) {
		t.Errorf("%s: differs from PyTorch by %.2g of its norm %.3g", name, math.Sqrt(difference/norm), math.Sqrt(norm))
	}
}
