// Package reproduce makes the tables of a paper: it trains each system with several seeds, measures all of them, and puts the results of
// the seeds together.
//
//	c, err := reproduce.Read("configs/reproduce.yaml")
//	err = reproduce.Run(ctx, c, reproduce.Options{Program: "keygan-train", Cost: cost, Log: os.Stderr})
//
// Each training is a process of its own. A ledger in the folder says how each stands. Run goes on where an earlier call was stopped or
// killed, after a training that failed it goes on with the others, and several processes, on several machines that share the folder, take
// different trainings. A ledger that was made for another configuration is refused.
//
// The folder then holds
//
//	ledger/          NAME.json (Entry), NAME.yaml, NAME.log and NAME.lock for each training and evaluation
//	runs/            the folders of the trainings, ROW-seedN
//	evaluation-seedN what keygan evaluate writes, with the rows as generators
//	reproduced.*     the tables over all seeds, from package seeds
//
// The package needs no libtorch. The program that it starts does.
package reproduce

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"keygan/internal/cores"
	"keygan/internal/failure"
	"keygan/train/config"
	"keygan/train/runlog"
)

// Options say how Run goes about it.
type Options struct {
	Folder       string   // in the place of Config.Folder
	Rows         []string // only these; none: all
	Seeds        []uint64 // only these; none: all
	Jobs         int      // trainings side by side; 0: as many as the cores or the GPUs allow
	DryRun       bool     // only say what there is to do
	OnlyEvaluate bool     // train nothing
	Program      string   // keygan-train
	GPUs         int      // that the program sees

	Cost    func(context.Context, config.Config) (Cost, error) // estimates a training
	Weights func(run string, step int, path string) error      // writes the generator of a kept checkpoint
	Log     io.Writer                                          // progress and messages; nil: none
	Quiet   bool                                               // Log gets only warnings
}

// Cost is about what a training takes on this machine.
type Cost struct {
	Steps  int           // in all
	Time   time.Duration // 0: not known, and Unknown says why
	Memory float64       // bytes: of a process on the CPU, or of a GPU
	Disk   float64       // bytes, of its checkpoints
	OnGPU  bool

	Unknown error
}

// A FailedError reports trainings and evaluations that failed, while the others were made.
type FailedError struct {
	Errs []error
	Of   int // trainings and evaluations in all
}

func (e *FailedError) Error() string   { return errors.Join(e.Errs...).Error() }
func (e *FailedError) Unwrap() []error { return e.Errs }

// ErrElsewhere reports that other processes have not finished.
var ErrElsewhere = errors.New("other processes are still at work")

// run is a Config under way.
type run struct {
	Options
	c       Config
	units   []unit
	ledger  ledger
	console *runlog.Console
	began   time.Time
	jobs    int
	gpus    int // that trainings side by side share; 0: they run on the CPU
}

// Run makes the tables that c describes, and returns the path of the report. With DryRun it writes a plan to Log, and nothing else.
//
// The error wraps ErrChanged if the ledger does not fit, ErrElsewhere if other processes are still at work and the last of them will make
// the report, and ErrInterrupted if ctx ended. It is a *FailedError, and there is a report, if only some of it failed.
func Run(ctx context.Context, c Config, o Options) (report string, err error) {
	if o.Folder != "" {
		c.Folder = o.Folder
	}
	if c, err = c.only(o.Rows, o.Seeds); err != nil {
		return "", &failure.UsageError{Err: err}
	}
	r := &run{Options: o, c: c, began: now(), console: runlog.NewConsole(o.Log, false)}
	if o.Quiet {
		r.console = r.console.WarningsOnly()
	}
	r.ledger = ledger{dir: c.ledger(), warn: r.console.Warnf}
	if r.units, err = c.units(); err != nil {
		return "", &failure.UsageError{Err: err}
	}
	if err := r.ledger.agree(r.units, o.DryRun); err != nil {
		return "", err
	}
	if err := r.plan(ctx); err != nil || o.DryRun {
		return "", err
	}
	if !o.OnlyEvaluate {
		if err := r.trainAll(ctx); err != nil {
			return "", err
		}
	}
	return r.conclude(ctx)
}

// plan says what there is to do, and about what it takes.
func (r *run) plan(ctx context.Context) error {
	var left []unit
	counts := map[string]int{}
	for _, u := range r.units {
		e, err := r.ledger.read(u.name())
		if err != nil {
			return err
		}
		counts[e.State]++
		if r.toTrain(u, e) {
			left = append(left, u)
		}
	}
	r.console.Printf("%s: %d systems, up to %d seeds, in %s: %s\n", r.c.Name, len(r.c.Rows), len(r.c.Seeds), r.c.Folder, states(counts))
	usable, _ := cores.Usable()
	r.jobs = max(1, r.Jobs)
	if r.OnlyEvaluate {
		return nil
	}
	threads, onGPU, widest := 1, false, 0
	for _, row := range r.c.Rows {
		widest = max(widest, len(row.Name))
	}
	var total Cost
	costs := map[string]Cost{} // by row: seeds cost the same
	for _, u := range left {
		cost, known := costs[u.row.Name]
		if !known {
			var err error
			if cost, err = r.Cost(ctx, u.config); err != nil {
				return fmt.Errorf("%s: %w", u.row.Name, err)
			}
			costs[u.row.Name] = cost
			r.console.Printf("  %-*s %d × %d steps, %s a training, %s of memory, %s of disk (%s)\n",
				widest, u.row.Name, len(r.c.seedsOf(u.row)), cost.Steps, timeOf(cost), bytesText(cost.Memory), bytesText(cost.Disk), u.row.Train)
		}
		threads = max(threads, u.config.Threads)
		if u.config.Threads == 0 {
			threads = usable
		}
		onGPU = onGPU || cost.OnGPU
		total.Time += cost.Time
		total.Disk += cost.Disk
		total.Memory = max(total.Memory, cost.Memory)
		if cost.Unknown != nil {
			total.Unknown = cost.Unknown
		}
	}
	if onGPU {
		r.gpus = r.GPUs
	}
	if r.Jobs == 0 {
		if r.jobs = max(1, usable/threads); onGPU {
			r.jobs = max(1, r.GPUs)
		}
	}
	r.jobs = max(1, min(r.jobs, len(left)))
	total.Time /= time.Duration(r.jobs)
	if len(left) > 0 {
		r.console.Printf("to train: %d, %d side by side; about %s, %s of memory each, %s of disk\n",
			len(left), r.jobs, timeOf(total), bytesText(total.Memory), bytesText(total.Disk))
	}
	r.planEvaluations()
	return nil
}

// planEvaluations says what there is to do after the trainings.
func (r *run) planEvaluations() {
	var took time.Duration
	most := 0
	for _, seed := range r.c.Seeds {
		systems := 0
		for _, u := range r.units {
			if u.seed == seed && u.attacked == "" {
				systems++
			}
		}
		most = max(most, systems)
		took += r.c.Evaluate.RoughTime(systems)
	}
	jobs := r.evaluationJobs()
	r.console.Printf("then %d evaluations, %d side by side, of at most %d systems on at most %d images of each of %d sources: about %s, and the time for keys\n",
		len(r.c.Seeds), jobs, most, r.c.Evaluate.Images, len(r.c.Evaluate.Sources), runlog.Roughly(took/time.Duration(jobs)))
}

// states counts the units by their state, as in "3 finished, 1 running".
func states(counts map[string]int) string {
	var parts []string
	for _, state := range []string{runlog.Finished, runlog.Running, runlog.Interrupted, runlog.Failed, Waiting} {
		if counts[state] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[state], state))
		}
	}
	return strings.Join(parts, ", ")
}

func timeOf(c Cost) string {
	if c.Unknown != nil {
		return "a time that is not known (" + c.Unknown.Error() + ")"
	}
	return runlog.Roughly(c.Time)
}

// bytesText writes a number of bytes in the unit that leaves less than 1024 of it.
func bytesText(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for len(units) > 1 && n >= 1024 {
		n, units = n/1024, units[1:]
	}
	return fmt.Sprintf("%.3g %s", n, units[0])
}

// conclude evaluates each seed and makes the report, unless other processes are still training.
func (r *run) conclude(ctx context.Context) (path string, err error) {
	var failed []error
	var elsewhere []string
	for _, u := range r.units {
		e, err := r.ledger.read(u.name())
		switch {
		case err != nil:
			return "", err
		case e.State == runlog.Failed:
			failed = append(failed, fmt.Errorf("%s: %s", u.name(), e.Error))
		case e.State == runlog.Running && !e.orphaned():
			elsewhere = append(elsewhere, fmt.Sprintf("%s on %s, process %d, since %s", u.name(), e.Host, e.PID, e.Since.Format(time.DateTime)))
		}
	}
	if len(elsewhere) > 0 && !r.OnlyEvaluate {
		return "", failure.Hint(fmt.Errorf("%w: %s", ErrElsewhere, strings.Join(elsewhere, "; ")), "the last of them makes the report")
	}
	failures, err := r.evaluateAll(ctx)
	failed = append(failed, failures...)
	if err == nil {
		path, err = r.report(ctx, failed)
	}
	if err == nil && len(failed) > 0 {
		err = &FailedError{failed, len(r.units) + len(r.c.Seeds)}
	}
	return path, err
}

// finished are the units of a seed whose training is complete.
func (r *run) finished(seed uint64) []unit {
	return slices.DeleteFunc(slices.Clone(r.units), func(u unit) bool {
		e, err := r.ledger.read(u.name())
		return u.seed != seed || err != nil || e.State != runlog.Finished
	})
}
