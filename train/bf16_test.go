package train

import (
	"flag"
	"fmt"
	"math"
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/nn/initializer"
	"keygan/train/config"
)

var bf16Shape = flag.String("bf16.shape", "48 16 1 2", "of TestBF16: size, width, blocks, batch")

// TestBF16 trains 20 steps in bf16 and in float32 from the same weights on the same batches. The mean difference of each loss is below 2 %
// of the largest loss, and not 0: bf16 is really used. A step's own values differ more: the first steps of WGAN-GP make much of little.
func TestBF16(t *testing.T) {
	if err := checkBF16(torch.NewDevice("cpu")); err != nil {
		t.Skip(err)
	}
	var size, width, blocks, batch int
	if _, err := fmt.Sscan(*bf16Shape, &size, &width, &blocks, &batch); err != nil {
		t.Fatal(err)
	}
	for _, objective := range []string{"wgan-gp", "gan"} {
		c := config.DefaultOf(objective, "", "")
		c.Image.Size, c.Generator.Width, c.Generator.Blocks, c.Critic.Width, c.Train.Batch = size, width, blocks, width, batch
		full := losses(t, c, 20)
		c.BF16 = true
		rounded := losses(t, c, 20)
		var largest float64
		for _, columns := range full {
			largest = max(largest, math.Abs(columns[0]), math.Abs(columns[1]))
		}
		for i, column := range c.Columns()[:2] { // of the generator and of the critic
			var difference float64
			for step := range full {
				difference += math.Abs(rounded[step][i]-full[step][i]) / float64(len(full))
			}
			share := difference / largest
			t.Logf("%s, %s: bf16 differs by %.4f in the mean, %.3f %% of the largest loss, %.4f", objective, column, difference, 100*share, largest)
			if !(share > 0 && share < 0.02) {
				t.Errorf("%s, %s: bf16 changes it by %.3g of the largest loss", objective, column, share)
			}
		}
	}
}

// losses are the columns of steps, [step][column], on the same random images every time.
func losses(t *testing.T, c config.Config, steps int) (columns [][]float64) {
	initializer.ManualSeed(5)
	o := newObjective(c, placeOf(c, torch.NewDevice("cpu")))
	defer closeModels(o)
	for range steps {
		torch.Scope(func() {
			n, size := int64(c.Train.Batch), int64(c.Image.Size)
			random := func() torch.Tensor { return torch.Rand([]int64{n, 3, size, size}, false).MulScalar(2).AddScalar(-1) }
			columns = append(columns, numbers(o.Step([]Batch{{random(), random()}})))
		})
	}
	return columns
}
