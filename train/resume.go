package train

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"strings"

	torch "keygan/gotorch"
	"keygan/infer"
	"keygan/internal/atomicfile"
	"keygan/internal/npz"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

var (
	// ErrFinished reports that there is nothing left to train.
	ErrFinished = errors.New("this run is finished")
	// ErrOtherConfig reports a run that was made with another configuration than the one given.
	ErrOtherConfig = errors.New("was made with another configuration")
	// ErrOtherData reports a run whose data sets hold other images now.
	ErrOtherData = errors.New("the data has changed")
	// ErrNotJudged reports a run whose keys have not been measured at the end of an epoch.
	ErrNotJudged = errors.New("no keys have been judged")
	// ErrOtherFormat reports a checkpoint that was written by a newer or an older keygan.
	ErrOtherFormat = errors.New("checkpoint format")
)

// restore puts the newest whole checkpoint's state into a training that has just been built.
func (t *Training) restore() error {
	c, damaged, err := newestWhole(t.Dir)
	if err != nil {
		return err
	}
	if err := t.fits(c); err != nil {
		return err
	}
	for _, err := range damaged {
		t.console.Warnf("%v: damaged, and passed over", err)
	}
	if len(damaged) > 0 {
		t.console.Warnf("going on from %s", c.path)
	}
	t.warnInexact(c.meta)
	for _, m := range t.Objective.Models() {
		if err := m.restore(c.arrays, c.meta.AdamSteps[m.Name]); err != nil {
			return fmt.Errorf("%s: %w", c.path, err)
		}
	}
	if err := t.restoreRNG(c.arrays); err != nil {
		return fmt.Errorf("%s: %w", c.path, err)
	}
	t.adopt(c.meta, c.path)
	maps.Copy(t.bests, c.meta.Best)
	return nil
}

// adopt goes on from a state that its meta describes, but for the arrays.
func (t *Training) adopt(meta checkpointMeta, path string) {
	for _, m := range t.Objective.Models() {
		m.Skipped = meta.Skipped[m.Name]
	}
	t.Step, t.resumedFrom = meta.Step, path
	t.means = &runlog.Means{Sums: meta.EpochSums, Counts: meta.EpochCounts}
}

// fits says why a run cannot go on from a checkpoint, if it cannot.
func (t *Training) fits(c checkpoint) error {
	meta := c.meta
	switch {
	case meta.Version < checkpointVersion:
		return fmt.Errorf("%s: %w %d is older than %d: only the keygan that wrote it can go on from it",
			c.path, ErrOtherFormat, meta.Version, checkpointVersion)
	case meta.ConfigHash != t.Config.Hash():
		return fmt.Errorf("%s: %w than this one%s", c.path, ErrOtherConfig, t.differences())
	case len(meta.EpochSums) != len(t.columns) || len(meta.EpochCounts) != len(t.columns) || meta.Step < 0:
		return fmt.Errorf("%s: damaged: its meta does not fit the objective", c.path)
	}
	images, digests := t.images(), t.digests()
	for i, set := range []string{"source", "target"} {
		switch {
		case meta.Images[i] != images[i]:
			return fmt.Errorf("%s: %w: the %s set had %d images, and has %d now", c.path, ErrOtherData, set, meta.Images[i], images[i])
		case meta.Data[i] != digests[i]:
			return fmt.Errorf("%s: %w: the %s set has %d images as before, but not the same ones, or in another order",
				c.path, ErrOtherData, set, images[i])
		}
	}
	return nil
}

// images counts the source and the target set; digests identify them.
func (t *Training) images() [2]int     { return [2]int{t.sets.Source.Len(), t.sets.Target.Len()} }
func (t *Training) digests() [2]string { return [2]string{t.sets.SourceDigest, t.sets.TargetDigest} }

// differences names the first few keys in which the run's own configuration and the one given differ.
func (t *Training) differences() string {
	path := filepath.Join(t.Dir, "config.yaml")
	own, err := config.Read(path)
	if err != nil {
		return fmt.Sprintf(" (its own is %s)", path)
	}
	return fmt.Sprintf(" (its own is %s): %s", path, inputs.FirstFew(own.Differences(t.Config), 3, ", "))
}

// warnInexact says why a run that goes on from a checkpoint will not be bit for bit what it would have been without a stop.
func (t *Training) warnInexact(meta checkpointMeta) {
	for _, c := range []struct {
		what      string
		then, now any
	}{
		{"libtorch", meta.Libtorch, torch.Version()},
		{"device", meta.Device, t.device.String()},
		{"threads", meta.Threads, t.Config.Threads},
		{"the number of processes", max(meta.Processes, 1), max(t.team.Processes(), 1)},
	} {
		if c.then != c.now {
			t.console.Warnf("%s was %v until here and is %v now: the run goes on, but not bit for bit as it would have",
				c.what, c.then, c.now)
		}
	}
}

// restore reads what the model has learnt. steps are those that Adam has made.
func (m *Model) restore(a *npz.Archive, steps int64) (err error) {
	if err := m.makeMoments(steps); err != nil {
		return err
	}
	torch.Scope(func() {
		torch.NoGrad(func() {
			for _, p := range m.arrays() {
				var values []float32
				if values, err = a.Floats(m.Name+"/"+p.Name, ints(p.Tensor.Shape())); err != nil {
					return
				}
				p.Tensor.SetFloats(values)
			}
		})
	})
	return err
}

// makeMoments makes those that Adam has after some steps, all zero: their values come with the rest.
func (m *Model) makeMoments(steps int64) error {
	if steps == 0 {
		return nil
	}
	var zeros [][]float32
	for _, p := range m.Network.Params {
		zeros = append(zeros, make([]float32, p.Tensor.Numel()))
	}
	return m.Optimizer.SetState(steps, zeros, zeros)
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
	if state, _, err = a.Bytes("rng/device"); err != nil {
		return nil // begun on the CPU: it goes on with the state just seeded
	}
	return torch.SetRNGState(t.device, state)
}

// export writes the networks as they are now into the run's folder, for package infer.
func (t *Training) export() error {
	for _, o := range t.Objective.Outputs() {
		if err := o.write(filepath.Join(t.Dir, o.File), true); err != nil {
			return err
		}
	}
	return t.sets.Victim.Record(t.Dir, t.sets.Source)
}

func (o Output) write(path string, overwrite bool) error {
	n := o.Model.best()
	return atomicfile.Write(path, 0o666, overwrite, func(w io.Writer) error { return infer.Write(w, n.arch, n.arrays()) })
}

// Export writes the generator of a checkpoint of the run in folder run to path: of the newest or, by one of BestMeasures, of the one
// with the best keys. It returns the checkpoint's step and, for the best, how good the keys were.
func Export(run, path, by string, overwrite bool) (step int, why string, err error) {
	step, err = export(run, path, overwrite, func() (saved checkpoint, err error) {
		if saved, _, err = newestWhole(run); err == nil && by != "" {
			saved, why, err = bestBy(saved, by)
		}
		return saved, err
	})
	return step, why, err
}

// ExportStep writes the generator of the checkpoint that a run has kept of a step.
func ExportStep(run string, step int, path string) error {
	_, err := export(run, path, false, func() (checkpoint, error) {
		return readCheckpoint(filepath.Join(run, "checkpoints", runlog.CheckpointName(step)))
	})
	return err
}

// export writes the generator of the checkpoint that choose gives.
func export(run, path string, overwrite bool, choose func() (checkpoint, error)) (step int, err error) {
	c, err := readRunConfig(run)
	if err != nil {
		return 0, err
	}
	c.Device = "cpu"
	err = guarded(func() error {
		saved, err := choose()
		if err != nil {
			return err
		}
		o, _, err := restored(saved, c)
		if err != nil {
			return err
		}
		defer closeModels(o)
		step = saved.meta.Step
		return o.Outputs()[0].write(path, overwrite)
	})
	return step, err
}

// bestBy is the checkpoint with the best keys by a measure of those that a run has had until its newest one.
func bestBy(newest checkpoint, measure string) (c checkpoint, why string, err error) {
	b, ok := newest.meta.Best[measure]
	if !ok {
		return c, "", fmt.Errorf("%s: %w by their %s up to this checkpoint", newest.path, ErrNotJudged, measure)
	}
	c, err = readCheckpoint(filepath.Join(filepath.Dir(newest.path), runlog.CheckpointName(b.Step)))
	return c, fmt.Sprintf("%s %.5g", b.Column, b.Value), err
}

func readRunConfig(run string) (config.Config, error) {
	c, err := config.Read(filepath.Join(run, "config.yaml"))
	if err != nil {
		return c, fmt.Errorf("%s: holds no run: %w", run, err)
	}
	return c, nil
}

// restored is the objective of a run as a checkpoint has it. The caller closes its models.
func restored(saved checkpoint, c config.Config) (o Objective, device torch.Device, err error) {
	if strings.HasPrefix(c.Device, "cuda") && !torch.IsCUDAAvailable() {
		c.Device = "cpu" // trained elsewhere
	}
	inFull := c
	inFull.BF16 = false // keys are made in float32
	if device, err = useDevice(inFull); err != nil {
		return nil, device, err
	}
	setThreads(c, 0, 1)
	o = newObjective(c, place{device: device})
	for _, m := range o.Models() {
		if err := m.restore(saved.arrays, 0); err != nil {
			closeModels(o)
			return nil, device, fmt.Errorf("%s: %w", saved.path, err)
		}
	}
	return o, device, nil
}

func closeModels(o Objective) {
	for _, m := range o.Models() {
		m.close()
	}
}
