package train

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	torch "keygan/gotorch"
	"keygan/gotorch/torchtest"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
)

// standIn is a captured step on the CPU: each replay does the work anew, on the same memory.
type standIn struct {
	work    func()
	replays int
}

func (s *standIn) Replay() { s.work(); s.replays++ }
func (s *standIn) Close()  {}

// likeOnGPU makes a training do on the CPU what it does on a GPU: batches ahead in fixed memory, a captured step, updates left out and
// counted on the device.
func likeOnGPU(t *Training) *standIn {
	s := &standIn{}
	t.feed.newStages(t.Config.Train.Accumulate)
	t.graphs = &graphs{capture: func(work func()) graph { s.work = work; return s }}
	if t.Config.Train.OnNaN == "skip" {
		for _, m := range t.Objective.Models() {
			m.left = torch.Zeros([]int64{1}, false).FillI(float64(m.Skipped))
		}
	}
	return s
}

// trainAs trains until a step, after change has been applied.
func trainAs(c config.Config, o Options, until int, change func(*Training)) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	training, err := start(ctx, c, o)
	if err != nil {
		return err
	}
	defer training.close()
	change(training)
	training.hooks = append(training.hooks, stopAfter{until, cancel})
	return training.loop(ctx)
}

// The way of a GPU, as far as a CPU can go it, leaves the same files as the usual one, of a run that was interrupted, too, and frees all
// its tensors.
func TestLikeOnGPU(t *testing.T) {
	for _, v := range []struct {
		name string
		set  func(*config.Config)
	}{
		{"plain", func(*config.Config) {}},
		{"accumulation and a schedule", func(c *config.Config) {
			c.Train.Batch, c.Train.Accumulate, c.Optimizer.Schedule, c.Optimizer.Warmup = 1, 2, "cosine", 3
		}},
		{"noise, batch norm and a mean of weights", func(c *config.Config) {
			c.Generator.Noise, c.Generator.Norm, c.Generator.EMA, c.Train.OnNaN = true, "batch", 0.5, "skip"
		}},
		{"chaos-gan", setChaos},
		{"restore", setRestore},
	} {
		t.Run(v.name, func(t *testing.T) {
			live := torch.LiveTensors()
			usual, other := traintest.SmallConfig(t), traintest.SmallConfig(t)
			v.set(&usual)
			v.set(&other)
			if err := Run(context.Background(), usual, Options{}); err != nil {
				t.Fatal(err)
			}
			other.Train.LogEvery = 3
			replays := 0
			for i, until := range []int{4, 16} {
				var s *standIn
				err := trainAs(other, Options{Resume: i > 0}, until, func(t *Training) { s = likeOnGPU(t) })
				if err != nil && !errors.Is(err, ErrInterrupted) {
					t.Fatal(err)
				}
				replays += s.replays
			}
			sameFiles(t, usual, other, "generator.npz", "metrics.csv", "metrics.jsonl")
			if steps := bytes.Count(read(t, usual.Output, "small", "metrics.jsonl"), []byte("\n")); replays != steps-2*stepsBeforeCapture {
				t.Errorf("%d of %d steps were replayed", replays, steps)
			}
			if now := torch.LiveTensors(); now != live {
				t.Errorf("%d tensors live after the runs, %d before", now, live)
			}
		})
	}
}

// Steps that are reported late are reported in order, once, and at the latest when their epoch ends.
func TestReports(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Train.LogEvery, c.Train.CheckpointEvery = 5, 7
	var told, at []int
	err := trainAs(c, Options{}, 100, func(training *Training) {
		training.hooks = append(training.hooks, eachStep(func(step int) {
			told, at = append(told, step), append(at, training.Step)
		}))
	})
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range told {
		if step != i+1 || at[i] < step {
			t.Fatalf("reported were %v, after the steps %v", told, at)
		}
	}
	if reports := slices.Compact(at); !slices.Equal(reports, []int{5, 7, 8, 13, 14, 16}) {
		t.Errorf("reports after the steps %v", reports)
	}
}

// A late report names the step that diverged.
func TestLateDivergence(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Train.LogEvery = 8
	err := trainSpoiled(c, Options{}, 16, func(step int) bool { return step == 10 })
	if !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "step 10: ") {
		t.Errorf("infinite images in step 10: %v", err)
	}
	if n := bytes.Count(read(t, c.Output, "small", "metrics.jsonl"), []byte("\n")); n != 9 {
		t.Errorf("metrics.jsonl has %d lines, of 9 good steps", n)
	}
}

// With on_nan: skip, the device leaves out the same updates as the host would.
func TestSkippedOnDevice(t *testing.T) {
	steps := func(step int) bool { return step == 3 || step == 4 || step == 11 }
	configuration := func() config.Config {
		c := traintest.SmallConfig(t)
		c.Generator.Norm, c.Critic.Norm, c.Generator.EMA, c.Train.OnNaN = "batch", "batch", 0.5, "skip"
		return c
	}
	host, device := configuration(), configuration()
	if err := trainSpoiled(host, Options{}, 16, steps); err != nil {
		t.Fatal(err)
	}
	device.Train.LogEvery = 4
	err := trainAs(device, Options{}, 16, func(training *Training) {
		likeOnGPU(training)
		training.graphs = nil // what spoils batches is not part of a step
		training.Objective = &spoiled{training.Objective, training, steps}
	})
	if err != nil {
		t.Fatal(err)
	}
	sameFiles(t, host, device, "generator.npz", "metrics.csv", "metrics.jsonl")
}

// A step that cannot be captured is made one operation at a time, and the log says why.
func TestCaptureFails(t *testing.T) {
	usual, other := traintest.SmallConfig(t), traintest.SmallConfig(t)
	if err := Run(context.Background(), usual, Options{}); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	err := trainAs(other, Options{Log: &log}, 16, func(training *Training) {
		training.graphs = &graphs{failed: training.notCaptured, capture: func(func()) graph {
			torch.Ones([]int64{2}, false).View(3)
			return nil
		}}
	})
	if err != nil {
		t.Fatal(err)
	}
	sameFiles(t, usual, other, "generator.npz", "metrics.jsonl")
	if !strings.Contains(log.String(), "CUDA graphs") || !strings.Contains(log.String(), "view") {
		t.Errorf("the log does not say why a step was not captured:\n%s", log.String())
	}
}

func TestGraphsNeedAGPU(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.CUDAGraphs = "on"
	if err := Run(context.Background(), c, Options{}); err == nil || !strings.Contains(err.Error(), "cuda_graphs: on: they need a GPU") {
		t.Errorf("graphs on the CPU: %v", err)
	}
}

// On a GPU, a run with graphs has the losses of one without, and every step is in the log.
func TestGraphsOnGPU(t *testing.T) {
	device := torchtest.CUDA(t)
	for _, objective := range config.Choices("objective.name") {
		var curves [][]float64
		for _, graphs := range []string{"off", "on"} {
			c := traintest.SmallConfig(t)
			setObjective(&c, objective)
			c.Device, c.CUDAGraphs, c.TF32, c.Train.OnNaN = device.String(), graphs, false, "skip"
			c.Optimizer.Warmup = 4
			var losses []float64
			err := trainAs(c, Options{}, 100, func(training *Training) { training.hooks = append(training.hooks, firstValue{&losses}) })
			if err != nil {
				t.Fatalf("%s with graphs %s: %v", objective, graphs, err)
			}
			curves = append(curves, losses)
		}
		for i, want := range curves[0] {
			if got := curves[1][i]; len(curves[1]) != len(curves[0]) || got < want-1e-3 || got > want+1e-3 {
				t.Errorf("%s: losses with graphs %v, without %v", objective, curves[1], curves[0])
				break
			}
		}
	}
}

// firstValue keeps the first column.
type firstValue struct{ to *[]float64 }

func (f firstValue) AfterStep(s runlog.Step) error {
	*f.to = append(*f.to, s.Values[0])
	return nil
}
