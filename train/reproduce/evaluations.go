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
	"slices"
	"sync"
	"time"

	"keygan/evaluate"
	"keygan/evaluate/experiment"
	"keygan/evaluate/seeds"
	"keygan/internal/cores"
	"keygan/train/runlog"
)

// evaluateAll measures each seed's systems, several seeds side by side. It leaves out what has been measured with the same weights, and
// what another process is measuring. It returns what failed.
func (r *run) evaluateAll(ctx context.Context) (failed []error, err error) {
	failures, errs := make([]error, len(r.c.Seeds)), make([]error, len(r.c.Seeds))
	var all sync.WaitGroup
	slots := make(chan struct{}, r.evaluationJobs())
	for i, seed := range r.c.Seeds {
		slots <- struct{}{}
		all.Go(func() {
			failures[i], errs[i] = r.evaluateSeed(ctx, seed)
			<-slots
		})
	}
	all.Wait()
	failed = slices.DeleteFunc(failures, func(err error) bool { return err == nil })
	if ctx.Err() != nil {
		return failed, ErrInterrupted
	}
	return failed, errors.Join(errs...)
}

// evaluationJobs is how many evaluations run side by side: most of the work of each is on one core.
func (r *run) evaluationJobs() int {
	usable, _ := cores.Usable()
	return max(1, min(usable, len(r.c.Seeds)))
}

// evaluateSeed measures the systems of a seed, unless another process does, and notes how it ended.
func (r *run) evaluateSeed(ctx context.Context, seed uint64) (failure, err error) {
	units := r.measured(seed)
	if len(units) == 0 || ctx.Err() != nil {
		return nil, nil
	}
	name := evaluationName(seed)
	lock, taken, err := r.ledger.lock(name)
	if err != nil {
		return nil, err
	}
	if !taken {
		return nil, fmt.Errorf("%w: %s", ErrElsewhere, name)
	}
	defer lock.Close()
	switch err := r.evaluateOne(ctx, seed, units); {
	case ctx.Err() != nil:
		return nil, r.ledger.end(name, runlog.Interrupted, "")
	case err != nil:
		r.console.Warnf("%s failed: %v", name, err)
		return fmt.Errorf("%s: %w", name, err), r.ledger.end(name, runlog.Failed, err.Error())
	}
	return nil, nil
}

// measured are the units of a seed that an evaluation measures: those that are complete, without attackers, who are tried by their own test.
func (r *run) measured(seed uint64) []unit {
	return slices.DeleteFunc(r.finished(seed), func(u unit) bool { return u.attacked != "" })
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
		in.Systems = append(in.Systems, seeds.System{Row: row.Name, Scheme: row.Scheme, Train: row.Train, Victim: row.Victim, Pairs: row.Pairs})
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
