package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestSparkline(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		width  int
		want   string
	}{
		{nil, 10, ""},
		{[]float64{5}, 10, "▅"},
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 10, "▁▂▃▄▅▆▇█"},
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 4, "▁▃▆█"},
		{[]float64{7, 0, 7}, 0, ""},
		{[]float64{7, 0, 7}, -3, ""},
		{[]float64{-1, nan, math.Inf(1), 1}, 10, "▁  █"},
		{[]float64{nan, nan}, 10, "  "},
		{[]float64{nan, nan, 1, 3, 5, nan}, 3, " ▁█"},
		{[]float64{-math.MaxFloat64, 0, math.MaxFloat64}, 3, "▁▅█"},
		{[]float64{1, 10, 1000}, 3, "▁▃█"},
		{[]float64{0, 10, 1000}, 3, "▁▁█"},
	} {
		if got := sparkline(c.values, c.width); got != c.want {
			t.Errorf("%v in %d: %q, want %q", c.values, c.width, got, c.want)
		}
	}
}

func TestReadTail(t *testing.T) {
	text := func(first, last int) string {
		var b strings.Builder
		for i := first; i <= last; i++ {
			fmt.Fprintf(&b, `{"step":%d,"epoch":1,"values":{"Critic Loss":%d,"Generator Loss":null}}`+"\n", i, i)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text        string
		first, last int // 0: no line
	}{
		"empty":               {"", 0, 0},
		"half a line":         {`{"step":1,"epo`, 0, 0},
		"a line without end":  {strings.TrimSpace(text(1, 1)), 0, 0},
		"one line":            {text(1, 1), 1, 1},
		"and half a line":     {text(1, 3) + text(4, 4)[:20], 1, 3},
		"no JSON":             {"\x00\x00\n<html>\n[]\n" + text(5, 6), 5, 6},
		"zeros after a crash": {text(1, 2) + strings.Repeat("\x00", 500), 1, 2},
		"longer than is read": {text(1, 5000), -1, 5000},
	} {
		path := filepath.Join(t.TempDir(), "metrics.jsonl")
		overwrite(t, path, []byte(c.text))
		lines, written := readTail(path)
		switch {
		case written.IsZero():
			t.Errorf("%s: the file has no time", name)
		case c.last == 0 && len(lines) > 0 || c.last > 0 && len(lines) == 0:
			t.Errorf("%s: %d lines", name, len(lines))
		case c.last > 0 && (lines[len(lines)-1].Step != c.last || c.first > 0 && lines[0].Step != c.first):
			t.Errorf("%s: steps %d to %d", name, lines[0].Step, lines[len(lines)-1].Step)
		}
		for i, l := range lines {
			if i > 0 && l.Step != lines[i-1].Step+1 || *l.Values["Critic Loss"] != float64(l.Step) || l.Values["Generator Loss"] != nil {
				t.Errorf("%s: line %d is %+v", name, i, l)
			}
		}
	}
	if lines, _ := readTail(filepath.Join(t.TempDir(), "none")); lines != nil {
		t.Errorf("no file: %v", lines)
	}
}

func watchOnce(t *testing.T, dir string, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := Watch(context.Background(), dir, &b, WatchOptions{Once: true, Width: func() int { return width }}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wants(t *testing.T, what, picture string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !strings.Contains(picture, w) {
			t.Errorf("%s: lacks %q:\n%s", what, w, picture)
		}
	}
}

// A run is shown in all its states, and whatever is missing or damaged in its folder.
func TestWatch(t *testing.T) {
	c := smallConfig(t)
	dir := filepath.Join(c.Output, c.Name)
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	wants(t, "before the first step", watchOnce(t, dir, 120), dir+": wgan-gp, starting on the CPU, threads: 1 (", "  0%  step 0/16  epoch 0/2", "checkpoint  none yet")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	training.hooks = append(training.hooks, eachStep(func(step int) {
		if step == 12 {
			wants(t, "running", watchOnce(t, dir, 100), "running on", "] ", " 75%  step 12/16  epoch 2/2", "steps/s since it began, ", " left, last step ", "s ago",
				"Critic Gradient Norm", "the last 12 steps", "checkpoint  checkpoints/step-00000008.npz", "sample      samples/epoch-0001.png (source images, keys, target images)")
			cancel()
		}
	}))
	if err := training.loop(ctx); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	training.close()
	wants(t, "interrupted", watchOnce(t, dir, 100), "interrupted", "step 12/16", "s ago, --resume goes on", "step-00000012.npz")

	for _, width := range []int{0, 1, 20, 40, 80, 120} {
		for _, text := range strings.Split(watchOnce(t, dir, width), "\n") {
			if n := utf8.RuneCountInString(text); width > 0 && n > width {
				t.Errorf("width %d: a line of %d: %s", width, n, text)
			}
		}
	}

	record := read(t, dir, "run.json")
	overwrite(t, filepath.Join(dir, "run.json"), bytes.Replace(record, []byte(`"interrupted"`), []byte(`"running"`), 1))
	wants(t, "killed", watchOnce(t, dir, 100), "killed", "step 12/16", ", last step ", "s ago, --resume goes on")
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "metrics.jsonl"), old, old); err != nil {
		t.Fatal(err)
	}
	wants(t, "killed long ago", watchOnce(t, dir, 100), "last step 1h0m ago")

	for _, name := range []string{"run.json", "metrics.jsonl", "metrics.csv", "checkpoints/latest", "config.yaml"} {
		content := read(t, dir, name)
		for n := 0; n < len(content); n += 1 + len(content)/20 {
			overwrite(t, filepath.Join(dir, name), content[:n])
			wants(t, name+" cut", watchOnce(t, dir, 80), dir+": ", "step ", "checkpoint ")
		}
		if name != "config.yaml" {
			os.Remove(filepath.Join(dir, name))
			wants(t, name+" removed", watchOnce(t, dir, 80), dir+": ", "step ", "checkpoint ")
		}
		overwrite(t, filepath.Join(dir, name), content)
	}

	if err := Run(context.Background(), c, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer // ends by itself
	if err := Watch(context.Background(), dir, &b, WatchOptions{Interval: time.Hour, Terminal: true, Width: func() int { return 100 }}); err != nil {
		t.Fatal(err)
	}
	wants(t, "finished", b.String(), "finished", "100%  step 16/16  epoch 2/2", "resumed     1 times, at step 12 last")
	if strings.Contains(b.String(), "\x1b") || strings.Contains(b.String(), "--resume") {
		t.Errorf("one picture has nothing to overwrite, and a finished run no more to do:\n%q", b.String())
	}
}

func TestWatchRefuses(t *testing.T) {
	o := WatchOptions{Once: true, Width: func() int { return 80 }}
	if err := Watch(context.Background(), t.TempDir(), new(bytes.Buffer), o); !errors.Is(err, ErrNoRun) {
		t.Errorf("a folder that is no run's: %v", err)
	}
	if err := Watch(context.Background(), filepath.Join(t.TempDir(), "none"), new(bytes.Buffer), o); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: %v", err)
	}
}

// The picture says what is wrong, and how fast the run goes.
func TestWatchPicture(t *testing.T) {
	now := time.Now()
	loss := 0.25
	l := look{dir: "runs/x", objective: "gan", state: stateRunning, written: now.Add(-45 * time.Second)}
	l.record = record{State: stateRunning, Steps: 1000, StepsPerEpoch: 10, Began: now.Add(-145 * time.Second), SkippedFiles: []string{"a", "b"}, Columns: []string{"Critic Loss", "D_real"}}
	l.record.Device = "NVIDIA H100"
	l.tail = []line{{Step: 200, Epoch: 20, Values: map[string]*float64{"Critic Loss": &loss, "D_real": nil}, Skipped: 4}}
	wants(t, "since it began", l.draw(speedometer{}, now, 100), "gan, running on NVIDIA H100", "2 steps/s since it began, 6m40s left, last step 45s ago, stalled?",
		" 20%  step 200/1000  epoch 20/100", "0.25", "none", "skipped     4 updates", "left out    2 images")

	var speed speedometer
	for i := range 10 {
		step := l
		step.tail = []line{{Step: 20 * i}}
		speed.add(step, now.Add(time.Duration(10*(i-9))*time.Second))
	}
	if rate, since := speed.rate(l); rate != 2 || since != "over 1m0s" {
		t.Errorf("%v %s, want 2 over 1m0s", rate, since)
	}
	resumed := l
	resumed.tail = []line{{Step: 15}} // those steps come again
	speed.add(resumed, now)
	if len(speed.steps) != 1 {
		t.Errorf("steps %v are remembered from before the run was resumed", speed.steps)
	}
	l.state, l.record.Error = stateFailed, "runs/x: step 200:\nthe training has diverged"
	wants(t, "failed", l.draw(speedometer{}, now, 100), "failed", "error       runs/x: step 200: the training has diverged")
}
