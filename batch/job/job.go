// Package job runs the same work on many files, several at a time.
//
//	inputs, leftOut, bad := job.Collect(paths, wanted)
//	report, err := job.Run(ctx, host, job.Batch{Name: "keygen", Jobs: jobs, Failed: bad, LeftOut: leftOut, Root: "out", Workers: 8})
//
// Before anything is written it finds jobs that would write the same file, replace an input or replace a protected file. It starts
// a job when there is memory for it, goes on after one that fails, and reports what became of each input. A file that exists is
// replaced only with Force. With Resume, a job whose outputs are there and verified is skipped.
//
// The package prints nothing. A Host receives messages and progress while the jobs run.
package job

import (
	"context"
	"io"
	"time"

	"keygan/internal/atomicfile"
	"keygan/internal/failure"
	"keygan/internal/listing"
)

// A Job is the work on one input.
type Job struct {
	Input   string
	Inputs  []string // where it is the work on several: all of them, Input being the first
	Outputs []string
	Order   []string // the outputs in the order in which they get their names; nil: the order of Outputs
	Reads   []string // other files that the work needs and that no output may replace

	// Do does the work. It returns a comment to list beside the outputs, or "".
	Do func(context.Context) (comment string, err error)

	// Verify is called when all outputs exist. It returns an error if they are not what Do would write. A job without it is not resumed.
	Verify func(context.Context) error

	Memory func() int64 // bytes that the work takes; nil: little
	End    func()       // called once after the batch, even if the job never began; may be nil
}

// A Batch is one kind of work on many inputs.
type Batch struct {
	Name      string // of the work, for example "encrypt"
	Jobs      []Job
	Elsewhere []Job    // the work of other processes on other parts, whose outputs no job may want
	Failed    []Failed // inputs that failed before there was a job
	LeftOut   []listing.LeftOut
	Root      string    // the folder that outputs lie in or below; "" for the folder of each
	Protected Protected // files that no output replaces, whatever Force says
	Force     bool      // outputs may be replaced
	Resume    bool      // jobs that were done before are skipped
	Workers   int       // jobs at a time
	Warning   string    // told to the host before the first job, or ""
	Note      string    // the same, as a note
	Began     time.Time // when the work began, if some of it was done before Run; zero: now
}

// A Host is the program that jobs run in. Every field may be nil. Calls of Written and Progress come one at a time.
type Host struct {
	Stdout   io.Writer                                           // for an output named "-"
	Guard    func(ctx context.Context, write func() error) error // runs write, and keeps the process from ending until it returns
	Warn     func(text string)
	Note     func(text string)
	Written  func(outputs []string, comment string) // a job is done; called in the order of the jobs
	Progress func(name string, t *Tally)            // at the beginning and after each job; t is valid during the call
}

// Guarded calls write, which writes files, unless the context is done.
func (h *Host) Guarded(ctx context.Context, write func() error) error {
	if ctx.Err() != nil {
		return failure.ErrInterrupted
	}
	if h.Guard != nil {
		return h.Guard(ctx, write)
	}
	return write()
}

// Write writes the outputs of one input, which lie in the same folder: all of them or, after an error, none. The folder is root or lies
// below it. Missing folders are made. Existing files are replaced only with force.
func (h *Host) Write(ctx context.Context, root string, force bool, files ...atomicfile.File) error {
	return h.Guarded(ctx, func() error { return atomicfile.WriteAll(root, force, files...) })
}

// tell calls show, which may be nil, with a text unless it is empty.
func tell(show func(string), text string) {
	if show != nil && text != "" {
		show(text)
	}
}
