package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"keygan/data/seen"
	"keygan/train/config"
	"keygan/train/runlog"
	"keygan/train/runlog/tfevents"
)

// ErrRunExists reports a folder that holds a run, where the caller asked neither to resume nor to replace it.
var ErrRunExists = errors.New("already exists")

// ErrNotBegun reports, besides the reason, a run that could not write its first checkpoint.
var ErrNotBegun = errors.New("the run has not begun, and has left nothing")

// runFiles lists what a run puts into its folder, besides its event files; --force removes these and nothing else. config.yaml, which
// tells that a folder is a run's, goes last.
func runFiles() []string {
	files := []string{"metrics.csv", "metrics.jsonl", "samples", "plots", "checkpoints", "generator.npz", seen.File, assessFolder}
	for _, o := range config.Objectives() {
		files = append(files, o.Files...)
	}
	return append(files, "run.json", "config.yaml")
}

// claimFolder locks the run's folder, if it is there, and refuses one that must not be touched, or one to resume that holds no run.
func (t *Training) claimFolder(o Options) (err error) {
	if t.locked, err = runlog.Lock(t.Dir); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_, err = os.Stat(filepath.Join(t.Dir, "config.yaml"))
	there := err == nil
	switch {
	case !there && !errors.Is(err, fs.ErrNotExist):
		return err
	case o.Resume && !there:
		return fmt.Errorf("%s: nothing to resume: this folder holds no run", t.Dir)
	case there && !o.Resume && !o.Force:
		return fmt.Errorf("%s: this folder holds a run: %w", t.Dir, ErrRunExists)
	case there:
		return nil
	}
	for _, name := range runFiles() {
		if _, err := os.Lstat(filepath.Join(t.Dir, name)); err == nil {
			return fmt.Errorf("%s: holds no run (no config.yaml), but has %s, which a run would replace: use another name", t.Dir, name)
		}
	}
	return nil
}

func (t *Training) unlock() {
	if t.locked != nil {
		t.locked.Close()
		t.locked = nil
	}
}

// makeFolder begins a run's folder with its resolved configuration and, unless it is resumed, with the checkpoint of step 0: from here on
// the run can be resumed. A run that was there goes, unless it is resumed.
func (t *Training) makeFolder(o Options) error {
	if err := os.MkdirAll(t.Dir, 0o755); err != nil {
		return fmt.Errorf("%w: %w", ErrNotBegun, err)
	}
	if t.locked == nil { // it was not there until now, and another process may have been faster
		if err := t.claimFolder(o); err != nil {
			return err
		}
	}
	if err := t.removePartial(); err != nil {
		return err
	}
	if o.Resume {
		if err := t.nameLatest(filepath.Base(t.resumedFrom)); err != nil { // a newer one may be damaged
			return err
		}
		return errors.Join(t.writeSeen(), t.writeConfig())
	}
	for _, begin := range []func() error{t.removeRun, t.writeConfig, t.writeSeen, (&checkpoints{t: t}).save} {
		if err := begin(); err != nil {
			if t.removeRun() == nil {
				err = fmt.Errorf("%w: %w", ErrNotBegun, err)
			}
			return err
		}
	}
	return nil
}

func (t *Training) writeConfig() error {
	return runlog.WriteFile(filepath.Join(t.Dir, "config.yaml"), t.Config.YAML())
}

// listSeen lists the images of the run, unless it is resumed and an earlier process did.
func (t *Training) listSeen(ctx context.Context, o Options) (err error) {
	if o.Resume {
		if t.seen, err = seen.Read(t.Dir); err == nil {
			return nil
		}
	}
	t.seen, err = t.sets.Seen(ctx)
	return err
}

func (t *Training) writeSeen() error {
	text, err := seen.CSV(t.seen)
	if err != nil {
		return err
	}
	return runlog.WriteFile(filepath.Join(t.Dir, seen.File), text)
}

func (t *Training) removeRun() error {
	events, _ := fs.Glob(os.DirFS(t.Dir), tfevents.NamePrefix+"*") // the only error is of a bad pattern
	for _, name := range append(events, runFiles()...) {
		if err := os.RemoveAll(filepath.Join(t.Dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// removePartial removes what a killed process was writing when it ended.
func (t *Training) removePartial() error {
	for _, dir := range []string{".", "samples", "plots", "checkpoints"} {
		partial, _ := fs.Glob(os.DirFS(t.Dir), path.Join(dir, ".keygan-*.tmp")) // atomicfile's names
		for _, name := range partial {
			if err := os.Remove(filepath.Join(t.Dir, name)); err != nil {
				return err
			}
		}
	}
	return nil
}
