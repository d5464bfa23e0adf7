package train

import (
	"bytes"
	"context"
	"errors"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// sameFiles checks that two runs left the same bytes.
func sameFiles(t *testing.T, a, b config.Config, names ...string) {
	t.Helper()
	for _, name := range names {
		if !bytes.Equal(read(t, a.Output, a.Name, name), read(t, b.Output, b.Name, name)) {
			t.Errorf("%s differs between the whole run and the resumed one", name)
		}
	}
}

// What a killed process may leave behind its newest checkpoint: later lines, half a line, half a file, and a checkpoint
// that latest does not name yet. A resumed run must not see any of it, nor lose its way by it.
func TestResumeAfterAKill(t *testing.T) {
	whole := traintest.SmallConfig(t)
	whole.Train.CheckpointEvery, whole.Train.KeepCheckpoints = 4, 1
	killed := whole
	killed.Output = t.TempDir()
	if err := Run(context.Background(), whole, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := trainUntil(t, killed, Options{}, 5); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	dir := filepath.Join(killed.Output, killed.Name)
	write := func(name, text string, flags int) {
		t.Helper()
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|flags, 0o644)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	write("metrics.jsonl", `{"step":6,"epoch":1,"values":{}}`+"\n"+`{"step":7,"ep`, os.O_APPEND)
	write("checkpoints/step-00000099.npz", "of a step that comes again", 0)
	for _, partial := range []string{".keygan-1.tmp", "samples/.keygan-2.tmp", "checkpoints/.keygan-3.tmp"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, partial)), 0o755); err != nil {
			t.Fatal(err)
		}
		write(partial, "half a file", 0)
	}
	if err := Run(context.Background(), killed, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, killed, "generator.npz", "metrics.csv", "metrics.jsonl", "checkpoints/latest", "checkpoints/step-00000016.npz")
	if kept, want := checkpointsOf(t, killed), checkpointsOf(t, whole); !slices.Equal(kept, want) {
		t.Errorf("checkpoints: %v, of the run that was not killed %v", kept, want)
	}
	for _, pattern := range []string{".keygan-*", "*/.keygan-*"} {
		if left, _ := filepath.Glob(filepath.Join(dir, pattern)); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	}
}

// A run that ended within an epoch and is lengthened goes on with that epoch: the row of metrics.csv covers all of it.
func TestLengthenedRun(t *testing.T) {
	whole, parts := traintest.SmallConfig(t), traintest.SmallConfig(t)
	whole.Train.Steps, parts.Train.Steps = 11, 5
	if err := Run(context.Background(), whole, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), parts, Options{}); err != nil {
		t.Fatal(err)
	}
	if rows := strings.Count(string(read(t, parts.Output, "small", "metrics.csv")), "\n"); rows != 2 {
		t.Errorf("metrics.csv has %d lines for part of an epoch, want a header and a row", rows)
	}
	parts.Train.Steps = 11
	if err := Run(context.Background(), parts, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, whole, parts, "generator.npz", "metrics.csv", "metrics.jsonl", "checkpoints/step-00000011.npz")
	if !bytes.Contains(read(t, parts.Output, "small", "config.yaml"), []byte("steps: 11")) {
		t.Error("config.yaml does not say how long the run was in the end")
	}
}

// The process may end after the last checkpoint and before the generator is written, or while it is; resuming mends that.
func TestResumeWritesAMissingGenerator(t *testing.T) {
	c := traintest.SmallConfig(t)
	c.Train.Steps = 2
	if err := Run(context.Background(), c, Options{}); err != nil {
		t.Fatal(err)
	}
	want := read(t, c.GeneratorPath())
	partial := filepath.Join(c.Output, c.Name, ".keygan-1.tmp")
	if err := os.Rename(c.GeneratorPath(), partial); err != nil {
		t.Fatal(err)
	}
	if err := Run(context.Background(), c, Options{Resume: true}); !errors.Is(err, ErrFinished) {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, c.GeneratorPath()), want) {
		t.Error("another generator")
	}
	if _, err := os.Lstat(partial); err == nil {
		t.Error("what was being written is left behind")
	}
}

// A folder without a run may hold somebody's samples. They are not touched, with --force or without.
func TestFolderThatIsNoRun(t *testing.T) {
	for _, force := range []bool{false, true} {
		c := traintest.SmallConfig(t)
		file := filepath.Join(c.Output, c.Name, "samples", "mine.txt")
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := Run(context.Background(), c, Options{Force: force}); err == nil || !strings.Contains(err.Error(), "holds no run") {
			t.Errorf("force %v: %v", force, err)
		}
		if string(read(t, file)) != "precious" {
			t.Error("the file has changed")
		}
	}
}
