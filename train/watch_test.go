package train

import (
	"bytes"
	"context"
	"errors"
	"keygan/train/internal/traintest"
	"keygan/train/watch"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func watchOnce(t *testing.T, dir string, width int) string {
	t.Helper()
	var b bytes.Buffer
	if err := watch.Show(context.Background(), dir, &b, watch.Options{Once: true, Width: func() int { return width }}); err != nil {
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
	c := traintest.SmallConfig(t)
	dir := filepath.Join(c.Output, c.Name)
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	wants(t, "before the first step", watchOnce(t, dir, 120), dir+": wgan-gp, starting on the CPU, threads: 1 (", "  0%  step 0/16  epoch 0/2", "checkpoint  checkpoints/step-00000000.npz", "sample      none yet")
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
	if err := watch.Show(context.Background(), dir, &b, watch.Options{Interval: time.Hour, Terminal: true, Width: func() int { return 100 }}); err != nil {
		t.Fatal(err)
	}
	wants(t, "finished", b.String(), "finished", "100%  step 16/16  epoch 2/2", "resumed     1 times, at step 12 last")
	if strings.Contains(b.String(), "\x1b") || strings.Contains(b.String(), "--resume") {
		t.Errorf("one picture has nothing to overwrite, and a finished run no more to do:\n%q", b.String())
	}
}
