package train

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	torch "keygan/gotorch"
	"keygan/internal/atomicfile"
	"keygan/internal/npz"
)

// checkpointVersion is the newest version of the checkpoint format, and the one written.
const checkpointVersion = 2

// maxCheckpoint bounds a checkpoint's file: networks a hundred times the published ones.
const maxCheckpoint = 1 << 34

// checkpointMeta is the array "meta" of a checkpoint, as JSON. The other arrays are, for each model, its weights
// and what its batch norms have counted ("generator/encoder.0.weight"), Adam's first and second moments ("generator/adam.m/…",
// "generator/adam.v/…") and the running mean of the weights ("generator/ema/…"), and the states of the random number generators
// ("rng/cpu", "rng/device").
type checkpointMeta struct {
	Version    int              `json:"version"`
	Step       int              `json:"step"`
	ConfigHash string           `json:"config_hash"`
	Libtorch   string           `json:"libtorch"`
	Threads    int              `json:"threads"`
	Device     string           `json:"device"` // cpu or cuda:N
	AdamSteps  map[string]int64 `json:"adam_steps"`
	Skipped    map[string]int   `json:"skipped"` // updates left out, by model
	Images     [2]int           `json:"images"`  // in the source and in the target set
	Data       [2]string        `json:"data"`    // digests of the source and of the target set
	// EpochSums and EpochCounts are those of the epoch under way, for its row of metrics.csv.
	EpochSums   []float64 `json:"epoch_sums"`
	EpochCounts []int     `json:"epoch_counts"`
}

// checkpoints writes checkpoints/step-00001200.npz every so often and at the end, names the newest in checkpoints/latest,
// and removes all but the newest few.
type checkpoints struct {
	saved int // the newest checkpoint's step, −1 before the first
}

func newCheckpoints(t *Training, resumed bool) *checkpoints {
	if resumed {
		return &checkpoints{t.Step}
	}
	return &checkpoints{-1}
}

func (c *checkpoints) afterStep(t *Training, _ []float64) error {
	every := t.Config.Train.CheckpointEvery
	if every == 0 {
		every = t.StepsPerEpoch
	}
	if t.Step%every != 0 {
		return nil
	}
	return c.save(t)
}

// finish saves what the last step left, and the generator of a run that is complete.
func (c *checkpoints) finish(t *Training) error {
	if c.saved != t.Step {
		if err := c.save(t); err != nil {
			return err
		}
	}
	if t.Step < t.Total {
		return nil
	}
	return t.export()
}

func checkpointName(step int) string { return fmt.Sprintf("step-%08d.npz", step) }

func (c *checkpoints) save(t *Training) error {
	for _, m := range t.Objective.Models() {
		if m.notFinite() != "" { // a step's losses come from the weights before it
			return t.diverged("%w", ErrDiverged)
		}
	}
	dir := filepath.Join(t.Dir, "checkpoints")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := checkpointName(t.Step)
	var entries []npz.Entry
	var err error
	torch.Scope(func() { entries, err = t.checkpointEntries() })
	if err != nil {
		return err
	}
	err = atomicfile.Write(filepath.Join(dir, name), 0o666, true, func(w io.Writer) error { return npz.Write(w, entries...) })
	if err != nil {
		return err
	}
	if err := t.nameLatest(name); err != nil {
		return err
	}
	c.saved = t.Step
	return removeOld(dir, name, t.Config.Train.KeepCheckpoints)
}

// nameLatest makes checkpoints/latest name a checkpoint.
func (t *Training) nameLatest(name string) error {
	return writeFile(filepath.Join(t.Dir, "checkpoints", "latest"), []byte(name+"\n"))
}

func (t *Training) checkpointEntries() ([]npz.Entry, error) {
	meta := checkpointMeta{
		Version: checkpointVersion, Step: t.Step, ConfigHash: t.Config.Hash(),
		Libtorch: torch.Version(), Threads: int(t.Config.Threads), Device: t.device.String(),
		AdamSteps: map[string]int64{}, Skipped: map[string]int{},
		Images: t.images, Data: t.digests(),
		EpochSums: t.means.sums, EpochCounts: t.means.counts,
	}
	var entries []npz.Entry
	add := func(name string, x torch.Tensor) {
		entries = append(entries, npz.Floats(name, ints(x.Shape()), x.Floats()))
	}
	for _, m := range t.Objective.Models() {
		step, first, second := m.Optimizer.State()
		meta.AdamSteps[m.Name], meta.Skipped[m.Name] = step, m.Skipped
		for _, p := range m.Network.state() {
			add(m.Name+"/"+p.Name, p.Tensor)
		}
		for i, p := range m.Network.Params {
			if step > 0 {
				add(m.Name+"/adam.m/"+p.Name, first[i])
				add(m.Name+"/adam.v/"+p.Name, second[i])
			}
		}
		for _, p := range m.Mean {
			add(m.Name+"/ema/"+p.Name, p.Tensor)
		}
	}
	entries = append(entries, npz.Bytes("rng/cpu", torch.RNGState(torch.NewDevice("cpu"))))
	if t.device.IsCUDA() {
		entries = append(entries, npz.Bytes("rng/device", torch.RNGState(t.device)))
	}
	text, err := json.Marshal(meta)
	return append([]npz.Entry{npz.Bytes("meta", text)}, entries...), err
}

// removeOld keeps the newest checkpoints up to the one called newest. Those of later steps are from before this run was
// resumed, and their steps come again.
func removeOld(dir, newest string, keep int) error {
	files, err := os.ReadDir(dir) // sorted by name, which is by step
	if err != nil {
		return err
	}
	for _, f := range slices.Backward(files) {
		if !isCheckpoint(f.Name()) {
			continue
		}
		if f.Name() <= newest && keep > 0 {
			keep--
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}
