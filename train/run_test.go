package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/synthetic"
	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/train/config"
	"keygan/train/internal/traintest"
	"keygan/train/runlog"
)

// stopAfter ends a run's context after a step, as Ctrl-C would.
type stopAfter struct {
	step   int
	cancel context.CancelFunc
}

func (s stopAfter) AfterStep(step runlog.Step) error {
	if step.Step == s.step {
		s.cancel()
	}
	return nil
}

func trainUntil(t *testing.T, c config.Config, o Options, step int) error {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	training, err := start(ctx, c, o)
	if err != nil {
		return err
	}
	defer training.close()
	training.hooks = append(training.hooks, stopAfter{step, cancel})
	return training.loop(ctx)
}

func read(t *testing.T, path ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestRunLeavesItsRecord(t *testing.T) {
	live := torch.LiveTensors()
	c := traintest.SmallConfig(t)
	var log bytes.Buffer
	if err := Run(context.Background(), c, Options{Log: &log}); err != nil {
		t.Fatal(err)
	}
	if got := torch.LiveTensors(); got != live {
		t.Errorf("%d tensors live after the run, %d before", got, live)
	}
	dir := filepath.Join(c.Output, c.Name)
	rows := strings.Split(strings.TrimSpace(string(read(t, dir, "metrics.csv"))), "\n")
	const header = "Epoch,Generator Loss,Critic Loss,Wasserstein Distance,Gradient Penalty,D_real,D_fake,Gen_Acc,Critic_Acc,Generator Gradient Norm,Critic Gradient Norm,Training "
	if len(rows) != 3 || !strings.HasPrefix(rows[0], header) || !strings.HasPrefix(rows[2], "2,") {
		t.Errorf("metrics.csv:\n%s", strings.Join(rows, "\n"))
	}
	if n := bytes.Count(read(t, dir, "metrics.jsonl"), []byte("\n")); n != 16 {
		t.Errorf("metrics.jsonl has %d lines for 16 steps", n)
	}
	for _, name := range []string{"samples/epoch-0001.png", "samples/epoch-0002.png", "plots/loss.png", "plots/gradient-penalty.png", "plots/keys.png"} {
		if _, err := imagefile.ReadImage(filepath.Join(dir, name)); err != nil {
			t.Error(err)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(dir, "events.out.tfevents.*")); len(files) != 1 {
		t.Errorf("TensorBoard's files: %v", files)
	} else if info, err := os.Stat(files[0]); err != nil || info.Size() < 16*8*20 {
		t.Errorf("the event file holds no 16 steps of 8 values: %v, %v", info, err)
	}
	if strings.Count(log.String(), "no images are held out") != 1 {
		t.Errorf("the log does not say once that no images are held out:\n%s", log.String())
	}
	if !strings.Contains(log.String(), "16/16") {
		t.Errorf("no progress in the log:\n%s", log.String())
	}
	kept, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*.npz"))
	if len(kept) != 3 { // of step 0, and of each epoch
		t.Errorf("checkpoints: %v", kept)
	}
}

// Every objective trains, logs its columns and exports.
func TestObjectives(t *testing.T) {
	for _, name := range config.Choices("objective.name") {
		c := traintest.SmallConfig(t)
		c.Train.Epochs = 1
		setObjective(&c, name)
		if err := Run(context.Background(), c, Options{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		header, _, _ := strings.Cut(string(read(t, c.Output, "small", "metrics.csv")), "\n")
		if !strings.HasPrefix(header, "Epoch,Generator Loss,"+map[bool]string{true: "L1,SSIM,", false: "Critic Loss,"}[name == "restore"]) {
			t.Errorf("%s: metrics.csv begins with %s", name, header)
		}
		if _, err := infer.ReadFile(c.GeneratorPath()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The exported generator in pure Go must agree with the trained one in libtorch: 1e-4 before rounding.
func TestExportAgreesWithLibtorch(t *testing.T) {
	c := traintest.SmallConfig(t)
	training, err := start(context.Background(), c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer training.close()
	if err := training.loop(context.Background()); err != nil {
		t.Fatal(err)
	}
	model, err := infer.ReadFile(c.GeneratorPath())
	if err != nil {
		t.Fatal(err)
	}
	if model.Arch().ConfigHash != c.Hash() {
		t.Error("the file does not carry the configuration's hash")
	}
	for _, size := range []int{24, 64} {
		set, err := synthetic.New("mri", 1, size, 5)
		if err != nil {
			t.Fatal(err)
		}
		m, err := set.Image(0)
		if err != nil {
			t.Fatal(err)
		}
		x := m.Floats(3)
		got, err := model.Forward(x, size, size, infer.Seed{})
		if err != nil {
			t.Fatal(err)
		}
		torch.Scope(func() {
			want := training.Objective.Show(torch.FromFloats(x, 1, 3, int64(size), int64(size)), 0)[0].Images.Floats()
			for i := range want {
				if d := math.Abs(float64(got[i] - want[i])); !(d <= 1e-4) {
					t.Fatalf("size %d, value %d: %v in Go, %v in libtorch", size, i, got[i], want[i])
				}
			}
		})
	}
}

// A run that was stopped in the middle of an epoch and resumed must leave the same bytes as one that was not.
func TestResumeIsExact(t *testing.T) {
	whole, parts := traintest.SmallConfig(t), traintest.SmallConfig(t)
	if err := Run(context.Background(), whole, Options{}); err != nil {
		t.Fatal(err)
	}
	if err := trainUntil(t, parts, Options{}, 5); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("stopped run: %v", err)
	}
	if err := trainUntil(t, parts, Options{Resume: true}, 11); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("stopped again: %v", err)
	}
	if err := Run(context.Background(), parts, Options{Resume: true}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"generator.npz", "metrics.csv", "metrics.jsonl", "checkpoints/step-00000016.npz", "samples/epoch-0002.png"} {
		a, b := read(t, whole.Output, "small", name), read(t, parts.Output, "small", name)
		if !bytes.Equal(a, b) {
			t.Errorf("%s differs between the whole run and the resumed one", name)
		}
	}
	if err := Run(context.Background(), parts, Options{Resume: true}); !errors.Is(err, ErrFinished) {
		t.Errorf("resuming a finished run: %v", err)
	}
}

func TestExportFromCheckpoint(t *testing.T) {
	c := traintest.SmallConfig(t)
	if err := trainUntil(t, c, Options{}, 3); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "g.npz")
	step, _, err := Export(filepath.Join(c.Output, c.Name), out, "", false)
	if err != nil || step != 3 {
		t.Fatalf("step %d, %v", step, err)
	}
	if _, err := infer.ReadFile(out); err != nil {
		t.Error(err)
	}
}

func TestRunRefuses(t *testing.T) {
	c := traintest.SmallConfig(t)
	dir := filepath.Join(c.Output, c.Name)
	ctx := context.Background()
	check := func(what string, err error, want ...string) {
		t.Helper()
		for _, w := range want {
			if err == nil || !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v, want %s", what, err, w)
			}
		}
	}
	check("resume of nothing", Run(ctx, c, Options{Resume: true}), "nothing to resume")

	empty := c
	empty.Source = []dataset.Spec{{Folder: t.TempDir()}}
	check("an empty folder", Run(ctx, empty, Options{}), "source: ", empty.Source[0].Folder)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Error("a run that cannot start left a folder")
	}

	broken := c
	broken.Name = "broken"
	folder := t.TempDir()
	set, _ := synthetic.New("xray", 1, 24, 1)
	m, _ := set.Image(0)
	file := filepath.Join(folder, "a.png")
	if err := imagefile.WritePNG(file, m, false); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(file, 100); err != nil {
		t.Fatal(err)
	}
	broken.Source = []dataset.Spec{{Folder: folder}}
	check("a truncated PNG", Run(ctx, broken, Options{}), "a.png")

	if err := trainUntil(t, c, Options{}, 3); !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	check("a run that is there", Run(ctx, c, Options{}), dir, "already exists")
	other := c
	other.Generator.Width = 4
	check("another configuration", Run(ctx, other, Options{Resume: true}), "another configuration")

	checkpoint := filepath.Join(dir, "checkpoints", "step-00000003.npz")
	if err := os.Remove(filepath.Join(dir, "checkpoints", "step-00000000.npz")); err != nil {
		t.Error(err)
	}
	content := read(t, checkpoint)
	for _, n := range []int{0, 100, len(content) / 2, len(content) - 1} {
		if err := os.WriteFile(checkpoint, content[:n], 0o644); err != nil {
			t.Fatal(err)
		}
		check("a truncated checkpoint", Run(ctx, c, Options{Resume: true}), "step-00000003.npz")
	}
}
