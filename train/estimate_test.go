package train

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/data/dataset"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/internal/traintest"
)

// The published generator takes 70.1 GFLOP for a 256×256 image, 58 of them in its residual blocks.
func TestPublishedArithmetic(t *testing.T) {
	c := config.Default()
	c.Train.Batch = 1
	p := plan(adversarialCost(c)[0], c)
	blocks := 0.0
	for _, l := range p.layers {
		if strings.HasPrefix(l.Name, "res_blocks.") {
			blocks += l.flop
		}
	}
	if math.Abs(p.flop-70.1e9) > 0.05e9 || math.Abs(blocks-58e9) > 0.05e9 {
		t.Errorf("%.4g FLOP, %.4g in the blocks, want 70.1e9 and 58e9", p.flop, blocks)
	}
}

// The sizes that are planned with are those that the networks have.
func TestPlannedSizes(t *testing.T) {
	for name, set := range map[string]func(*config.Config){
		"resnet and patch": func(c *config.Config) { c.Generator.Noise = true },
		"dcgan": func(c *config.Config) {
			c.Image.Size = 32
			c.Generator = config.Generator{Name: "dcgan", Width: 2, Latent: 5, Norm: "batch"}
			c.Critic = config.Critic{Name: "dcgan", Width: 2, Norm: "batch"}
		},
		"chaos": func(c *config.Config) {
			c.Image = config.Image{Size: 48, Channels: 1}
			c.Generator, c.Critic = config.Generator{Name: "chaos", Width: 1, Blocks: 1, Norm: "published"}, config.Critic{Name: "chaos", Width: 1, Norm: "batch"}
		},
	} {
		c := traintest.SmallConfig(t)
		set(&c)
		for _, cost := range adversarialCost(c) {
			p, kind := plan(cost, c), cost.Name
			first, last := p.layers[0], p.layers[len(p.layers)-1]
			network := newNetwork(p.Arch, place{})
			torch.Scope(func() {
				x := torch.RandN([]int64{2, int64(first.In), int64(first.size), int64(first.size)}, false)
				if y := network.Forward(x).Shape(); int(y[2]) != last.OutputSize(last.size) || int(y[3]) != int(y[2]) {
					t.Errorf("%s: %s: the output is %v, planned %d", name, kind, y, last.OutputSize(last.size))
				}
			})
			for _, s := range network.state() {
				s.Tensor.Close()
			}
		}
	}
}

// What a step takes grows as it must. A pass of the published networks is 70.1 and 6.29 GFLOP an image; a step of WGAN-GP is
// 3·70.1 + 62·6.29, of two batches twice 4·70.1 + 62·6.29, and one of the original GAN is 3·70.1 + 8·6.29.
func TestEstimateGrows(t *testing.T) {
	c := config.Default()
	base := estimateOf(c)
	const more, less = 0, -1
	for name, v := range map[string]struct {
		set               func(*config.Config)
		flop, activations float64 // times those of base; more or less: any
		weights           float64
	}{
		"twice the batch":  {func(c *config.Config) { c.Train.Batch *= 2 }, 2, 2, 1},
		"twice the size":   {func(c *config.Config) { c.Image.Size *= 2 }, more, more, 1},
		"mean of weights":  {func(c *config.Config) { c.Generator.EMA = 0.9 }, 1, 1, more},
		"two batches":      {func(c *config.Config) { c.Train.Accumulate = 2 }, 2 * 670.4 / 600.3, less, 1},
		"the original GAN": {func(c *config.Config) { c.Objective.Name = "gan"; c.Objective.Set("critic_steps", 1) }, 260.6 / 600.3, less, 1},
	} {
		c := config.Default()
		v.set(&c)
		e := estimateOf(c)
		for what, x := range map[string][2]float64{
			"arithmetic":  {e.stepFLOP / base.stepFLOP, v.flop},
			"activations": {e.activationBytes / base.activationBytes, v.activations},
			"weights":     {e.weightBytes / base.weightBytes, v.weights},
		} {
			if x[1] == more && x[0] <= 1 || x[1] == less && x[0] >= 1 || x[1] > 0 && math.Abs(x[0]/x[1]-1) > 0.002 {
				t.Errorf("%s: %s is %.3f times as much, want %v", name, what, x[0], x[1])
			}
		}
	}
}

func TestPlan(t *testing.T) {
	c := traintest.SmallConfig(t)
	var b strings.Builder
	if err := Plan(c, &b); err != nil {
		t.Fatal(err)
	}
	wants(t, "plan", b.String(), "learning_rate: 0.0002", "\n# generator: ", " weights, critic: ", "\n# memory, estimated: ", "\n# arithmetic: ",
		" on the CPU in fp32, 1 thread: ", "\n# 16 source images, 8 steps per epoch, 16 steps in all\n", "\n# time, estimated: ")

	c.Device = "cuda:999"
	b.Reset()
	if err := Plan(c, &b); err != nil {
		t.Error(err)
	}
	wants(t, "plan for another machine", b.String(), "\n# time: not estimated: device: ", "\n# 16 source images, ")
	c.Device = "cpu"

	// Without the data all is said that can be.
	c.Source = []dataset.Spec{{Folder: filepath.Join(t.TempDir(), "none")}}
	b.Reset()
	if err := Plan(c, &b); err == nil || !strings.Contains(err.Error(), "source: ") {
		t.Errorf("missing data: %v", err)
	}
	wants(t, "plan without data", b.String(), "\n# arithmetic: ", "s a step\n")
	if left, err := os.ReadDir(c.Output); err != nil || len(left) > 0 {
		t.Errorf("planning has left %v, %v", left, err)
	}
}

// A dry run counts without what is held out.
func TestPlanHoldsOut(t *testing.T) {
	c := traintest.FolderConfig(t, traintest.ManyPictures(t, 12), traintest.ManyPictures(t, 3))
	c.Data.HeldOut = 0.5
	d, err := inputs.Open(context.Background(), c, nil)
	if err != nil {
		t.Fatal(err)
	}
	var plan bytes.Buffer
	if err := Plan(c, &plan); err != nil || !strings.Contains(plan.String(), fmt.Sprintf("\n# %d source images, ", d.Source.Len())) || d.HeldOut.Len() == 0 {
		t.Errorf("%v\n%s", err, &plan)
	}
}
