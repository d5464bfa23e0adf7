package train

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/evaluate/figure"
	"keygan/evaluate/metrics"
	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
)

// makes is an objective whose keys are what a function makes of the images.
type makes struct {
	Objective
	key  func(source torch.Tensor) torch.Tensor
	seen []float32
}

func (m *makes) Keys(source torch.Tensor, _ int) torch.Tensor {
	m.seen = append(m.seen, source.Floats()...)
	return m.key(source)
}

func (m *makes) Show(source torch.Tensor, first int) []Row {
	return []Row{{Name: "keys", Images: m.Keys(source, first)}}
}

// judged are the columns that judge such keys.
func judged(t *testing.T, c config.Config, key func(source torch.Tensor) torch.Tensor) (values map[string]float64, training *Training, objective *makes) {
	t.Helper()
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(training.close)
	objective = &makes{Objective: training.Objective, key: key}
	training.Objective = objective
	found, err := training.quality.after(runlog.Step{Step: 8, Epoch: 1, EpochDone: true})
	if err != nil {
		t.Fatal(err)
	}
	values = map[string]float64{}
	for i, name := range training.logged().Keys {
		values[name] = found[i]
	}
	return values, training, objective
}

func heldOutConfig(t *testing.T) config.Config {
	c := traintest.SmallConfig(t)
	c.Data.HeldOut = 0.4
	return c
}

// Keys that are the images themselves have the images' own numbers, and those of the two sets are kept apart.
func TestKeysAreJudgedOnHeldOutAndTrainingImages(t *testing.T) {
	c := heldOutConfig(t)
	c.Source[0].Count, c.Source[1].Count = 40, 40 // more than are judged
	got, training, objective := judged(t, c, func(x torch.Tensor) torch.Tensor { return x })
	var seen []float32
	for prefix, set := range map[string]dataset.Source{figure.HeldOut: training.sets.HeldOut, figure.Trained: training.sets.Source} {
		images, _, err := spread(set, 16, c.Image)
		if err != nil || len(images) != 16 {
			t.Fatalf("%s: %d images, %v", prefix, len(images), err)
		}
		want := map[string]float64{"Plain SSIM": 1, "Plain Correlation": 1}
		for i, m := range images {
			one := metrics.Measure(m)
			distance, err := metrics.UACI(m, images[(i+1)%16])
			if err != nil {
				t.Fatal(err)
			}
			for name, v := range map[string]float64{
				"Entropy": one.Entropy, "Chi2": one.ChiSquare, "Distance": distance,
				"Zeros":       float64(bytes.Count(m.Pix, []byte{0})) / float64(len(m.Pix)),
				"Correlation": (math.Abs(*one.Correlation.Horizontal) + math.Abs(*one.Correlation.Vertical) + math.Abs(*one.Correlation.Diagonal)) / 3,
			} {
				want[name] += v / 16
			}
		}
		for name, w := range want {
			if v, ok := got[prefix+name]; !ok || math.Abs(v-w) > 1e-9*max(1, w) {
				t.Errorf("%s%s is %v, want %v", prefix, name, v, w)
			}
		}
		for _, m := range images {
			seen = append(seen, m.Floats(3)...)
		}
	}
	slices.Sort(seen)
	slices.Sort(objective.seen)
	if !slices.Equal(seen, objective.seen) {
		t.Error("the networks saw other images")
	}
	if len(got) != 14 || got["Held-out Entropy"] == got["Training Entropy"] {
		t.Errorf("%v", got)
	}
}

// Noise, and negatives, and one flat key for all images.
func TestKnownKeysAreJudgedRight(t *testing.T) {
	for name, test := range map[string]struct {
		key  func(torch.Tensor) torch.Tensor
		want map[string][2]float64 // least and most; NaN: undefined
	}{
		"noise": {func(x torch.Tensor) torch.Tensor { return torch.Rand(x.Shape(), false).MulScalar(2).AddScalar(-1) }, map[string][2]float64{
			"Entropy": {7.85, 7.95}, "Chi2": {210, 300}, "Correlation": {0, 0.05}, "Zeros": {0.001, 0.005}, "Distance": {32.5, 34.5},
			"Plain Correlation": {-0.05, 0.05}, "Plain SSIM": {-0.05, 0.1},
		}},
		"negatives": {func(x torch.Tensor) torch.Tensor { return x.MulScalar(-1) }, map[string][2]float64{
			"Plain Correlation": {-1, -1}, "Plain SSIM": {-1, 0}, "Correlation": {0.5, 1},
		}},
		"black": {func(x torch.Tensor) torch.Tensor { return x.MulScalar(0).AddScalar(-1) }, map[string][2]float64{
			"Entropy": {0, 0}, "Zeros": {1, 1}, "Distance": {0, 0}, "Correlation": {math.NaN(), 0}, "Plain Correlation": {math.NaN(), 0},
		}},
	} {
		got, training, _ := judged(t, heldOutConfig(t), test.key)
		for column, want := range test.want {
			v := got[figure.HeldOut+column]
			if undefined := math.IsNaN(want[0]); undefined != math.IsNaN(v) || !undefined && !(v >= want[0]-1e-9 && v <= want[1]+1e-9) {
				t.Errorf("%s: %s is %v, want %v", name, column, v, want)
			}
		}
		training.close()
	}
}

func checkpointsOf(t *testing.T, c config.Config) []string {
	t.Helper()
	names, err := checkpointNames(c.Dir())
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// table is a run's metrics.csv: the cells of each column, from the first epoch on.
func table(t *testing.T, c config.Config) map[string][]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(read(t, c.Dir(), "metrics.csv"))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	columns := map[string][]string{}
	for i, name := range rows[0] {
		for _, row := range rows[1:] {
			columns[name] = append(columns[name], row[i])
		}
	}
	return columns
}

// Judging keys and drawing samples leave the training as it is: not a bit of the weights differs.
func TestJudgingKeysLeavesTheTrainingAlone(t *testing.T) {
	for _, set := range []func(*config.Config){func(*config.Config) {}, setChaos} { // chaos has noise and batch norms
		with := heldOutConfig(t)
		set(&with)
		with.Train.Epochs = 1
		without := with
		without.Output, without.Train.SampleEvery = t.TempDir(), 0
		for _, c := range []config.Config{with, without} {
			if err := Run(context.Background(), c, Options{}); err != nil {
				t.Fatal(err)
			}
		}
		sameFiles(t, with, without, "generator.npz")
		if strings.Contains(string(read(t, without.Dir(), "metrics.csv")), "Entropy") {
			t.Error("columns for keys that are never judged")
		}
	}
}

// trainWithKeys makes a run whose keys are, after each epoch, those that a function makes; what is trained is as ever.
func trainWithKeys(t *testing.T, c config.Config, key func(epoch int, source torch.Tensor) torch.Tensor) {
	t.Helper()
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	training.Objective = &makes{Objective: training.Objective, key: func(x torch.Tensor) torch.Tensor { return key(training.epoch(), x) }}
	if err := training.loop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// The checkpoint with the best keys by each measure is kept, and exported as it was at that step.
func TestExportOfTheBest(t *testing.T) {
	c := heldOutConfig(t)
	c.Train.Epochs, c.Train.KeepCheckpoints = 4, 1
	size := c.Image.Size
	trainWithKeys(t, c, func(epoch int, source torch.Tensor) torch.Tensor {
		random := rand.New(rand.NewPCG(1, uint64(epoch)))
		x := make([]float32, source.Numel())
		for i := range x {
			switch {
			case epoch == 2: // the best histogram: a slope with every level, whose neighbours are alike
				x[i] = float32(i%(size*size))/float32(size*size/2) - 1
			case i%2 == 0 && epoch != 3:
				x[i] = 0.1
			default: // two levels, in the third epoch without any order
				x[i] = float32(random.IntN(2)) * 0.5
			}
		}
		return torch.FromFloats(x, source.Shape()...)
	})
	perEpoch := readRun(t, c).StepsPerEpoch
	for name, epoch := range map[string]int{"entropy": 2, "chi2": 2, "correlation": 3} {
		out := filepath.Join(t.TempDir(), "best.npz")
		step, why, err := Export(c.Dir(), out, name, false)
		if err != nil || step != epoch*perEpoch || !strings.Contains(why, "Held-out ") {
			t.Errorf("%s: step %d (%s), %v, want that of epoch %d", name, step, why, err, epoch)
		}
		if name == "chi2" {
			continue
		}
		short := c // ends there
		short.Output, short.Train.Epochs = t.TempDir(), epoch
		if err := Run(context.Background(), short, Options{}); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, out), read(t, short.GeneratorPath())) {
			t.Errorf("%s: the generator is not that of step %d", name, step)
		}
	}
	var want []string
	for _, epoch := range []int{2, 3, 4} {
		want = append(want, runlog.CheckpointName(epoch*perEpoch))
	}
	if kept := checkpointsOf(t, c); !slices.Equal(kept, want) {
		t.Errorf("kept: %v, want %v", kept, want)
	}
}

// Keys that get better between two checkpoints have a checkpoint of their own.
func TestTheBestHasACheckpoint(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Train.CheckpointEvery = 1000
	if err := Run(context.Background(), c, Options{}); err != nil {
		t.Fatal(err)
	}
	if kept := checkpointsOf(t, c); !slices.Contains(kept, "step-00000008.npz") {
		t.Errorf("kept: %v", kept)
	}
	c.Output, c.Train.SampleEvery = t.TempDir(), 0
	if err := Run(context.Background(), c, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Export(c.Dir(), filepath.Join(t.TempDir(), "x.npz"), "chi2", false); !errors.Is(err, ErrNotJudged) {
		t.Errorf("the best of a run whose keys were never judged: %v", err)
	}
}

// A run that an earlier keygan began, which judged no keys, goes on as it was, with empty cells for the epochs until then.
func TestAnEarlierRunGoesOn(t *testing.T) {
	whole, earlier := traintest.SmallConfig(t), traintest.SmallConfig(t)
	if err := Run(context.Background(), whole, Options{}); err != nil {
		t.Fatal(err)
	}
	before := earlier
	before.Train.SampleEvery = 0
	if err := trainUntil(t, before, Options{}, 10); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if err := Run(context.Background(), earlier, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, earlier, "generator.npz")
	got, want := table(t, earlier), table(t, whole)
	for name, cells := range want {
		cells = slices.Clone(cells)
		if _, measure := figure.KeyColumn(name); measure != "" {
			cells[0] = ""
		}
		if !slices.Equal(got[name], cells) {
			t.Errorf("%s: %q, want %q", name, got[name], cells)
		}
	}
	wants(t, "watch", watchOnce(t, earlier.Dir(), 100), "keys of epoch 2 ")
}

// The chaos GAN's key is its encrypted image.
func TestChaosKeysAreEncryptedImages(t *testing.T) {
	c := chaosConfig(t)
	torch.Scope(func() {
		o := newObjective(c, place{})
		x := torch.FromFloats(make([]float32, 2*48*48), 2, 1, 48, 48)
		shown := o.Show(x, 5)[1]
		if shown.Name != "encrypted" || !slices.Equal(shown.Images.Floats(), o.Keys(x, 5).Floats()) {
			t.Errorf("the keys are not the row %s", shown.Name)
		}
		closeModels(o)
	})
}
