package train

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	torch "keygan/gotorch"
	"keygan/internal/atomicfile"
	"keygan/internal/npz"
	"keygan/train/runlog"
)

// checkpointVersion is the newest version of the checkpoint format, and the one written.
const checkpointVersion = 2

// maxCheckpoint bounds a checkpoint's file: networks a hundred times the published ones.
const maxCheckpoint = 1 << 34

// checkpointMeta is the array "meta" of a checkpoint, as JSON. The other arrays are those of each model (Model.arrays), below its
// name ("generator/encoder.0.weight"), and the states of the random number generators ("rng/cpu", "rng/device").
type checkpointMeta struct {
	Version    int              `json:"version"`
	Step       int              `json:"step"`
	ConfigHash string           `json:"config_hash"`
	Libtorch   string           `json:"libtorch"`
	Threads    int              `json:"threads"`
	Device     string           `json:"device"`              // cpu or cuda:N
	Processes  int              `json:"processes,omitempty"` // that trained together; 0: one
	AdamSteps  map[string]int64 `json:"adam_steps"`
	Skipped    map[string]int   `json:"skipped"` // updates left out, by model
	Images     [2]int           `json:"images"`  // in the source and in the target set
	Data       [2]string        `json:"data"`    // digests of the source and of the target set
	// EpochSums and EpochCounts are those of the epoch under way, for its row of metrics.csv.
	EpochSums   []float64 `json:"epoch_sums"`
	EpochCounts []int     `json:"epoch_counts"`
	// Best is where the keys were best until now, by measure. Those checkpoints are kept.
	Best map[string]best `json:"best,omitempty"`
}

// checkpoints is the hook that writes checkpoints/step-00001200.npz before the first step, every so often, wherever the keys are better
// than before by some measure, and at the end. It names the newest in checkpoints/latest, and removes all but the newest few and the
// best by each measure.
type checkpoints struct {
	t     *Training
	saved int // the newest checkpoint's step

	compared int // the step after which the processes were compared last
}

func (c *checkpoints) AfterStep(s runlog.Step) error {
	best, due := c.t.noteBest(s), s.Step%c.t.checkpointEvery() == 0
	if due {
		if err := c.compare(); err != nil {
			return err
		}
	}
	if !due && !best || !c.t.team.Leads() {
		return nil
	}
	return c.save()
}

func (t *Training) checkpointEvery() int {
	return cmp.Or(t.Config.Train.CheckpointEvery, t.StepsPerEpoch)
}

// Finish saves what the last step left, and the generator of a run that is complete.
func (c *checkpoints) Finish() error {
	if err := c.compare(); err != nil || !c.t.team.Leads() {
		return err
	}
	if c.saved != c.t.Step {
		if err := c.save(); err != nil {
			return err
		}
	}
	if c.t.Step < c.t.Total {
		return nil
	}
	return c.t.export()
}

// compare makes sure, once a step, that all processes have learnt the same.
func (c *checkpoints) compare() error {
	if c.compared == c.t.Step {
		return nil
	}
	c.compared = c.t.Step
	if c.t.team == nil {
		return nil
	}
	var err error
	torch.Scope(func() {
		var learnt []torch.Tensor
		for _, m := range c.t.Objective.Models() {
			learnt = append(learnt, tensorsOf(m.arrays())...)
		}
		err = c.t.team.Compare(c.t.Step, c.t.device, learnt)
	})
	return err
}

func (c *checkpoints) save() error {
	t := c.t
	for _, m := range t.Objective.Models() {
		if m.notFinite() != "" { // a step's losses come from the weights before it
			return t.diverged(t.Step, "%w", ErrDiverged)
		}
	}
	dir := filepath.Join(t.Dir, "checkpoints")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := runlog.CheckpointName(t.Step)
	var entries []npz.Entry
	var err error
	torch.Scope(func() { entries, err = t.checkpointEntries() })
	if err == nil {
		err = atomicfile.Write(filepath.Join(dir, name), 0o666, true, func(w io.Writer) error { return npz.Write(w, entries...) })
	}
	if err == nil {
		err = t.nameLatest(name)
	}
	if err != nil {
		return err
	}
	c.saved = t.Step
	var best []string
	for _, b := range t.bests {
		best = append(best, runlog.CheckpointName(b.Step))
	}
	return removeOld(t.Dir, name, t.Config.Train.KeepCheckpoints, best)
}

func (t *Training) nameLatest(name string) error {
	return runlog.WriteFile(filepath.Join(t.Dir, "checkpoints", "latest"), []byte(name+"\n"))
}

// meta describes the state, without its arrays.
func (t *Training) meta() checkpointMeta {
	meta := checkpointMeta{
		Version: checkpointVersion, Step: t.Step, ConfigHash: t.Config.Hash(),
		Libtorch: torch.Version(), Threads: t.Config.Threads, Device: t.device.String(),
		AdamSteps: map[string]int64{}, Skipped: map[string]int{},
		Images: t.images(), Data: t.digests(), Processes: t.team.Processes(),
		EpochSums: t.means.Sums, EpochCounts: t.means.Counts, Best: t.bests,
	}
	torch.Scope(func() {
		for _, m := range t.Objective.Models() {
			meta.AdamSteps[m.Name], _, _ = m.Optimizer.State()
			meta.Skipped[m.Name] = m.Skipped
		}
	})
	return meta
}

func (t *Training) checkpointEntries() ([]npz.Entry, error) {
	var entries []npz.Entry
	for _, m := range t.Objective.Models() {
		for _, p := range m.arrays() {
			entries = append(entries, npz.Floats(m.Name+"/"+p.Name, ints(p.Tensor.Shape()), p.Tensor.Floats()))
		}
	}
	entries = append(entries, npz.Bytes("rng/cpu", torch.RNGState(torch.NewDevice("cpu"))))
	if t.device.IsCUDA() {
		entries = append(entries, npz.Bytes("rng/device", torch.RNGState(t.device)))
	}
	text, err := json.Marshal(t.meta())
	return append([]npz.Entry{npz.Bytes("meta", text)}, entries...), err
}

// removeOld keeps the newest checkpoints up to the one called newest, and the best ones. Those of later steps are from before this run was
// resumed, and their steps come again.
func removeOld(run, newest string, keep int, best []string) error {
	names, err := checkpointNames(run)
	if err != nil {
		return err
	}
	for _, name := range slices.Backward(names) {
		if name <= newest && keep > 0 {
			keep--
			continue
		}
		if slices.Contains(best, name) {
			continue
		}
		if err := os.Remove(filepath.Join(run, "checkpoints", name)); err != nil {
			return err
		}
	}
	return nil
}

// checkpointNames are those of the files of a run's checkpoints, the oldest first.
func checkpointNames(run string) (names []string, err error) {
	files, err := os.ReadDir(filepath.Join(run, "checkpoints")) // sorted by name, which is by step
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		if runlog.IsCheckpoint(f.Name()) {
			names = append(names, f.Name())
		}
	}
	return names, err
}

// checkpoint is one that has been read, and is whole.
type checkpoint struct {
	path   string
	meta   checkpointMeta
	arrays *npz.Archive
}

// newestWhole reads the checkpoint that checkpoints/latest names or, where that is damaged, the newest older one that is whole. It
// says what is wrong with those that it passed over. When none is whole, the error is about the newest.
func newestWhole(run string) (c checkpoint, damaged []error, err error) {
	names, err := checkpointNames(run)
	if err != nil {
		return c, nil, err
	}
	newest, err := runlog.NewestCheckpoint(run)
	switch {
	case err == nil: // later ones are from before the run was resumed
		names = slices.DeleteFunc(names, func(name string) bool { return name >= filepath.Base(newest) })
		names = append(names, filepath.Base(newest))
	case len(names) == 0:
		return c, nil, err
	case !errors.Is(err, runlog.ErrNoCheckpoint): // else the process ended between its first checkpoint and the file latest
		damaged = append(damaged, err)
	}
	for _, name := range slices.Backward(names) {
		c, err := readCheckpoint(filepath.Join(run, "checkpoints", name))
		if err == nil || errors.Is(err, ErrOtherFormat) {
			return c, damaged, err
		}
		damaged = append(damaged, err)
	}
	return c, nil, damaged[0]
}

// readCheckpoint reads a checkpoint, and unpacks all of it once to see that it is whole.
func readCheckpoint(path string) (c checkpoint, err error) {
	c.path = path
	if c.arrays, err = npz.ReadFile(path, maxCheckpoint); err != nil {
		return c, err
	}
	if err = c.arrays.Check(); err != nil {
		return c, fmt.Errorf("%s: %w", path, err)
	}
	text, _, err := c.arrays.Bytes("meta")
	if err == nil {
		err = json.Unmarshal(text, &c.meta)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("%s: not a checkpoint: %w", path, err)
	case c.meta.Version > checkpointVersion:
		err = fmt.Errorf("%s: %w %d is newer than %d, the newest that this keygan reads", path, ErrOtherFormat, c.meta.Version, checkpointVersion)
	}
	return c, err
}
