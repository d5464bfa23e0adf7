package reproduce

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"keygan/evaluate"
	"keygan/evaluate/experiment"
	"keygan/evaluate/seeds"
	"keygan/train/runlog"
)

// evaluateAll measures each seed's systems side by side, one seed after the other. It leaves out what has been measured with the same
// weights, and what another process is measuring. It returns what failed.
func (r *run) evaluateAll(ctx context.Context) (failed []error, err error) {
	for _, seed := range r.c.Seeds {
		units := r.finished(seed)
		if len(units) == 0 {
			continue
		}
		name := evaluationName(seed)
		lock, taken, err := r.ledger.lock(name)
		if err != nil {
			return failed, err
		}
		if !taken {
			return failed, fmt.Errorf("%w: %s", ErrElsewhere, name)
		}
		err = r.evaluateOne(ctx, seed, units)
		lock.Close()
		if ctx.Err() != nil {
			return failed, errors.Join(ErrInterrupted, r.ledger.end(name, runlog.Interrupted, ""))
		}
		if err != nil {
			r.console.Warnf("%s failed: %v", name, err)
			failed = append(failed, fmt.Errorf("%s: %w", name, err))
			if err := r.ledger.end(name, runlog.Failed, err.Error()); err != nil {
				return failed, err
			}
		}
	}
	return failed, nil
}

// evaluateOne measures the systems of a seed, unless that has been done.
func (r *run) evaluateOne(ctx context.Context, seed uint64, units []unit) error {
	cfg := r.c.Evaluate
	cfg.Name = fmt.Sprintf("%s, seed %d", r.c.Name, seed)
	for _, u := range units {
		cfg.Generators = append(cfg.Generators, experiment.Generator{Name: u.row.Name, Run: u.config.Dir()})
	}
	name, out := evaluationName(seed), r.c.results(seed)
	inputs, err := inputsOf(cfg)
	if err != nil {
		return err
	}
	before, err := r.ledger.read(name)
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(out, "results.json")); err == nil && before.State == runlog.Finished && before.Inputs == inputs {
		r.console.Printf("%s: measured before\n", name)
		return nil
	}
	if err := r.ledger.begin(name, inputs); err != nil {
		return err
	}
	r.console.Printf("%s: measuring %d systems\n", name, len(units))
	began, last := time.Now(), time.Now()
	_, err = evaluate.Run(ctx, cfg, out, evaluate.Options{Overwrite: true, Command: "keygan-train reproduce", Progress: func(p experiment.Progress) {
		if time.Since(last) > progressEvery {
			last = time.Now()
			r.console.Printf("%s: %.0f %%, %s\n", name, 100*p.Share, p.What)
		}
	}})
	if err != nil {
		return err
	}
	r.console.Printf("%s: measured in %s\n", name, runlog.Roughly(time.Since(began)))
	return r.ledger.end(name, runlog.Finished, "")
}

// inputsOf identifies an evaluation: its configuration and all weights.
func inputsOf(cfg experiment.Config) (string, error) {
	text, err := json.Marshal(struct {
		Config  experiment.Config
		Sources []experiment.Source // which the configuration's JSON leaves out
	}{cfg, cfg.Sources})
	if err != nil {
		return "", err
	}
	h := sha256.New()
	h.Write(text)
	for _, g := range cfg.Generators {
		files, err := filepath.Glob(filepath.Join(g.Run, "*.npz"))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			f, err := os.Open(file)
			if err != nil {
				return "", err
			}
			_, err = io.Copy(h, f)
			f.Close()
			if err != nil {
				return "", err
			}
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// report puts the results of all seeds together, and returns the path of the report.
func (r *run) report(ctx context.Context, failed []error) (string, error) {
	in := seeds.Input{Name: r.c.Name, Note: r.c.Note, Config: r.c.Evaluate, Evaluations: map[uint64]string{}, Weights: r.Weights}
	for _, err := range failed {
		in.Failures = append(in.Failures, err.Error())
	}
	for _, row := range r.c.Rows {
		in.Systems = append(in.Systems, seeds.System{Row: row.Name, Scheme: row.Scheme, Train: row.Train})
	}
	for _, seed := range r.c.Seeds {
		for _, u := range r.finished(seed) {
			in.Trainings = append(in.Trainings, seeds.Training{Row: u.row.Name, Seed: seed, Folder: u.config.Dir()})
		}
		if e, err := r.ledger.read(evaluationName(seed)); err == nil && e.State == runlog.Finished {
			in.Evaluations[seed] = r.c.results(seed)
		}
	}
	lock, taken, err := r.ledger.lock("report")
	if err != nil {
		return "", err
	}
	if !taken {
		return "", fmt.Errorf("%w: the report", ErrElsewhere)
	}
	defer lock.Close()
	r.console.Printf("report: keys of %d trainings\n", len(in.Trainings))
	made, err := seeds.New(ctx, in)
	if ctx.Err() != nil {
		return "", ErrInterrupted
	}
	if err != nil {
		return "", err
	}
	return made.Write(r.c.Folder)
}
