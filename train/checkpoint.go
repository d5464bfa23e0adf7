package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"keygan/data/atomicfile"
	"keygan/data/npz"
	torch "keygan/gotorch"
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
	AdamSteps  map[string]int64 `json:"adam_steps"`
	Skipped    map[string]int   `json:"skipped"` // updates left out, by model
	Images     [2]int           `json:"images"`  // in the source and in the target set
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
	err = atomicfile.Write(filepath.Join(dir, name), 0o644, true, func(w io.Writer) error { return npz.Write(w, entries...) })
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(dir, "latest"), []byte(name+"\n")); err != nil {
		return err
	}
	c.saved = t.Step
	return removeOld(dir, name, t.Config.Train.KeepCheckpoints)
}

func (t *Training) checkpointEntries() ([]npz.Entry, error) {
	meta := checkpointMeta{checkpointVersion, t.Step, t.Config.Hash(), torch.Version(), map[string]int64{}, map[string]int{}, t.images, t.means.sums, t.means.counts}
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
		if isCheckpoint, _ := filepath.Match("step-*.npz", f.Name()); !isCheckpoint {
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

// ErrNoCheckpoint reports a run of which nothing can be resumed or exported.
var ErrNoCheckpoint = errors.New("this run was stopped before its first checkpoint")

// newestCheckpoint is the file that checkpoints/latest names.
func newestCheckpoint(run string) (string, error) {
	latest := filepath.Join(run, "checkpoints", "latest")
	b, err := os.ReadFile(latest)
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", run, ErrNoCheckpoint)
	}
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(b))
	if !strings.HasPrefix(name, "step-") || !filepath.IsLocal(name) {
		return "", fmt.Errorf("%s: names no checkpoint: %.40q", latest, name)
	}
	return filepath.Join(run, "checkpoints", name), nil
}

// readMeta reads the description at the head of a checkpoint.
func readMeta(path string) (*npz.Archive, checkpointMeta, error) {
	var meta checkpointMeta
	a, err := npz.ReadFile(path, maxCheckpoint)
	if err != nil {
		return nil, meta, err
	}
	text, _, err := a.Bytes("meta")
	if err == nil {
		err = json.Unmarshal(text, &meta)
	}
	switch {
	case err != nil:
		return nil, meta, fmt.Errorf("%s: not a checkpoint: %w", path, err)
	case meta.Version > checkpointVersion:
		return nil, meta, fmt.Errorf("%s: checkpoint format %d is newer than %d, the newest known here", path, meta.Version, checkpointVersion)
	}
	return a, meta, nil
}

// restore puts the newest checkpoint's state into a training that has just been built.
func (t *Training) restore() error {
	path, err := newestCheckpoint(t.Dir)
	if err != nil {
		return err
	}
	a, meta, err := readMeta(path)
	if err != nil {
		return err
	}
	switch {
	case meta.ConfigHash != t.Config.Hash():
		return fmt.Errorf("%s: was made with another configuration than this one (its own is %s)", path, filepath.Join(t.Dir, "config.yaml"))
	case len(meta.EpochSums) != len(t.means.sums) || len(meta.EpochCounts) != len(t.means.counts) || meta.Step < 0:
		return fmt.Errorf("%s: damaged: its meta does not fit the objective", path)
	case meta.Images != t.images:
		return fmt.Errorf("%s: was made with %d source and %d target images, but the data sets hold %d and %d now", path,
			meta.Images[0], meta.Images[1], t.images[0], t.images[1])
	}
	for _, m := range t.Objective.Models() {
		m.Skipped = meta.Skipped[m.Name]
		if err := m.restore(a, meta.AdamSteps[m.Name]); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := t.restoreRNG(a); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	t.Step = meta.Step
	t.means = means{meta.EpochSums, meta.EpochCounts}
	return nil
}

// ErrFinished reports that there is nothing left to train.
var ErrFinished = errors.New("this run is finished")

// restore reads what the model has learnt and, when it has made steps, Adam's moments.
func (m *Model) restore(a *npz.Archive, steps int64) error {
	for _, p := range m.Network.state() {
		if err := p.restore(a, m.Name+"/"); err != nil {
			return err
		}
	}
	for _, p := range m.Mean {
		if err := p.restore(a, m.Name+"/ema/"); err != nil {
			return err
		}
	}
	if steps == 0 {
		return nil
	}
	moments := func(kind string) (all [][]float32, err error) {
		for _, p := range m.Network.Params {
			x, err := a.Floats(m.Name+kind+p.Name, ints(p.Tensor.Shape()))
			if err != nil {
				return nil, err
			}
			all = append(all, x)
		}
		return all, nil
	}
	first, err := moments("/adam.m/")
	if err != nil {
		return err
	}
	second, err := moments("/adam.v/")
	if err != nil {
		return err
	}
	return m.Optimizer.SetState(steps, first, second)
}

func (p Param) restore(a *npz.Archive, prefix string) error {
	x, err := a.Floats(prefix+p.Name, ints(p.Tensor.Shape()))
	if err != nil {
		return err
	}
	torch.NoGrad(func() { p.Tensor.SetFloats(x) })
	return nil
}

func (t *Training) restoreRNG(a *npz.Archive) error {
	state, _, err := a.Bytes("rng/cpu")
	if err != nil {
		return err
	}
	if err := torch.SetRNGState(torch.NewDevice("cpu"), state); err != nil {
		return err
	}
	if !t.device.IsCUDA() {
		return nil
	}
	// A run begun on the CPU has no state for the GPU: it goes on with the one just seeded.
	if state, _, err := a.Bytes("rng/device"); err == nil {
		return torch.SetRNGState(t.device, state)
	}
	return nil
}
