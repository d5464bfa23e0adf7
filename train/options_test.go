package train

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
)

// variants are the options that change what is trained; each must resume exactly and be exported as it is.
var variants = []struct {
	name string
	set  func(*config.Config)
}{
	{"gan", func(c *config.Config) { c.Objective.Name = "gan" }},
	{"batch norm", func(c *config.Config) { c.Generator.Norm, c.Critic.Norm = "batch", "none" }},
	{"affine instance norm", func(c *config.Config) { c.Generator.Norm, c.Critic.Norm = "instance_affine", "instance_affine" }},
	{"noise", func(c *config.Config) { c.Generator.Noise = true }},
	{"Glorot's weights, a momentum and an epsilon", func(c *config.Config) {
		c.Init, c.Norms, c.Generator.Norm, c.Critic.Norm = "glorot", config.Norms{Momentum: 0.5, Epsilon: 0.5}, "batch", "instance"
	}},
	{"mean of weights", func(c *config.Config) { c.Generator.EMA = 0.9 }},
	{"mean of weights with batch norm", func(c *config.Config) { c.Generator.EMA, c.Generator.Norm = 0.9, "batch" }},
	{"accumulation", func(c *config.Config) { c.Train.Accumulate = 2 }},
	{"augmentation", func(c *config.Config) {
		c.Data.Augment = dataset.Augment{Flip: 0.5, Rotate: 10, Crop: 0.2, Brightness: 0.2}
	}},
	{"held-out images", func(c *config.Config) { c.Data.HeldOut, c.Train.SampleEvery = 0.3, 2 }},
	{"bf16", func(c *config.Config) { c.BF16 = true }},
	{"bf16 with batch norm, noise and affine norm", func(c *config.Config) {
		c.BF16, c.Generator.Norm, c.Generator.Noise, c.Critic.Norm = true, "batch", true, "instance_affine"
	}},
	{"bf16 chaos-gan", func(c *config.Config) {
		setChaos(c)
		c.BF16 = true
	}},
	{"cosine schedule", func(c *config.Config) {
		c.Optimizer.Schedule, c.Optimizer.Warmup, c.Optimizer.Final = "cosine", 3, 0.1
	}},
	{"dcgan", func(c *config.Config) {
		c.Image.Size = 32
		c.Generator = config.Generator{Name: "dcgan", Width: 2, Latent: 5, Norm: "batch"}
		c.Critic = config.Critic{Name: "dcgan", Width: 2, Norm: "batch"}
	}},
	{"chaos-gan", setChaos},
	{"restore", setRestore},
	{"restore with a critic, the chaos network, noise in the keys and augmentation", func(c *config.Config) {
		setRestore(c)
		chaos := config.DefaultOf("chaos-gan", "", "")
		c.Image.Size, c.Generator, c.Train.Accumulate = 32, chaos.Generator, 2
		c.Generator.Width, c.Generator.Blocks = 2, 0
		c.Encrypt.Scheme, c.Data.HeldOut, c.Data.Augment = "xor", 0.3, dataset.Augment{Flip: 0.5}
		c.Objective.Set("adversarial_weight", 0.1)
	}},
	{"restore with a kept key", func(c *config.Config) {
		setRestore(c)
		c.Encrypt.Key = config.KeyKept
	}},
	{"chaos-gan with accumulation and a mean of weights", func(c *config.Config) {
		setChaos(c)
		c.Generator.Blocks = 0
		c.Train.Batch, c.Train.Accumulate, c.Generator.EMA = 1, 2, 0.5
	}},
	{"chaos-gan without pairs", func(c *config.Config) {
		setChaos(c)
		c.Generator.Blocks = 0
		c.Target = []config.Target{{Spec: dataset.Spec{Synthetic: "mri", Count: 5, Size: 48}, Encrypt: "logistic"}}
		c.Objective.Set("target_weight", 0)
		c.Objective.Set("global_ssim_weight", 0)
	}},
}

func TestVariants(t *testing.T) {
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			whole, parts := traintest.SmallConfig(t), traintest.SmallConfig(t)
			v.set(&whole)
			v.set(&parts)
			if path, reason := whole.Validate(); path != "" {
				t.Fatalf("%s: %s", path, reason)
			}
			if err := Run(context.Background(), whole, Options{}); err != nil {
				t.Fatal(err)
			}
			if err := trainUntil(t, parts, Options{}, 3); !errors.Is(err, ErrInterrupted) {
				t.Fatal(err)
			}
			if err := Run(context.Background(), parts, Options{Resume: true}); err != nil {
				t.Fatal(err)
			}
			sameFiles(t, whole, parts, "generator.npz", "metrics.csv", "metrics.jsonl", "samples/epoch-0002.png")
			if whole.Objective.Name == "chaos-gan" {
				sameFiles(t, whole, parts, "reconstructor.npz")
			}
			exportedAsTrained(t, whole)
		})
	}
}

// exportedAsTrained compares the last sample of a finished run with what package infer makes of generator.npz: of the same
// images, with the same noise, the same keys but for a level here and there. Where there is a reconstruction network, the same
// goes for what it makes of those.
func exportedAsTrained(t *testing.T, c config.Config) {
	t.Helper()
	grid, err := imagefile.ReadImage(runlog.SamplePath(c.Output+"/"+c.Name, 2))
	if err != nil {
		t.Fatal(err)
	}
	size := c.Image.Size
	cell := func(row, i int) *raster.Image {
		m := raster.NewImage(size, size, c.Image.Channels, 8)
		m.Paste(grid, -i*(size+2), -row*(size+2))
		return m
	}
	check := func(file string, from, to int) {
		t.Helper()
		model, err := infer.ReadFile(filepath.Join(c.Output, c.Name, file))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			got, err := model.KeyFrom(cell(from, i), infer.Seed{byte(i)})
			if err != nil {
				t.Fatal(err)
			}
			for k, v := range cell(to, i).Pix {
				if d := int(got.Pix[k]) - int(v); d < -1 || d > 1 {
					t.Fatalf("%s, image %d, sample %d: %d in Go, %d in libtorch", file, i, k, got.Pix[k], v)
				}
			}
		}
	}
	switch c.Objective.Name {
	case "chaos-gan":
	case "restore":
		check("generator.npz", 1, 2) // row 0 is the plain images
		return
	default:
		check("generator.npz", 0, 1)
		return
	}
	check("generator.npz", 0, 2) // row 1 is the noisy images
	check("reconstructor.npz", 2, 3)
}

// Two batches of two are as good as one of four: each image's share of the gradient is the same, since nothing in these
// networks looks at a whole batch.
func TestAccumulationIsABatch(t *testing.T) {
	step := func(batch, accumulate int) (*adversarial, []float64) {
		c := traintest.SmallConfig(t)
		c.Train.Batch, c.Train.Accumulate = batch, accumulate
		torch.ManualSeed(5)
		o := newObjective(c, place{}).(*wganGP)
		for _, m := range o.Models() {
			t.Cleanup(m.close)
		}
		drawn := 0 // each critic step draws for four images in all
		o.alpha = func(n int64) torch.Tensor {
			alpha := make([]float32, n)
			for i := range alpha {
				alpha[i] = float32(drawn%4) / 4
				drawn++
			}
			return torch.FromFloats(alpha, n, 1, 1, 1)
		}
		var batches []Batch
		torch.Scope(func() {
			torch.ManualSeed(6)
			all := torch.RandN([]int64{8, 3, 24, 24}, false).Clamp(-1, 1)
			n := int64(batch)
			for i := range int64(accumulate) {
				at := func(first int64) torch.Tensor {
					return torch.IndexSelect(all, 0, torch.Arange(float32(first), float32(first+n), 1, false).CastTo(torch.Long)).Keep()
				}
				batches = append(batches, Batch{at(i * n), at(4 + i*n)})
			}
		})
		return &o.adversarial, numbers(o.Step(batches))
	}
	a, one := step(4, 1)
	b, two := step(2, 2)
	for i := range one {
		if d := math.Abs(one[i] - two[i]); !(d <= 1e-4*math.Max(1, math.Abs(one[i]))) {
			t.Errorf("column %d: %v in one batch, %v in two", i, one[i], two[i])
		}
	}
	// Adam's first step is of the learning rate's size, whatever the gradient's: its first moments show that.
	_, first, _ := a.generator.Optimizer.State()
	_, second, _ := b.generator.Optimizer.State()
	for i := range first {
		x, y := first[i].Floats(), second[i].Floats()
		var difference, norm float64
		for k := range x {
			difference += math.Pow(float64(x[k]-y[k]), 2)
			norm += math.Pow(float64(x[k]), 2)
		}
		if !(difference <= 1e-8*norm) {
			t.Errorf("gradient of %s: differs by %.2g of its norm", a.generator.Network.Params[i].Name, math.Sqrt(difference/norm))
		}
	}
}

// An update whose gradient is not finite is left out and counted. The weights stay what they were.
func TestSkippedUpdate(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Train.OnNaN = "skip"
	n := newNetwork(c.Arch(), place{})
	m := newModel("generator", n, c, 0.5)
	t.Cleanup(m.close)
	before := n.Params[0].Tensor.Floats()
	torch.Scope(func() {
		var grads []torch.Tensor
		for _, p := range n.Params {
			grads = append(grads, p.Tensor.EmptyLike().ZeroI())
		}
		grads[1].FillI(math.Inf(1))
		m.update(grads)
	})
	if m.Skipped != 1 || !slices.Equal(n.Params[0].Tensor.Floats(), before) {
		t.Errorf("%d updates skipped, want 1 and the weights as they were", m.Skipped)
	}
}
