package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"keygan/data/atomicfile"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// job is the work on one input.
type job struct {
	input   string
	outputs []string
	do      func(context.Context) error

	// verify says why the outputs, which are all there, are not what do would write; nil for commands that do not resume.
	verify func() error

	memory func() int64 // that the work takes, in bytes; nil where it is little
	end    func()       // after all, whether or not anything was done; nil if there is nothing to do then
}

// batch is the work of a command on all its inputs.
type batch struct {
	what    string // the command
	jobs    []job
	bad     []error // inputs that failed before there was a job
	within  string  // the folder that no output may lead out of, or ""
	force   bool    // outputs may be replaced
	resume  bool    // what is done already is left out
	workers int     // jobs at a time
	warning string  // said once before anything is written, or ""
	note    string  // the same, but --quiet silences it
	summed  bool    // a last line says what was done

	generator *generator // that made keys, or nil
}

// run does all jobs and goes on after one that fails. The names of the files written go to standard output, in the order
// of the jobs; all errors come back together.
func (a *app) run(ctx context.Context, b batch) error {
	defer b.end()
	if err := checkPaths(b.jobs, b.within); err != nil {
		return err
	}
	if len(b.jobs) > 0 {
		if b.warning != "" {
			fmt.Fprintf(a.stderr, "keygan: warning: %s\n", b.warning)
		}
		if b.note != "" && !a.quiet {
			fmt.Fprintf(a.stderr, "keygan: %s\n", b.note)
		}
	}
	if err := a.locked(ctx, b.recover); err != nil {
		return err
	}
	r := &runningBatch{batch: b, app: a, results: make([]result, len(b.jobs)), memory: semaphore.NewWeighted(memoryBudget())}
	r.tally.start(b.jobs)
	r.progress = a.newProgress(b.what, len(b.jobs))
	var g errgroup.Group
	g.SetLimit(max(1, b.workers))
	for i := range b.jobs {
		g.Go(func() error {
			r.finished(i, r.one(ctx, b.jobs[i]))
			return nil
		})
	}
	g.Wait()
	r.progress.close()
	return r.failures()
}

// end ends the jobs, those that were never begun, too.
func (b *batch) end() {
	for _, j := range b.jobs {
		if j.end != nil {
			j.end()
		}
	}
}

// recover deals with what a killed process left in the folders of the outputs. What it cannot deal with, the jobs will meet.
func (b *batch) recover() error {
	var groups [][]string
	for _, j := range b.jobs {
		if n := len(j.outputs); n > 0 {
			groups = append(groups, []string{j.outputs[n-1], j.outputs[0]}) // the key file first
		}
	}
	atomicfile.Clean("", groups)
	return nil
}

// result is how a job ended.
type result struct {
	finished bool
	skipped  bool // it was done before
	err      error
}

// runningBatch is a batch while its jobs run, several at a time.
type runningBatch struct {
	batch
	app    *app
	memory *semaphore.Weighted

	mu       sync.Mutex
	results  []result
	next     int // the first job that is not finished and printed
	tally    tally
	progress *progress
}

// one does a job, once there is memory for it.
func (r *runningBatch) one(ctx context.Context, j job) result {
	if j.memory != nil {
		n := min(j.memory(), memoryBudget()) // one that takes more than there is goes alone
		if r.memory.Acquire(ctx, n) == nil {
			defer r.memory.Release(n)
		}
	}
	skipped, err := j.run(ctx, r.force, r.resume)
	return result{true, skipped, err}
}

func (r *runningBatch) finished(i int, res result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[i] = res
	r.tally.add(i, res)
	r.progress.tell(r.what, &r.tally)
	for ; r.next < len(r.jobs) && r.results[r.next].finished; r.next++ {
		if res := r.results[r.next]; res.err == nil && !res.skipped {
			r.progress.interrupted(func() { fmt.Fprintln(r.app.stdout, strings.Join(r.jobs[r.next].outputs, "\n")) })
		}
	}
}

// failures sums up, and is the errors of all inputs together or nil.
func (r *runningBatch) failures() error {
	failed := &failures{what: r.what, inputs: len(r.jobs) + len(r.bad)}
	for _, err := range r.bad {
		failed.errs = append(failed.errs, fmt.Errorf("%s: %w", r.what, err))
	}
	for _, res := range r.results {
		if res.err != nil {
			failed.errs = append(failed.errs, fmt.Errorf("%s: %w", r.what, res.err))
		}
	}
	inGenerator := time.Duration(0)
	if r.generator != nil {
		inGenerator = time.Duration(r.generator.spent.Load())
	}
	if r.summed && (failed.inputs > 1 || (inGenerator > 0 && len(failed.errs) == 0)) && !r.app.quiet {
		fmt.Fprintf(r.app.stderr, "keygan: %s: %s\n", r.what, r.tally.summary(len(failed.errs), inGenerator))
	}
	if len(failed.errs) > 0 {
		return failed
	}
	return nil
}

// run does the work unless an output is there already: that is better known before a key has been made for nothing. If it was
// done and is verified, resuming skips it.
func (j job) run(ctx context.Context, force, resume bool) (skipped bool, err error) {
	if ctx.Err() != nil {
		return false, fmt.Errorf("%s: %w", j.input, errInterrupted)
	}
	if resume {
		if skipped, err = j.alreadyDone(); skipped || (err != nil && !force) {
			return skipped, err
		}
	}
	if !force {
		for _, out := range j.outputs {
			if _, err := os.Lstat(out); err == nil {
				return false, fmt.Errorf("%s: %w", out, atomicfile.ErrExists)
			}
		}
	}
	return false, j.do(ctx)
}
