package watch

import (
	"bytes"
	"context"
	"errors"
	"keygan/evaluate/figure"
	"keygan/train/runlog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/plot/plotter"
)

func wants(t *testing.T, what, picture string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(picture, w) {
			t.Errorf("%s: lacks %q:\n%s", what, w, picture)
		}
	}
}

func TestWatchRefuses(t *testing.T) {
	o := Options{Once: true, Width: func() int { return 80 }}
	if err := Show(context.Background(), t.TempDir(), new(bytes.Buffer), o); !errors.Is(err, ErrNoRun) {
		t.Errorf("a folder that is no run's: %v", err)
	}
	if err := Show(context.Background(), filepath.Join(t.TempDir(), "none"), new(bytes.Buffer), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// The picture says what is wrong, and how fast the run goes.
func TestWatchPicture(t *testing.T) {
	now := time.Now()
	loss := 0.25
	l := Look{Dir: "runs/x", Objective: "gan", State: runlog.Running, Written: now.Add(-45 * time.Second)}
	l.Record = runlog.Record{State: runlog.Running, Steps: 1000, StepsPerEpoch: 10, Began: now.Add(-145 * time.Second), SkippedFiles: []string{"a", "b"}, Columns: []string{"Critic Loss", "D_real"}}
	l.Record.Device = "NVIDIA H100"
	l.Tail = []runlog.Line{{Step: 200, Epoch: 20, Values: map[string]*float64{"Critic Loss": &loss, "D_real": nil}, Skipped: 4}}
	wants(t, "since it began", l.draw(speedometer{}, now, 100), "gan, running on NVIDIA H100", "2 steps/s since it began, 6m40s left, last step 45s ago, stalled?",
		" 20%  step 200/1000  epoch 20/100", "0.25", "none", "skipped     4 updates", "left out    2 images")

	var speed speedometer
	for i := range 10 {
		step := l
		step.Tail = []runlog.Line{{Step: 20 * i}}
		speed.add(step, now.Add(time.Duration(10*(i-9))*time.Second))
	}
	if rate, since := speed.rate(l); rate != 2 || since != "over 1m0s" {
		t.Errorf("%v %s, want 2 over 1m0s", rate, since)
	}
	resumed := l
	resumed.Tail = []runlog.Line{{Step: 15}} // those steps come again
	speed.add(resumed, now)
	if len(speed.steps) != 1 {
		t.Errorf("steps %v are remembered from before the run was resumed", speed.steps)
	}
	points := func(values ...float64) (all plotter.XYs) {
		for i, v := range values {
			all = append(all, plotter.XY{X: float64(5 * (i + 1)), Y: v})
		}
		return all
	}
	l.Record.Columns = append(l.Record.Columns, "Held-out Entropy", "Held-out Chi2", "Training Entropy", "Training Chi2")
	l.Epochs = []figure.Curve{{Name: "Critic Loss", Points: points(1, 2)}, {Name: "Held-out Entropy", Points: points(5, 7.5)}, {Name: "Held-out Chi2"},
		{Name: "Training Entropy", Points: points(7.75, 6)}, {Name: "Training Chi2", Points: points(9, 300)}}
	picture := l.draw(speedometer{}, now, 100)
	wants(t, "keys", picture, "keys of epoch 10          held out  training\n", "Entropy                        7.5         6  ▁█\n", "Chi2                          none       300  ▁█\n")
	if strings.Contains(picture, "Held-out") {
		t.Errorf("what judges keys is shown twice:\n%s", picture)
	}
	waiting := 0.034
	l.Record.Waiting = &waiting
	wants(t, "waiting", l.draw(speedometer{}, now, 100), "2 steps/s since it began, 3.4% waiting for data, 6m40s left")
	l.State, l.Record.Error = runlog.Failed, "runs/x: step 200:\nthe training has diverged"
	wants(t, "failed", l.draw(speedometer{}, now, 100), "failed", "error       runs/x: step 200: the training has diverged")
}
