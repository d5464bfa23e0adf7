package train

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/synthetic"
	"keygan/internal/npz"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
)

func overwrite(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A newest checkpoint that is damaged is passed over: the run goes on from the one before, and leaves the same bytes.
func TestResumePassesOverDamagedCheckpoints(t *testing.T) {
	config := func() config.Config {
		c := traintest.SmallConfig(t)
		c.Train.CheckpointEvery = 3
		return c
	}
	whole := config()
	if err := Run(context.Background(), whole, Options{}); err != nil {
		t.Fatal(err)
	}
	flip := func(b []byte) []byte {
		b = slices.Clone(b)
		b[len(b)/2] ^= 1
		return b
	}
	for _, c := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		from   string
		warn   []string
	}{
		{"truncated", func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, "step-00000007.npz"), read(t, dir, "step-00000007.npz")[:1000])
		}, "step-00000006.npz", []string{"step-00000007.npz: not a whole .npz archive", "going on from "}},
		{"a bit flipped", func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, "step-00000007.npz"), flip(read(t, dir, "step-00000007.npz")))
		}, "step-00000006.npz", []string{"step-00000007.npz: array ", ": damaged, and passed over"}},
		{"two of them", func(t *testing.T, dir string) {
			overwrite(t, filepath.Join(dir, "step-00000007.npz"), nil)
			overwrite(t, filepath.Join(dir, "step-00000006.npz"), flip(read(t, dir, "step-00000006.npz")))
		}, "step-00000003.npz", []string{"step-00000007.npz: ", "step-00000006.npz: "}},
		{"removed", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "step-00000007.npz")) },
			"step-00000006.npz", []string{"step-00000007.npz: no such file"}},
		{"latest removed", func(t *testing.T, dir string) { os.Remove(filepath.Join(dir, "latest")) }, "step-00000007.npz", nil},
		{"latest overwritten", func(t *testing.T, dir string) { overwrite(t, filepath.Join(dir, "latest"), []byte("../../secret\n")) },
			"step-00000007.npz", []string{"latest: names no checkpoint"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			parts := config()
			if err := trainUntil(t, parts, Options{}, 7); !errors.Is(err, ErrInterrupted) {
				t.Fatal(err)
			}
			dir := filepath.Join(parts.Output, parts.Name, "checkpoints")
			c.damage(t, dir)
			var log bytes.Buffer
			ctx, cancel := context.WithCancel(context.Background())
			training, err := start(ctx, parts, Options{Resume: true, Log: &log})
			if err != nil {
				t.Fatal(err)
			}
			defer training.close()
			if latest, err := runlog.NewestCheckpoint(filepath.Dir(dir)); err != nil || filepath.Base(latest) != c.from || training.resumedFrom != latest {
				t.Errorf("goes on from %s, latest is %s (%v), want %s", training.resumedFrom, latest, err, c.from)
			}
			for _, want := range c.warn {
				if !strings.Contains(log.String(), want) {
					t.Errorf("the log lacks %q:\n%s", want, log.String())
				}
			}
			if c.warn == nil && strings.Contains(log.String(), "warning") {
				t.Errorf("an empty warning:\n%s", log.String())
			}
			if err := training.loop(ctx); err != nil {
				t.Fatal(err)
			}
			cancel()
			sameFiles(t, whole, parts, "generator.npz", "metrics.csv", "metrics.jsonl", "checkpoints/latest", "checkpoints/step-00000016.npz")
		})
	}
}

// rewriteMeta changes what the newest checkpoint of a run says of itself.
func rewriteMeta(t *testing.T, run string, change func(*checkpointMeta)) {
	t.Helper()
	c, _, err := newestWhole(run)
	if err != nil {
		t.Fatal(err)
	}
	change(&c.meta)
	text, err := json.Marshal(c.meta)
	if err != nil {
		t.Fatal(err)
	}
	old, err := zip.OpenReader(c.path)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	var b bytes.Buffer
	out := zip.NewWriter(&b)
	for _, f := range old.File {
		if f.Name != "meta.npy" {
			err = out.Copy(f)
		} else if w, failed := out.Create(f.Name); failed != nil {
			err = failed
		} else {
			err = npz.Bytes("meta", text).Write(w)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	overwrite(t, c.path, b.Bytes())
}

func TestResumeRefuses(t *testing.T) {
	begin := func() config.Config {
		c := traintest.SmallConfig(t)
		if err := trainUntil(t, c, Options{}, 1); !errors.Is(err, ErrInterrupted) {
			t.Fatal(err)
		}
		return c
	}
	format := func(version int) func(t *testing.T, c *config.Config) {
		return func(t *testing.T, c *config.Config) {
			rewriteMeta(t, filepath.Join(c.Output, c.Name), func(m *checkpointMeta) { m.Version = version })
		}
	}
	for _, c := range []struct {
		name   string
		change func(t *testing.T, c *config.Config)
		is     error
		want   string
	}{
		{"one key", func(_ *testing.T, c *config.Config) { c.Generator.Width = 4 }, ErrOtherConfig,
			"step-00000001.npz: was made with another configuration than this one (its own is RUN/config.yaml): generator.width (2, now 4)"},
		{"many keys", func(_ *testing.T, c *config.Config) {
			c.Generator.Width, c.Seed, c.Optimizer.Beta1, c.Train.Batch, c.Source = 4, 7, 0.4, 3, c.Source[:1]
		}, ErrOtherConfig, ": generator.width (2, now 4), optimizer.beta1 (0.5, now 0.4), seed (1, now 7), and "},
		{"a longer run, other names", func(_ *testing.T, c *config.Config) {
			c.Train.Epochs, c.Generator.Width = 50, 4
		}, ErrOtherConfig, ": generator.width (2, now 4)"},
		{"no config.yaml to compare with", func(t *testing.T, c *config.Config) {
			c.Generator.Width = 4
			overwrite(t, filepath.Join(c.Output, c.Name, "config.yaml"), []byte("sauce: [\n"))
		}, ErrOtherConfig, "than this one (its own is RUN/config.yaml)"},
		{"newer", format(3), ErrOtherFormat, "step-00000001.npz: checkpoint format 3 is newer than 2, the newest that this keygan reads"},
		{"older", format(1), ErrOtherFormat, "step-00000001.npz: checkpoint format 1 is older than 2: only the keygan that wrote it can go on from it"},
		{"a folder that is no run", func(_ *testing.T, c *config.Config) { c.Output = t.TempDir() }, nil, "RUN: nothing to resume: this folder holds no run"},
		{"stopped before a checkpoint", func(t *testing.T, c *config.Config) {
			if err := os.RemoveAll(filepath.Join(c.Output, c.Name, "checkpoints")); err != nil {
				t.Fatal(err)
			}
		}, runlog.ErrNoCheckpoint, "RUN: this run was stopped before its first checkpoint"},
		{"finished", func(_ *testing.T, c *config.Config) { c.Train.Steps = 1 }, ErrFinished, "RUN: this run is finished after 1 steps"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := begin()
			c.change(t, &config)
			err := Run(context.Background(), config, Options{Resume: true})
			want := strings.ReplaceAll(c.want, "RUN", filepath.Join(config.Output, config.Name))
			if err == nil || !strings.Contains(err.Error(), want) || c.is != nil && !errors.Is(err, c.is) {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// Images can change while there are as many as before.
func TestResumeRefusesChangedData(t *testing.T) {
	c := traintest.SmallConfig(t)
	folders := []string{t.TempDir(), t.TempDir()}
	put := func(folder, i int, name string) {
		t.Helper()
		set, err := synthetic.New("xray", 9, 24, 1)
		if err != nil {
			t.Fatal(err)
		}
		m, err := set.Image(i)
		if err == nil {
			err = imagefile.WritePNG(filepath.Join(folders[folder], name), m, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, name := range []string{"a.png", "b.png", "c.png", "d.png"} {
		put(0, i, name)
		put(1, 4+i, name)
	}
	c.Source, c.Target = []dataset.Spec{{Folder: folders[0]}}, []config.Target{{Spec: dataset.Spec{Folder: folders[1]}}}
	if err := trainUntil(t, c, Options{}, 1); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	check := func(want string) {
		t.Helper()
		err := Run(context.Background(), c, Options{Resume: true})
		if want = "step-00000001.npz: the data has changed: " + want; !errors.Is(err, ErrOtherData) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
	put(1, 8, "b.png")
	check("the target set has 4 images as before, but not the same ones, or in another order")
	put(0, 8, "b.png")
	check("the source set has 4 images as before, but not the same ones, or in another order")
	put(0, 7, "e.png")
	check("the source set had 4 images, and has 5 now")
}

// Elsewhere a run goes on, but says that it will not be bit for bit the same.
func TestResumeElsewhere(t *testing.T) {
	for name, change := range map[string]func(*checkpointMeta){
		"libtorch was 1.0.0 until here and is ":   func(m *checkpointMeta) { m.Libtorch = "1.0.0" },
		"threads was 7 until here and is 1 now":   func(m *checkpointMeta) { m.Threads = 7 },
		"device was cuda:0 until here and is cpu": func(m *checkpointMeta) { m.Device = "cuda:0" },
	} {
		c := traintest.SmallConfig(t)
		c.Train.Steps = 2
		if err := trainUntil(t, c, Options{}, 1); !errors.Is(err, ErrInterrupted) {
			t.Fatal(err)
		}
		rewriteMeta(t, filepath.Join(c.Output, c.Name), change)
		var log bytes.Buffer
		if err := Run(context.Background(), c, Options{Resume: true, Log: &log}); err != nil {
			t.Error(err)
		}
		if want := "warning: " + name; strings.Count(log.String(), "warning") != 1 || !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q, or has more warnings:\n%s", want, log.String())
		}
	}
}
