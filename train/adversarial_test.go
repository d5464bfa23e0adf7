package train

import (
	"fmt"
	"math"
	"testing"

	"keygan/data/npz"
	torch "keygan/gotorch"
)

// TestAgainstPyTorch repeats the five iterations that testdata/adversarial.py made with torch.nn, torch.autograd and
// torch.optim: from the same weights, batches and α come the same losses, penalties, gradients and, at the end, weights.
// The bound is 1e-5 on the CPU; a GPU, where there is one, adds its products in another order.
func TestAgainstPyTorch(t *testing.T) {
	for _, name := range []string{"wgan-gp", "gan"} {
		t.Run(name+" on the CPU", func(t *testing.T) { againstPyTorch(t, name, torch.NewDevice("cpu"), 1e-5) })
		if torch.IsCUDAAvailable() {
			torch.SetTF32(false)
			t.Run(name+" on a GPU", func(t *testing.T) { againstPyTorch(t, name, torch.NewDevice("cuda"), 1e-4) })
		}
	}
}

func againstPyTorch(t *testing.T, name string, device torch.Device, bound float64) {
	const iterations, criticSteps, batch, channels, size, width, blocks = 5, 2, 2, 3, 32, 2, 1
	vectors, err := npz.ReadFile("testdata/"+name+".npz", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	c := DefaultConfig()
	c.Image = Image{Size: size, Channels: channels}
	c.Generator.Width, c.Generator.Blocks, c.Critic.Width = width, blocks, width
	c.Objective.Name, c.Objective.CriticSteps = name, criticSteps
	objective := newObjective(c, device)
	var a *adversarial
	setAlpha := func(func(int64) torch.Tensor) {}
	switch o := objective.(type) {
	case *wganGP:
		a = &o.adversarial
		setAlpha = func(alpha func(int64) torch.Tensor) { o.alpha = alpha }
	case *gan:
		a = &o.adversarial
	}
	for _, m := range a.Models() {
		for _, p := range m.Network.Params {
			p.Tensor.SetFloats(floats(t, vectors, "init/"+m.Name+"/"+p.Name, p.Tensor))
		}
	}
	image := func(name string) torch.Tensor {
		b, _, err := vectors.Bytes(name)
		if err != nil {
			t.Fatal(err)
		}
		x := make([]float32, len(b))
		for i, v := range b {
			x[i] = float32(v)/127.5 - 1
		}
		return torch.FromFloats(x, batch, channels, size, size).To(device)
	}
	for i := range iterations {
		at := func(format string, args ...any) string { return fmt.Sprintf("%d/", i) + fmt.Sprintf(format, args...) }
		torch.Scope(func() {
			step := 0
			setAlpha(func(n int64) torch.Tensor {
				shape := torch.Empty([]int64{n, 1, 1, 1}, false)
				return torch.FromFloats(floats(t, vectors, at("alpha/%d", step), shape), n, 1, 1, 1).To(device)
			})
			source, target := image(at("source")), image(at("target"))
			fake := a.generator.Network.Forward(source)
			for step = range criticSteps {
				// The gradients are taken here once more, because criticStep keeps them to itself.
				terms := a.criticLoss(target, fake.Detach())
				grads := torch.Grad([]torch.Tensor{terms.loss}, a.critic.Network.tensors(), nil, true, false)
				for j, p := range a.critic.Network.Params {
					compare(t, vectors, bound, at("critic/%d/grad/%s", step, p.Name), grads[j])
				}
				got := a.criticStep(target, fake.Detach())
				for term, value := range map[string]torch.Tensor{"loss": got.loss, "real": got.real, "fake": got.fake, "penalty": got.penalty} {
					if value.T != nil {
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
	for _, m := range a.Models() {
		for _, p := range m.Network.Params {
			compare(t, vectors, bound, "final/"+m.Name+"/"+p.Name, p.Tensor)
		}
	}
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
	if !(math.Sqrt(difference) <= bound*math.Sqrt(norm)) {
		t.Errorf("%s: differs from PyTorch by %.2g of its norm %.3g", name, math.Sqrt(difference/norm), math.Sqrt(norm))
	}
}
