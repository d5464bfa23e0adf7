package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"keygan/data/atomicfile"

	"golang.org/x/sync/errgroup"
)

// job is the work on one input.
type job struct {
	input   string
	outputs []string
	do      func(context.Context) error
}

// batch is the work of a command on all its inputs.
type batch struct {
	what    string // the command
	jobs    []job
	bad     []error // inputs that failed before there was a job
	force   bool    // outputs may be replaced
	workers int     // jobs at a time
	warning string  // said once before anything is written, or ""
	note    string  // the same, but --quiet silences it
}

// run does all jobs and goes on after one that fails. The names of the files written go to standard output, in the order
// of the jobs; all errors come back together.
func (a *app) run(ctx context.Context, b batch) error {
	jobs, what := b.jobs, b.what
	if err := checkPaths(jobs); err != nil {
		return err
	}
	if b.warning != "" && len(jobs) > 0 {
		fmt.Fprintf(a.stderr, "keygan: warning: %s\n", b.warning)
	}
	if b.note != "" && len(jobs) > 0 && !a.quiet {
		fmt.Fprintf(a.stderr, "keygan: %s\n", b.note)
	}
	p := a.newProgress(what, len(jobs))
	errs := make([]error, len(jobs))
	finished := make([]bool, len(jobs))
	count, next := 0, 0 // how many are finished; the first that is not finished and printed
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(b.workers)
	for i, j := range jobs {
		g.Go(func() error {
			err := j.run(ctx, b.force)
			mu.Lock()
			defer mu.Unlock()
			errs[i], finished[i] = err, true
			count++
			p.set(count, len(jobs), what)
			for ; next < len(jobs) && finished[next]; next++ {
				if errs[next] == nil {
					p.interrupted(func() { fmt.Fprintln(a.stdout, strings.Join(jobs[next].outputs, "\n")) })
				}
			}
			return nil
		})
	}
	g.Wait()
	p.close()

	failed := &failures{what: what, inputs: len(jobs) + len(b.bad)}
	for _, err := range append(b.bad, errs...) {
		if err != nil {
			failed.errs = append(failed.errs, fmt.Errorf("%s: %w", what, err))
		}
	}
	if len(failed.errs) > 0 {
		return failed
	}
	return nil
}

// run does the work unless an output is there already: that is better known before a key has been made for nothing.
func (j job) run(ctx context.Context, force bool) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", j.input, errInterrupted)
	}
	if !force {
		for _, out := range j.outputs {
			if _, err := os.Lstat(out); err == nil {
				return fmt.Errorf("%s: %w", out, atomicfile.ErrExists)
			}
		}
	}
	return j.do(ctx)
}
