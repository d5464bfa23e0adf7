package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"keygan/internal/atomicfile"
	"keygan/internal/listing"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// job is the work on one input.
type job struct {
	input   string
	outputs []string
	order   []string // the outputs in the order in which they get their names; nil: as they are listed
	reads   []string // other files that the work needs, which no output may replace

	// do returns what is to be said beside the outputs, or "".
	do func(context.Context) (comment string, err error)

	// verify says why the outputs, which are all there, are not what do would write; nil for commands that do not resume.
	verify func(context.Context) error

	memory func() int64 // that the work takes, in bytes; nil where it is little
	end    func()       // after all, whether or not anything was done; nil if there is nothing to do then
}

// batch is the work of a command on all its inputs.
type batch struct {
	what      string // the command
	jobs      []job
	bad       []badInput // inputs that failed before there was a job
	leftOut   []listing.LeftOut
	root      string // the folder that outputs lie in or below; "" for the folder of each
	protected protected
	force     bool       // outputs may be replaced
	resume    bool       // what is done already is left out
	workers   int        // jobs at a time
	warning   string     // said once before anything is written, or ""
	note      string     // the same, but --quiet silences it
	summed    bool       // a last line says what was done
	listing   resultList // how the outputs are listed
	began     time.Time  // when the work began, where some of it was done before; zero: now

	generator *generator // that made keys, or nil
}

// badInput is an input that failed, and why. The error names it.
type badInput struct {
	path  string
	err   error
	reads []string // other files that the work on it would need
}

// run does all jobs and goes on after one that fails. The names of the files written go to standard output, in the order
// of the jobs; all errors come back together.
func (a *app) run(ctx context.Context, b batch) error {
	defer b.end()
	if len(b.jobs) > 0 {
		if b.warning != "" {
			fmt.Fprintf(a.stderr, "keygan: warning: %s\n", b.warning)
		}
		if b.note != "" && !a.quiet {
			fmt.Fprintf(a.stderr, "keygan: %s\n", b.note)
		}
	}
	if err := a.locked(ctx, b.clean); err != nil {
		return err
	}
	r := &runningBatch{
		batch: b, app: a, results: make([]result, len(b.jobs)), conflicts: conflicts(b.jobs, b.given()...),
		memory: semaphore.NewWeighted(memoryBudget()),
	}
	missing := missingFolders(b.jobs)
	r.tally.start(b.jobs, b.began)
	r.progress = a.newProgress(b.what, len(b.jobs))
	var g errgroup.Group
	g.SetLimit(max(1, b.workers))
	for i := range b.jobs {
		g.Go(func() error {
			r.finished(i, r.one(ctx, i))
			return nil
		})
	}
	g.Wait()
	r.progress.close()
	atomicfile.RemoveEmpty(b.root, missing)
	return r.sum()
}

// end ends the jobs, including those that never began.
func (b *batch) end() {
	for _, j := range b.jobs {
		if j.end != nil {
			j.end()
		}
	}
}

// clean removes what killed processes of ours left in the folders of the outputs. What it cannot deal with, the jobs will meet.
func (b *batch) clean() error {
	var groups [][]string
	for _, j := range b.jobs {
		order := j.order
		if order == nil {
			order = j.outputs
		}
		groups = append(groups, order)
	}
	clean(b.root, groups...)
	return nil
}

// clean removes what killed processes of ours left in the folders of groups of files.
func clean(root string, groups ...[]string) {
	var together [][]string
	for _, group := range groups {
		if len(group) == 0 || filepath.Dir(group[0]) == filepath.Dir(group[len(group)-1]) {
			together = append(together, group)
			continue
		}
		for _, path := range group { // a key file elsewhere
			atomicfile.Clean("", [][]string{{path}})
		}
	}
	atomicfile.Clean(root, together)
}

// result is how a job ended.
type result struct {
	finished bool
	skipped  bool // it was done before
	comment  string
	err      error
}

// runningBatch is a batch while its jobs run, several at a time.
type runningBatch struct {
	batch
	app       *app
	memory    *semaphore.Weighted
	conflicts map[int]error // jobs that must not run, by index

	mu       sync.Mutex
	results  []result
	next     int // the first job that is not finished and printed
	tally    tally
	progress *progress
}

// one does a job, once there is memory for it.
func (r *runningBatch) one(ctx context.Context, i int) result {
	j := r.jobs[i]
	if err := r.conflicts[i]; err != nil {
		return result{finished: true, err: err}
	}
	if j.memory != nil {
		takes := j.memory()
		n := min(takes, memoryBudget()) // one that takes more than the budget goes by itself
		if r.memory.Acquire(ctx, n) == nil {
			defer r.memory.Release(n)
		}
		if err := checkFree(takes); err != nil {
			return result{finished: true, err: named(j.input, err)}
		}
	}
	res := r.do(ctx, j)
	res.finished = true
	return res
}

// do does the work unless an output is there already: that is better known before a key has been made for nothing. If it was
// done and is verified, resuming skips it.
func (r *runningBatch) do(ctx context.Context, j job) (res result) {
	if ctx.Err() != nil {
		return result{err: fmt.Errorf("%s: %w", j.input, errInterrupted)}
	}
	if err := r.protected.refuse(j.outputs); err != nil {
		return result{err: err}
	}
	if r.resume {
		skipped, err := j.alreadyDone(ctx)
		if skipped || (err != nil && !r.force) {
			return result{skipped: skipped, err: err}
		}
	}
	if !r.force {
		for _, out := range j.outputs {
			if _, err := os.Lstat(out); err == nil {
				return result{err: fmt.Errorf("%s: %w", out, atomicfile.ErrExists)}
			}
		}
	}
	res.comment, res.err = j.do(ctx)
	return res
}

func (r *runningBatch) finished(i int, res result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.results[i] = res
	r.tally.add(i, res)
	r.progress.tell(r.what, &r.tally)
	for ; r.next < len(r.jobs) && r.results[r.next].finished; r.next++ {
		if res := r.results[r.next]; res.err == nil && !res.skipped {
			r.progress.interrupted(func() { r.listing.print(r.app.stdout, r.jobs[r.next].outputs, res.comment) })
		}
	}
}

// sum says what was done and left out. The errors of all inputs come back together, or nil.
func (r *runningBatch) sum() error {
	failed := &failures{what: r.what, inputs: len(r.jobs) + len(r.bad)}
	for _, bad := range r.bad {
		failed.errs = append(failed.errs, fmt.Errorf("%s: %w", r.what, bad.err))
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
	if !r.app.quiet {
		if r.summed && (failed.inputs > 1 || r.tally.skipped > 0 || (inGenerator > 0 && len(failed.errs) == 0)) {
			fmt.Fprintf(r.app.stderr, "keygan: %s: %s\n", r.what, r.tally.summary(len(failed.errs), inGenerator))
		}
		printLeftOut(r.app.stderr, r.what, r.leftOut)
	}
	if r.listing.json {
		if err := writeJSON(r.app.stdout, r.record()); err != nil {
			return err
		}
	}
	if len(failed.errs) > 0 {
		return failed
	}
	return nil
}

// given are the files of inputs that failed: they are not replaced by what comes out of others.
func (b *batch) given() (paths []string) {
	for _, bad := range b.bad {
		paths = append(append(paths, bad.path), bad.reads...)
	}
	return paths
}

// conflicts are the jobs that would write what another job writes too, or replace an input or another file that was given, by their
// indexes. All that want one name fail: which of them should have it is not ours to say.
func conflicts(jobs []job, given ...string) map[int]error {
	r := resolver{}
	inputs := map[string]bool{}
	for _, j := range jobs {
		given = append(append(given, j.input), j.reads...)
	}
	for _, path := range given {
		inputs[r.identity(path)], inputs[r.name(path)] = true, true
	}
	failed, first := map[int]error{}, map[string]int{}
	fail := func(i int, out, other string) {
		switch {
		case failed[i] != nil:
		case r.identity(jobs[i].input) == r.identity(other):
			failed[i] = fmt.Errorf("%s: is named twice", jobs[i].input)
		default:
			failed[i] = hinted{
				fmt.Errorf("%s: %s would be written for %s %w", jobs[i].input, out, other, errAsWell),
				"rename one of them, or write them to different folders with -o",
			}
		}
	}
	for i, j := range jobs {
		for _, out := range j.outputs {
			id := r.name(out)
			if inputs[id] {
				failed[i] = hinted{fmt.Errorf("%s: the output would be an input", out), "-o names another folder"}
				continue
			}
			k, taken := first[id]
			if !taken {
				first[id] = i
				continue
			}
			if k == i {
				failed[i] = fmt.Errorf("%s: the cipher image and its key file cannot be one file", out)
				continue
			}
			fail(k, out, j.input)
			fail(i, out, jobs[k].input)
		}
	}
	// A file cannot have the name of a folder that others lie in.
	folders := map[string]int{}
	for i, j := range jobs {
		for _, out := range j.outputs {
			for dir := folded(r.folder(filepath.Dir(out))); ; dir = filepath.Dir(dir) {
				if _, known := folders[dir]; known {
					break
				}
				folders[dir] = i
			}
		}
	}
	for i, j := range jobs {
		for _, out := range j.outputs {
			if k, is := folders[r.name(out)]; is {
				fail(k, out, j.input)
				fail(i, out, jobs[k].input)
			}
		}
	}
	return failed
}

// errAsWell ends the error for an input whose output another one wants.
var errAsWell = errors.New("as well")

// protected are files that the command was given and must never replace: identities, recipients, passphrases.
type protected []string

func (p protected) refuse(outputs []string) error {
	for _, out := range outputs {
		there, err := os.Stat(out)
		if err != nil {
			continue
		}
		for _, path := range p {
			if info, err := os.Stat(path); err == nil && os.SameFile(info, there) {
				return hinted{
					fmt.Errorf("%s: this is %s, which the command was given; it is never replaced", out, path),
					"-o names another folder",
				}
			}
		}
	}
	return nil
}

// add adds those of the names that are files: a recipient may be a file or the recipient itself.
func (p protected) add(names ...string) protected {
	for _, name := range names {
		if name != "" && name != "-" && exists(name) {
			p = append(p, name)
		}
	}
	return p
}

// missingFolders are the folders that will be made for outputs, those above first.
func missingFolders(jobs []job) (missing []string) {
	known := map[string]bool{}
	var look func(dir string)
	look = func(dir string) {
		if known[dir] {
			return
		}
		known[dir] = true
		if _, err := os.Lstat(dir); errors.Is(err, fs.ErrNotExist) && filepath.Dir(dir) != dir {
			look(filepath.Dir(dir))
			missing = append(missing, dir)
		}
	}
	for _, j := range jobs {
		for _, out := range j.outputs {
			look(filepath.Dir(out))
		}
	}
	return missing
}
