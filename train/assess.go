package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"keygan/data/dataset"
	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/evaluate/experiment"
	torch "keygan/gotorch"
	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/train/config"
	"keygan/train/fidelity"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

// AssessOptions say with which images Assess assesses a run.
type AssessOptions struct {
	Options                // Force and Log
	Images  int            // how many at most, spread over the set
	Source  []dataset.Spec // other images than those that were held out of the training
	Victim  string         // for a network that restores images: a run that encrypts, and whose held-out images are taken
}

const assessFolder = "test" // in a run's folder

// Assess runs the networks of the newest checkpoint of a run on images that were held out of its training. It writes rows.png,
// test.csv and test.json into the run's folder test, and returns what it found.
func Assess(ctx context.Context, run string, o AssessOptions) (a *fidelity.Assessment, err error) {
	err = guarded(func() error {
		a, err = assess(ctx, run, o)
		return err
	})
	return a, err
}

func assess(ctx context.Context, run string, o AssessOptions) (*fidelity.Assessment, error) {
	c, err := readRunConfig(run)
	if err != nil {
		return nil, err
	}
	folder := filepath.Join(run, assessFolder)
	if _, err := os.Lstat(folder); err == nil && !o.Force {
		return nil, fmt.Errorf("%s: %w", folder, atomicfile.ErrExists)
	}
	saved, _, err := newestWhole(run)
	if err != nil {
		return nil, err
	}
	objective, device, err := restored(saved, c)
	if err != nil {
		return nil, err
	}
	defer closeModels(objective)
	console := o.Console()
	trained, heldOutOf := c, c
	if o.Victim != "" {
		if c, heldOutOf, err = attacking(c, o.Victim); err != nil {
			return nil, err
		}
	}
	set, err := inputs.OpenHeldOut(ctx, heldOutOf, console, o.Source)
	if err != nil {
		return nil, err
	}
	images, names, err := spread(set, o.Images, c.Image)
	if err != nil {
		return nil, err
	}
	victim, err := inputs.OpenVictim(c)
	if err != nil {
		return nil, err
	}
	seen, err := victim.Show(images)
	if err != nil {
		return nil, err
	}
	t := &fidelity.Assessment{Run: run, Step: saved.meta.Step, Objective: c.Objective.Name, Victim: o.Victim}
	if o.Victim != "" {
		if t.Learnt, err = victim.Learnt(run); err != nil {
			return nil, err
		}
	}
	for part := range slices.Chunk(images, c.Train.Batch) { // as many at a time as training had
		if ctx.Err() != nil {
			return nil, ErrInterrupted
		}
		console.Printf("image %d of %d\n", len(t.Images)+1, len(images))
		at := len(t.Images)
		torch.Scope(func() {
			var made []fidelity.MadeRow
			for _, row := range objective.Show(asTensor(seen[at:at+len(part)], c.Image).To(device), at) {
				made = append(made, fidelity.MadeRow{Name: row.Name, Images: imagesOf(row.Images), Restored: row.Restored})
			}
			t.Add(names[at:], part, made)
		})
	}
	if len(t.Restored) > 0 {
		if mean, err := meanImage(ctx, run, trained, console); err == nil {
			t.Guess(mean)
		} else {
			console.Warnf("no mean of the training images, to compare with: %v", err)
		}
	}
	if err := t.Measure(); err != nil {
		return nil, err
	}
	return t, t.Write(folder)
}

// attacking is the configuration of an attacker against the networks of one run, and that of the victim, for its held-out images at the
// attacker's size.
func attacking(c config.Config, victim string) (attacker, heldOutOf config.Config, err error) {
	if !c.Restores() {
		return c, c, failure.Usagef("--victim %s: the objective %s restores no images", victim, c.Objective.Name)
	}
	if heldOutOf, err = readRunConfig(victim); err != nil {
		return c, heldOutOf, err
	}
	c.Encrypt.Generators, heldOutOf.Image = []string{victim}, c.Image
	return c, heldOutOf, nil
}

// meanImage is the mean of the images that a run was trained with: the file that a run of the objective restore keeps, or made anew.
func meanImage(ctx context.Context, run string, c config.Config, console *runlog.Console) (*raster.Image, error) {
	if m, err := imagefile.ReadImage(filepath.Join(run, experiment.MeanFile)); !errors.Is(err, os.ErrNotExist) {
		return m, err
	}
	source, err := inputs.OpenTrained(ctx, c, console)
	if err != nil {
		return nil, err
	}
	return inputs.Mean(source, c.Image)
}
