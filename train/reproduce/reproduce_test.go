package reproduce

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"keygan/evaluate/experiment"
	"keygan/infer"
	"keygan/train/config"
	"keygan/train/runlog"
)

// register makes an objective that package train would.
func register(t *testing.T) {
	t.Helper()
	t.Cleanup(config.Register(config.Objective{
		Name: "toy", Columns: func(config.Config) []string { return nil }, Generators: []string{"resnet"},
		Cost: func(c config.Config) []config.NetworkCost {
			return []config.NetworkCost{{Name: "generator", Arch: infer.Arch{}}}
		},
	}))
}

const toyTables = `
seeds: [1, 2]
rows:
- {name: A, train: toy.yaml}
- {name: B, train: toy.yaml, set: [train.epochs=7]}
evaluate:
  sources: [{synthetic: mri, count: 1}]
`

const toyTraining = `
image: {size: 32}
source: [{synthetic: xray, count: 4}]
target: [{synthetic: noise, count: 4}]
objective: {name: toy}
`

// toy reads tables with two rows and two seeds, in an empty folder.
func toy(t *testing.T) Config {
	t.Helper()
	register(t)
	t.Chdir(t.TempDir())
	write(t, "toy.yaml", toyTraining)
	write(t, "tables.yaml", toyTables)
	c, err := Read("tables.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestUnits(t *testing.T) {
	c := toy(t)
	units, err := c.units()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, u := range units {
		names = append(names, u.name())
		if want := map[string]int{"A": 100, "B": 7}[u.row.Name]; u.config.Train.Epochs != want || u.config.Seed != u.seed {
			t.Errorf("%s: %d epochs, seed %d", u.name(), u.config.Train.Epochs, u.config.Seed)
		}
	}
	if want := []string{"A-seed1", "B-seed1", "A-seed2", "B-seed2"}; !slices.Equal(names, want) {
		t.Errorf("%v, want %v: a whole table first", names, want)
	}
	if c.Folder != "runs/tables" || c.Evaluate.Images != (experiment.Config{}).Resolved().Images {
		t.Errorf("folder %s, %d images", c.Folder, c.Evaluate.Images)
	}
}

func TestReadRefuses(t *testing.T) {
	toy(t)
	for _, c := range []struct{ from, to, want string }{
		{"[1, 2]", "[1, 1]", "tables.yaml:2: seeds[1]: 1 is there already"},
		{"[1, 2]", "[]", "seeds: is missing"},
		{"name: B", "name: a", `tables.yaml:5: rows[1].name: "a" is the name of another row`},
		{"name: B", "name: ../b", "tables.yaml:5: rows[1].name"},
		{", train: toy.yaml}", "}", "tables.yaml:4: rows[0]: needs train"},
		{"train.epochs=7", "train.epoch=7", "train.epoch"},
		{"train.epochs=7", "train.epochs=-7", "train.epochs"},
		{"name: B", "name: B, seeds: [1, 3]", "tables.yaml:5: rows[1].seeds[1]: 3 is not possible"},
		{"name: B", "name: B, seeds: [1, 1]", "rows[1].seeds[1]: 1 is not possible"},
		{"name: B", "name: B, pairs: true", "rows[1].pairs: is for a row with a victim"},
		{"name: B", "name: B, victim: C", `rows[1].victim: "C" is not possible`},
		{"name: B", "name: B, victim: B, pairs: true", `rows[1].victim: "B" is not possible`},
		{"name: B", "name: B, victim: A", "rows[1] (B): a row with a victim needs an experiment that restores images"},
		{"name: A,", "name: C, victim: A, train: toy.yaml}\n- {name: A, seeds: [1],", `rows[0].victim: "A" is not possible: it is not trained with the seed 2`},
		{"name: A,", "name: C, victim: A, seeds: [1], train: toy.yaml}\n- {name: A, seeds: [1],", "it has no other seeds to learn from"},
		{"synthetic: mri", "synthetic: hands", "tables.yaml:7: evaluate.sources[0]"},
		{"evaluate:", "evaluate:\n  size: 7", "tables.yaml:7: evaluate.size: 7 is not possible"},
		{"evaluate:", "evaluate:\n  generators: [{weights: built-in}]", "tables.yaml:7: evaluate.generators: is not possible here"},
	} {
		write(t, "tables.yaml", strings.Replace(toyTables, c.from, c.to, 1))
		if _, err := Read("tables.yaml"); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.to, err, c.want)
		}
	}
}

// Rows may have some of the seeds.
func TestSeedsOfARow(t *testing.T) {
	toy(t)
	write(t, "tables.yaml", strings.Replace(toyTables, "{name: A,", "{name: A, seeds: [2],", 1))
	c, err := Read("tables.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if names := strings.Join(unitNames(t, c), " "); names != "B-seed1 A-seed2 B-seed2" {
		t.Error(names)
	}
	if c, err = c.only([]string{"A"}, []uint64{1}); err != nil || len(unitNames(t, c)) > 0 {
		t.Errorf("%v, %v", unitNames(t, c), err)
	}
}

func unitNames(t *testing.T, c Config) (names []string) {
	t.Helper()
	units, err := c.units()
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		names = append(names, u.name())
	}
	return names
}

// A unit is one process's while it holds the lock; a file that it leaves behind locks nothing.
func TestLocks(t *testing.T) {
	l := ledger{dir: t.TempDir(), warn: t.Errorf}
	first, taken, err := l.lock("A-seed1")
	if err != nil || !taken {
		t.Fatal(taken, err)
	}
	if _, taken, err := l.lock("A-seed1"); taken || err != nil {
		t.Errorf("taken twice: %v", err)
	}
	other, taken, err := l.lock("A-seed2")
	if err != nil || !taken {
		t.Error("another unit could not be taken", err)
	}
	other.Close()
	first.Close()
	again, taken, err := l.lock("A-seed1")
	if err != nil || !taken {
		t.Error("a lock outlived its process", err)
	}
	again.Close()
}

// What failed is tried again by a process that was started later, and what is complete is trained again if its weights are gone.
func TestToTrain(t *testing.T) {
	c := toy(t)
	units, err := c.units()
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	r := &run{c: c, began: began}
	u := units[0]
	for _, e := range []struct {
		entry Entry
		want  bool
	}{
		{Entry{State: Waiting}, true},
		{Entry{State: runlog.Running}, true}, // its lock is free
		{Entry{State: runlog.Interrupted}, true},
		{Entry{State: runlog.Failed, Ended: began.Add(-time.Minute)}, true},
		{Entry{State: runlog.Failed, Ended: began.Add(time.Minute)}, false},
		{Entry{State: runlog.Finished}, true},
	} {
		if got := r.toTrain(u, e.entry); got != e.want {
			t.Errorf("%+v: %v", e.entry, got)
		}
	}
	if err := os.MkdirAll(u.config.Dir(), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(u.config.Dir(), "generator.npz"), "weights")
	if r.toTrain(u, Entry{State: runlog.Finished}) {
		t.Error("a complete training is made again")
	}
}

// A training is one process, whatever launcher started this one. Several GPUs are dealt out.
func TestEnvironment(t *testing.T) {
	parent := []string{"HOME=/h", "RANK=1", "WORLD_SIZE=4", "SLURM_PROCID=2", "SLURM_STEP_ID=0", "MASTER_ADDR=a", "SLURM_JOB_ID=7"}
	if got, want := environment(parent, 0, 0), []string{"HOME=/h", "SLURM_JOB_ID=7"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	last := func(env []string) string { return env[len(env)-1] }
	if got := last(environment([]string{"CUDA_VISIBLE_DEVICES=5,7"}, 1, 2)); got != "CUDA_VISIBLE_DEVICES=7" {
		t.Error(got)
	}
	if got := last(environment([]string{"HOME=/h"}, 3, 2)); got != "CUDA_VISIBLE_DEVICES=1" {
		t.Error(got)
	}
	if got := last(environment([]string{"HOME=/h"}, 0, 1)); got != "HOME=/h" {
		t.Error(got)
	}
}
