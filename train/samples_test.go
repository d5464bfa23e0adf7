package train

import (
	"bytes"
	"context"
	"path/filepath"
	"slices"
	"testing"

	"keygan/data/imagefile"
	"keygan/data/raster"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
)

// shows is an objective that shows two rows of its own.
type shows struct {
	Objective
	seen []float32
}

func (s *shows) Show(source torch.Tensor, first int) []Row {
	s.seen = source.Floats()
	return append(s.Objective.Show(source, first), Row{Name: "negatives", Images: source.MulScalar(-1)})
}

// A sample has the source images, what the objective shows of them, and target images.
func TestSample(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Train.Samples = 3
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	objective := &shows{Objective: training.Objective}
	training.Objective, training.Step = objective, 8
	s, err := newSamples(training)
	if err == nil {
		err = s.AfterStep(runlog.Step{Step: 8, Epoch: 1, EpochDone: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"source images", "keys", "negatives", "target images"}; !slices.Equal(s.rows, want) {
		t.Errorf("rows %v, want %v", s.rows, want)
	}
	got, err := imagefile.ReadImage(filepath.Join(c.Output, c.Name, "samples", "epoch-0001.png"))
	if err != nil {
		t.Fatal(err)
	}
	const pitch = 24 + 2
	if got.Width != 3*pitch-2 || got.Height != 4*pitch-2 {
		t.Fatalf("the grid is %v", got)
	}
	at := func(x, y int) *raster.Image {
		m := raster.NewImage(24, 24, 3, 8)
		m.Paste(got, -x*pitch, -y*pitch)
		return m
	}
	for i := range 3 {
		source, err := training.sets.Source.Image([]int{0, 5, 10}[i])
		if err != nil {
			t.Fatal(err)
		}
		target, err := training.sets.Target.Image([]int{0, 4, 8}[i])
		if err != nil {
			t.Fatal(err)
		}
		if x := source.Floats(3); !slices.Equal(objective.seen[i*len(x):(i+1)*len(x)], x) {
			t.Errorf("the objective was not shown image %d", i)
		}
		negative := source.Clone()
		for k := range negative.Pix {
			negative.Pix[k] = 255 - negative.Pix[k]
		}
		for row, want := range map[int]*raster.Image{0: source, 2: negative, 3: target} {
			if !bytes.Equal(at(i, row).Pix, want.Pix) {
				t.Errorf("column %d, row %s is another image", i, s.rows[row])
			}
		}
	}
}

// What is shown of an image goes with its number, in whatever parts the images come, and differs from one number to the next.
func TestShownNoiseGoesWithTheNumber(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Image.Size = 64
	c.Generator, c.Critic = config.Generator{Name: "dcgan", Width: 2, Latent: 5, Norm: "batch"}, config.Critic{Name: "dcgan", Width: 2, Norm: "batch"}
	torch.Scope(func() {
		o := newObjective(c, place{})
		keys := func(n, first int) []float32 {
			return o.Show(torch.Zeros([]int64{int64(n), 3, 64, 64}, false), first)[0].Images.Floats()
		}
		all, image := keys(3, 0), 3*64*64
		if !slices.Equal(all[image:], keys(2, 1)) {
			t.Error("images 1 and 2 differ when image 0 is shown apart from them")
		}
		if slices.Equal(all[:image], all[image:2*image]) {
			t.Error("images 0 and 1 have the same noise")
		}
	})
}
