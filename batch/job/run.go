package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"keygan/internal/atomicfile"
	"keygan/internal/failure"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// Run does all jobs and goes on after one that fails. The report has what became of each input; the error is for the batch as a whole.
func Run(ctx context.Context, host Host, b Batch) (*Report, error) {
	defer func() {
		for _, j := range b.Jobs { // those that never began too
			if j.End != nil {
				j.End()
			}
		}
	}()
	if len(b.Jobs) > 0 {
		tell(host.Warn, b.Warning)
		tell(host.Note, b.Note)
	}
	if err := host.Guarded(ctx, b.clean); err != nil {
		return nil, err
	}
	var given []string // no output of the others replaces what failed inputs need
	for _, f := range b.Failed {
		given = append(append(given, f.Input), f.Reads...)
	}
	r := &run{
		Batch: b, host: host, results: make([]result, len(b.Jobs)), conflicts: Conflicts(slices.Concat(b.Jobs, b.Elsewhere), given...),
		memory: semaphore.NewWeighted(MemoryBudget()),
	}
	missing := missingFolders(b.Jobs)
	r.tally.start(b.Jobs, b.Began)
	r.progress()
	var g errgroup.Group
	g.SetLimit(max(1, b.Workers))
	for i := range b.Jobs {
		g.Go(func() error {
			r.finished(i, r.one(ctx, i))
			return nil
		})
	}
	g.Wait()
	atomicfile.RemoveEmpty(b.Root, missing)
	return r.report(), nil
}

// clean removes what killed processes left in the folders of the outputs. If it cannot, the jobs will meet the reason.
func (b *Batch) clean() error {
	var together [][]string
	for _, j := range b.Jobs {
		group := j.Outputs
		if j.Order != nil {
			group = j.Order
		}
		if len(group) == 0 || filepath.Dir(group[0]) == filepath.Dir(group[len(group)-1]) {
			together = append(together, group)
			continue
		}
		for _, path := range group { // a key file in another folder
			atomicfile.Clean("", [][]string{{path}})
		}
	}
	atomicfile.Clean(b.Root, together)
	return nil
}

// result is how a job ended.
type result struct {
	finished bool
	skipped  bool // it was done before
	comment  string
	err      error
}

// run is a batch while its jobs run.
type run struct {
	Batch
	host      Host
	memory    *semaphore.Weighted
	conflicts map[int]error // jobs that must not run, by index

	mu      sync.Mutex
	results []result
	next    int // the first job that has not been told to the host
	tally   Tally
}

// one does a job when there is memory for it.
func (r *run) one(ctx context.Context, i int) result {
	j := r.Jobs[i]
	if err := r.conflicts[i]; err != nil {
		return result{err: err}
	}
	if j.Memory != nil {
		takes := j.Memory()
		n := min(takes, MemoryBudget()) // a job that takes more than the budget runs alone
		if r.memory.Acquire(ctx, n) == nil {
			defer r.memory.Release(n)
		}
		if err := CheckMemory(takes, FreeMemory, errMemory); err != nil {
			return result{err: fmt.Errorf("%s: %w", j.Input, err)}
		}
	}
	if ctx.Err() != nil {
		return result{err: fmt.Errorf("%s: %w", j.Input, failure.ErrInterrupted)}
	}
	if err := r.Protected.Refuse(j.Outputs); err != nil {
		return result{err: err}
	}
	if r.Resume {
		skipped, err := j.alreadyDone(ctx)
		if skipped || (err != nil && !r.Force) {
			return result{skipped: skipped, err: err}
		}
	}
	if i := slices.IndexFunc(j.Outputs, Exists); i >= 0 && !r.Force { // it is better to know before a key has been made for nothing
		return result{err: fmt.Errorf("%s: %w", j.Outputs[i], atomicfile.ErrExists)}
	}
	comment, err := j.Do(ctx)
	return result{comment: comment, err: err}
}

func (r *run) finished(i int, res result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	res.finished = true
	r.results[i] = res
	r.tally.add(i, res)
	r.progress()
	for ; r.next < len(r.Jobs) && r.results[r.next].finished; r.next++ {
		if res := r.results[r.next]; res.err == nil && !res.skipped && r.host.Written != nil {
			r.host.Written(r.Jobs[r.next].Outputs, res.comment)
		}
	}
}

func (r *run) progress() {
	if r.host.Progress != nil {
		r.host.Progress(r.Name, &r.tally)
	}
}

// alreadyDone reports whether the outputs of a job are all there and verified. If some are there and are not verified, it returns an
// error. They are never replaced without Force, even when they are wrong: they may be the only copy of something else.
func (j *Job) alreadyDone(ctx context.Context) (bool, error) {
	var have, lack []string
	for _, out := range j.Outputs {
		info, err := os.Lstat(out)
		switch {
		case err != nil:
			lack = append(lack, out)
		case !info.Mode().IsRegular(): // a link may lead to somebody else's pair
			return false, &NotVerifiedError{fmt.Errorf("%s: not a regular file", out)}
		default:
			have = append(have, out)
		}
	}
	switch {
	case len(have) == 0:
		return false, nil
	case len(lack) > 0:
		return false, failure.Hint(fmt.Errorf("%s: the other file of the pair, %s, is missing", have[0], lack[0]),
			"if nothing needs it any more, remove it")
	}
	err := j.Verify(ctx)
	if err != nil && !errors.Is(err, failure.ErrInterrupted) {
		err = &NotVerifiedError{err}
	}
	return err == nil, err
}

// A NotVerifiedError says why outputs that exist do not count as done.
type NotVerifiedError struct{ Err error }

func (e *NotVerifiedError) Error() string { return "not verified: " + e.Err.Error() }
func (e *NotVerifiedError) Unwrap() error { return e.Err }

// missingFolders returns the folders that will be made for outputs, parents first.
func missingFolders(jobs []Job) (missing []string) {
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
		for _, out := range j.Outputs {
			look(filepath.Dir(out))
		}
	}
	return missing
}
