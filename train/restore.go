package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	torch "keygan/gotorch"
	"keygan/internal/npz"
)

var (
	// ErrNoCheckpoint reports a run of which nothing can be resumed or exported.
	ErrNoCheckpoint = errors.New("this run was stopped before its first checkpoint")
	// ErrFinished reports that there is nothing left to train.
	ErrFinished = errors.New("this run is finished")
	// ErrOtherConfig reports a run that was made with another configuration than the one given.
	ErrOtherConfig = errors.New("was made with another configuration")
	// ErrOtherData reports one whose data sets hold other images now.
	ErrOtherData = errors.New("the data has changed")
	// ErrOtherFormat reports a checkpoint that was written by a newer or an older keygan.
	ErrOtherFormat = errors.New("checkpoint format")
)

// checkpoint is one that has been read, and is whole.
type checkpoint struct {
	path   string
	meta   checkpointMeta
	arrays *npz.Archive
}

// newestCheckpoint is the file that checkpoints/latest names.
func newestCheckpoint(run string) (string, error) {
	latest := filepath.Join(run, "checkpoints", "latest")
	b, err := os.ReadFile(latest)
	if errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", run, ErrNoCheckpoint)
	}
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(b))
	if !isCheckpoint(name) {
		return "", fmt.Errorf("%s: names no checkpoint: %.40q", latest, name)
	}
	return filepath.Join(run, "checkpoints", name), nil
}

func isCheckpoint(name string) bool {
	match, _ := filepath.Match("step-*.npz", name)
	return match && filepath.IsLocal(name)
}

// newestWhole reads the checkpoint that checkpoints/latest names or, where that is damaged, the newest older one that is
// whole, and says what is wrong with those that it passed over. When none is whole, the error is about the newest.
func newestWhole(run string) (c checkpoint, damaged []error, err error) {
	names, err := checkpointNames(run)
	if err != nil {
		return c, nil, err
	}
	newest, err := newestCheckpoint(run)
	switch {
	case err == nil: // later ones are from before the run was resumed
		names = slices.DeleteFunc(names, func(name string) bool { return name >= filepath.Base(newest) })
		names = append(names, filepath.Base(newest))
	case len(names) == 0:
		return c, nil, err
	case !errors.Is(err, ErrNoCheckpoint): // else the process ended between its first checkpoint and the file latest
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

// checkpointNames are those of the files of a run's checkpoints, the oldest first.
func checkpointNames(run string) (names []string, err error) {
	files, err := os.ReadDir(filepath.Join(run, "checkpoints")) // sorted by name, which is by step
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	for _, f := range files {
		if isCheckpoint(f.Name()) {
			names = append(names, f.Name())
		}
	}
	return names, err
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
		return c, fmt.Errorf("%s: not a checkpoint: %w", path, err)
	case c.meta.Version > checkpointVersion:
		return c, fmt.Errorf("%s: %w %d is newer than %d, the newest known here", path, ErrOtherFormat, c.meta.Version, checkpointVersion)
	}
	return c, nil
}

// restore puts the newest whole checkpoint's state into a training that has just been built.
func (t *Training) restore(o Options) error {
	c, damaged, err := newestWhole(t.Dir)
	if err != nil {
		return err
	}
	if err := t.fits(c); err != nil {
		return err
	}
	for _, err := range damaged {
		t.warn(o, "%v: damaged, and passed over", err)
	}
	if len(damaged) > 0 {
		t.warn(o, "going on from %s", c.path)
	}
	t.warnInexact(o, c.meta)
	for _, m := range t.Objective.Models() {
		m.Skipped = c.meta.Skipped[m.Name]
		if err := m.restore(c.arrays, c.meta.AdamSteps[m.Name]); err != nil {
			return fmt.Errorf("%s: %w", c.path, err)
		}
	}
	if err := t.restoreRNG(c.arrays); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	t.Step, t.resumedFrom = c.meta.Step, c.path
	t.means = means{c.meta.EpochSums, c.meta.EpochCounts}
	return nil
}

// fits says why a run cannot go on from a checkpoint, if it cannot.
func (t *Training) fits(c checkpoint) error {
	meta := c.meta
	switch {
	case meta.Version < checkpointVersion:
		return fmt.Errorf("%s: %w %d is older than %d: only the keygan that wrote it can go on from it", c.path, ErrOtherFormat, meta.Version, checkpointVersion)
	case meta.ConfigHash != t.Config.Hash():
		return fmt.Errorf("%s: %w than this one%s", c.path, ErrOtherConfig, t.differences())
	case len(meta.EpochSums) != len(t.means.sums) || len(meta.EpochCounts) != len(t.means.counts) || meta.Step < 0:
		return fmt.Errorf("%s: damaged: its meta does not fit the objective", c.path)
	}
	for i, set := range []string{"source", "target"} {
		switch {
		case meta.Images[i] != t.images[i]:
			return fmt.Errorf("%s: %w: the %s set had %d images, and has %d now", c.path, ErrOtherData, set, meta.Images[i], t.images[i])
		case meta.Data[i] != t.digests()[i]:
			return fmt.Errorf("%s: %w: the %s set has %d images as before, but not the same ones, or in another order", c.path, ErrOtherData, set, t.images[i])
		}
	}
	return nil
}

// digests are those of the source and of the target set.
func (t *Training) digests() [2]string {
	return [2]string{t.trainingData.sourceDigest, t.trainingData.targetDigest}
}

// differences names the first few keys in which the run's own configuration and the one given differ.
func (t *Training) differences() string {
	const most = 3
	path := filepath.Join(t.Dir, "config.yaml")
	own, err := ReadConfig(path)
	if err != nil {
		return fmt.Sprintf(" (its own is %s)", path)
	}
	keys := own.differences(t.Config)
	more := ""
	if n := len(keys) - most; n > 0 {
		keys, more = keys[:most], fmt.Sprintf(" and %d more", n)
	}
	return fmt.Sprintf(" (its own is %s): %s%s", path, strings.Join(keys, ", "), more)
}

// warnInexact says why a run that goes on from a checkpoint will not be bit for bit what it would have been without a stop.
func (t *Training) warnInexact(o Options, meta checkpointMeta) {
	for _, c := range []struct {
		what      string
		then, now any
	}{
		{"libtorch", meta.Libtorch, torch.Version()},
		{"device", meta.Device, t.device.String()},
		{"threads", meta.Threads, int(t.Config.Threads)},
	} {
		if c.then != c.now {
			t.warn(o, "%s was %v until here and is %v now: the run goes on, but not bit for bit as it would have", c.what, c.then, c.now)
		}
	}
}

func (t *Training) warn(o Options, format string, args ...any) {
	if o.Log != nil {
		fmt.Fprintf(o.Log, "warning: "+format+"\n", args...)
	}
}

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
