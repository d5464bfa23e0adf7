package train

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	torch "keygan/gotorch"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
)

// spoiled is an objective that is given infinite images in some steps.
type spoiled struct {
	Objective
	training *Training
	steps    func(step int) bool
}

func (s *spoiled) Step(batches []Batch) torch.Tensor {
	if s.steps(s.training.Step + 1) {
		batches[0].Source = batches[0].Source.AddScalar(math.Inf(1))
	}
	return s.Objective.Step(batches)
}

// trainSpoiled trains until a step, with infinite images in some steps.
func trainSpoiled(c config.Config, o Options, until int, steps func(int) bool) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	training, err := start(ctx, c, o)
	if err != nil {
		return err
	}
	defer training.close()
	training.Objective = &spoiled{training.Objective, training, steps}
	training.hooks = append(training.hooks, stopAfter{until, cancel})
	return training.loop(ctx)
}

func TestDivergedTraining(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Optimizer.LearningRate = 1e30
	err := Run(context.Background(), c, Options{})
	for _, want := range []string{
		"small: step 1: the training has diverged: Generator Loss is NaN, Critic Loss is NaN, ",
		"; not finite: ", " tensors of the generator (encoder.0.weight, ", " tensors of the critic (model.0.weight, ",
		"; the last good checkpoint is " + c.Output + "/small/checkpoints/step-00000000.npz",
	} {
		if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), want) {
			t.Errorf("a learning rate of 1e30: %v, want %q", err, want)
		}
	}

	c = traintest.SmallConfig(t)
	c.Train.CheckpointEvery = 3
	err = trainSpoiled(c, Options{}, 16, func(step int) bool { return step == 8 })
	for _, want := range []string{"step 8: the training has diverged: ", "; the last good checkpoint is " + c.Output + "/small/checkpoints/step-00000006.npz"} {
		if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), want) {
			t.Errorf("infinite images: %v, want %q", err, want)
		}
	}
	// From there it goes on, leaving such updates out.
	c.Train.OnNaN = "skip"
	if err := trainSpoiled(c, Options{Resume: true}, 16, func(step int) bool { return step == 8 }); err != nil {
		t.Error(err)
	}
}

// A run that fails in its first step can be resumed: it begins again with the weights and random numbers of step 0.
func TestResumeFromTheFirstWeights(t *testing.T) {
	whole, failed := traintest.SmallConfig(t), traintest.SmallConfig(t)
	if err := Run(context.Background(), whole, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := trainSpoiled(failed, Options{}, 16, func(step int) bool { return step == 1 }); !errors.Is(err, ErrDiverged) {
		t.Fatal(err)
	}
	if err := Run(context.Background(), failed, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, failed, "generator.npz", "metrics.csv", "metrics.jsonl", "checkpoints/step-00000016.npz")
}

// Weights that are not finite are not saved, whatever the losses were.
func TestInfiniteWeightsAreNotSaved(t *testing.T) {
	c := traintest.SmallConfig(t)
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	weights := training.Objective.Models()[0].Network.Params[0].Tensor
	broken := weights.Floats()
	broken[3] = float32(math.Inf(1))
	torch.NoGrad(func() { weights.SetFloats(broken) })
	training.Step = 1
	err = (&checkpoints{t: training}).save()
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "not finite: 1 of 8 tensors of the generator (encoder.0.weight)") {
		t.Errorf("an infinite weight: %v", err)
	}
	if _, err := os.Stat(filepath.Join(c.Output, c.Name, "checkpoints", runlog.CheckpointName(1))); !os.IsNotExist(err) {
		t.Errorf("the broken weights were saved: %v", err)
	}
}

// With on_nan: skip, a step of infinite images leaves no trace but in the records, and the run resumes exactly.
func TestSkippedUpdatesLeaveNoTrace(t *testing.T) {
	steps := func(step int) bool { return step == 3 || step == 4 || step == 11 }
	config := func() config.Config {
		c := traintest.SmallConfig(t)
		c.Generator.Norm, c.Critic.Norm, c.Generator.EMA, c.Train.OnNaN = "batch", "batch", 0.9, "skip"
		return c
	}
	whole, parts := config(), config()
	var log bytes.Buffer
	if err := trainSpoiled(whole, Options{Log: &log}, 16, steps); err != nil {
		t.Fatal(err)
	}
	if err := trainSpoiled(parts, Options{}, 4, steps); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if err := trainSpoiled(parts, Options{Resume: true}, 16, steps); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, parts, "generator.npz", "metrics.csv", "metrics.jsonl")

	// Two critic updates and the generator's in each of three steps.
	if want := "9 updates were skipped"; !strings.Contains(log.String(), want) || !strings.Contains(log.String(), "9 updates skipped") {
		t.Errorf("the log does not say that %s:\n%s", want, log.String())
	}
	var sum float64
	for i, text := range bytes.Split(bytes.TrimSpace(read(t, whole.Output, "small", "metrics.jsonl")), []byte("\n")) {
		var l runlog.Line
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("line %d: %v", i+1, err)
		}
		v, there := l.Values["Generator Loss"]
		if !there || (v == nil) != steps(l.Step) {
			t.Errorf("step %d: %s", l.Step, text)
		}
		if v != nil && l.Step <= 8 {
			sum += *v
		}
		if want := map[int]int{2: 0, 3: 3, 4: 6, 10: 6, 16: 9}[l.Step]; want > 0 && l.Skipped != want {
			t.Errorf("step %d: %d updates skipped, want %d", l.Step, l.Skipped, want)
		}
	}
	rows, err := csv.NewReader(bytes.NewReader(read(t, whole.Output, "small", "metrics.csv"))).ReadAll()
	if want := strconv.FormatFloat(sum/6, 'g', 8, 64); err != nil || rows[1][1] != want {
		t.Errorf("metrics.csv: %v, %v, want a mean of %s over the six other steps", rows, err, want)
	}
}

func TestSkippedStepKeepsTheState(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Generator.Norm, c.Critic.Norm, c.Train.OnNaN = "batch", "batch", "skip"
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	training.Objective = &spoiled{training.Objective, training, func(step int) bool { return step == 2 }}
	var before [][]float32
	training.hooks = append(training.hooks, eachStep(func(step int) {
		var now [][]float32
		for _, m := range training.Objective.Models() {
			torch.Scope(func() {
				for _, p := range m.arrays() {
					now = append(now, p.Tensor.Floats())
				}
			})
		}
		if same := slices.EqualFunc(before, now, slices.Equal); same != (step == 2) {
			t.Errorf("step %d: same state as before: %v", step, same)
		}
		before = now
	}))
	training.Total = 3
	if err := training.loop(context.Background()); err != nil {
		t.Fatal(err)
	}
}

type eachStep func(step int)

func (f eachStep) AfterStep(s runlog.Step) error { f(s.Step); return nil }

// A run that only skips stops all the same.
func TestOnlySkippedUpdates(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Train.OnNaN, c.Train.Steps = "skip", 200
	err := trainSpoiled(c, Options{}, 200, func(step int) bool { return step > 20 })
	if !errors.Is(err, ErrDiverged) || !errors.Is(err, ErrAllSkipped) {
		t.Fatal(err)
	}
	for _, want := range []string{"step 120: ", "updates were skipped in 100 steps, one after the other", "; all weights are finite; the last good checkpoint is "} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
