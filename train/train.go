// Package train trains a key generator and leaves a run folder that says everything about it.
//
// A run is described by a config.Config and started, or resumed, with Run:
//
//	c, err := config.Read("configs/demo.yaml", "train.batch=8")
//	...
//	err = train.Run(ctx, c, train.Options{Log: os.Stderr})
//
// The run's folder then holds what package runlog lists and, at the end, generator.npz, which package infer reads. While a process trains
// in the folder no other can. When ctx ends, the step under way is finished, a checkpoint is written, and Run returns ErrInterrupted.
// Resumed from any checkpoint, on the CPU with the same libtorch and thread count, a run goes on bit for bit as if it had never stopped.
//
// The loop knows nothing of losses: an Objective owns its networks, losses and updates. A new objective is one file and
// one line in objective.go. Checkpoints, logs, samples, plots and progress hang on the loop as hooks.
package train

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"keygan/data/seen"
	torch "keygan/gotorch"
	"keygan/gotorch/nn/initializer"
	"keygan/internal/failure"
	"keygan/train/config"
	"keygan/train/inputs"
	"keygan/train/launch"
	"keygan/train/runlog"
	"keygan/train/team"
)

// ErrInterrupted reports a run that was stopped between two steps, with a checkpoint written.
var ErrInterrupted = failure.Interrupted("interrupted")

// Options are what a run's caller decides, rather than its configuration.
type Options struct {
	Resume bool      // go on from the newest checkpoint
	Force  bool      // replace a run that is already there
	Log    io.Writer // progress and messages; nil: none
	// Terminal draws a progress bar on Log; without it, a line is written every few seconds.
	Terminal bool
	Quiet    bool // Log gets only warnings

	Part  launch.Part // of this process in a training of several
	Abort func(error) // ends the process: another one is lost, and libtorch does not return from waiting for it

	team *team.Team
}

// Console is where to report.
func (o Options) Console() *runlog.Console {
	if o.Part.Rank > 0 {
		return nil // rank 0 says it all
	}
	c := runlog.NewConsole(o.Log, o.Terminal)
	if o.Quiet {
		return c.WarningsOnly()
	}
	return c
}

// Training is a run under way.
type Training struct {
	Config        config.Config
	Dir           string // the run's folder
	Step, Total   int    // steps done, steps in all
	StepsPerEpoch int
	Objective     Objective

	threadsWhy  string // why Config.Threads are so many
	team        *team.Team
	columns     []string // names of what Objective.Step returns
	console     *runlog.Console
	device      torch.Device
	sets        inputs.Sets
	seen        []seen.Image // the images of sets; only where the team's leader is
	feed        *feed
	graphs      *graphs
	layout      string // of the samples in a GPU's memory; on the CPU: ""
	pending     []pendingStep
	reported    time.Time // when there were no pending steps
	began       time.Time // when the first step of this process was made
	hooks       []hook
	resumedFrom string // the checkpoint, or ""
	locked      *os.File
	recorder    *recorder
	means       *runlog.Means // of the columns over the steps of the epoch under way
	quality     *quality
	bests       map[string]best // by measure
}

// hook is called for each step, in order; on a GPU, later: when the weights may have changed again. It may look at them where the step ends
// an epoch, or has a checkpoint.
type hook interface {
	AfterStep(runlog.Step) error
}

// finisher is a hook that is called once more, after the last step of this process, whether the run is complete or was stopped.
type finisher interface {
	Finish() error
}

// Run trains as c says, in the folder Output/Name. Where several processes train together, each of them calls Run.
func Run(ctx context.Context, c config.Config, o Options) (err error) {
	if o.team, err = joinTeam(ctx, o.Part, c, o.Abort); err != nil {
		return err
	}
	var t *Training // nil: not begun
	err = guarded(func() (err error) {
		if t, err = start(ctx, c, o); err == nil {
			err = t.loop(ctx)
		}
		return err
	})
	err = endTeam(o.team, err)
	if t == nil {
		return err
	}
	defer t.close()
	if err != nil && !errors.Is(err, ErrInterrupted) && t.recorder != nil {
		t.recorder.failed(err) // where that cannot be written, err says more
	}
	return err
}

// Usable returns an error if libtorch cannot be used because it is not the one that the C++ side was built for.
func Usable() error {
	if err := torch.CheckVersion(); err != nil {
		return failure.Hint(err, "build the C++ side for this libtorch (make setup), or set LD_LIBRARY_PATH to the folder of the one it was built for")
	}
	return nil
}

// guarded turns libtorch's own errors (out of memory, shapes that do not fit) into one that is returned. libtorch keeps its number of
// threads for each thread that calls it, so f stays on one.
func guarded(f func() error) (err error) {
	if err := Usable(); err != nil {
		return err
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if failed := torch.Try(func() { err = f() }); failed != nil {
		return failed
	}
	return err
}

func (t *Training) loop(ctx context.Context) error {
	defer t.ownStream()()
	for t.Step < t.Total && !t.team.Stops(ctx) {
		err := t.oneStep()
		if err != nil || t.due() {
			err = cmp.Or(t.report(), err)
		}
		if err != nil {
			return err
		}
	}
	if err := t.report(); err != nil {
		return err
	}
	for _, h := range t.hooks {
		if f, ok := h.(finisher); ok {
			if err := f.Finish(); err != nil {
				return err
			}
		}
	}
	if t.Step < t.Total {
		return fmt.Errorf("%s: %w: step %d of %d is saved", t.Dir, ErrInterrupted, t.Step, t.Total)
	}
	return nil
}

// ownStream gives a GPU's work to a stream that can be captured. The function that it returns goes back to the default stream.
func (t *Training) ownStream() (back func()) {
	if !t.device.IsCUDA() {
		return func() {}
	}
	change := func(to torch.CUDAStream) {
		torch.Synchronize(t.device)
		torch.SetCurrentCUDAStream(to)
	}
	before := torch.GetCurrentCUDAStream(t.device)
	change(torch.NewCUDAStream(t.device))
	return func() { change(before) }
}

// epoch is the epoch that the last step belongs to, from 1 on; epochDone says that it was that epoch's last.
func (t *Training) epoch() int      { return (t.Step + t.StepsPerEpoch - 1) / t.StepsPerEpoch }
func (t *Training) epochDone() bool { return t.Step%t.StepsPerEpoch == 0 || t.Step == t.Total }

// start prepares everything that the first step needs. The data is opened before the folder is touched: a configuration that cannot
// train leaves nothing behind.
func start(ctx context.Context, c config.Config, o Options) (t *Training, err error) {
	t = &Training{Config: c, Dir: c.Dir(), columns: c.Columns(), console: o.Console(), team: o.team}
	defer func() {
		if err != nil {
			t.close()
			t = nil
		}
	}()
	if t.team.Leads() {
		if err := t.claimFolder(o); err != nil {
			return t, err
		}
	}
	if o.team != nil {
		c.Device = o.team.Device
	}
	if t.device, err = useDevice(c); err != nil {
		return t, err
	}
	t.threadsWhy = setThreads(c, t.threadsBefore(o), o.Part.LocalWorld)
	t.Config.Threads = int(torch.NumThreads()) // for config.yaml: a resumed run must use as many to be exact
	torch.SetCuDNNBenchmark(true)              // every step has the same shapes
	err = t.team.InTurn(func() (err error) {
		t.sets, err = inputs.Open(ctx, c, t.console)
		return err
	})
	if err == nil && t.team.Leads() {
		err = t.listSeen(ctx, o)
	}
	if err != nil {
		return t, err
	}
	t.StepsPerEpoch = c.StepsPerEpoch(t.sets.Source.Len())
	t.Total = c.TotalSteps(t.StepsPerEpoch)
	at, measured := chooseLayout(c, place{device: t.device, bf16: c.BF16, team: t.team})
	if t.layout = at.layoutName(); measured != "" && t.team.Leads() {
		t.console.Printf("memory format %s: %s\n", t.layout, measured)
	}
	initializer.ManualSeed(int64(c.Seed))
	t.Objective = newObjective(c, at)
	t.means, t.bests, t.reported = runlog.NewMeans(len(t.columns)), map[string]best{}, time.Now()
	return t, t.prepare(o)
}

// prepare does what can fail on the user's side, in an order that writes nothing before the data has been looked at.
func (t *Training) prepare(o Options) error {
	if o.Resume && t.team.Leads() {
		if err := t.restore(); err != nil {
			return err
		}
	}
	if err := t.follow(); err != nil {
		return err
	}
	saved := -1 // step of the newest checkpoint
	if t.resumedFrom != "" {
		saved = t.Step
	}
	if saved >= t.Total && !t.team.Leads() {
		return ErrFinished
	}
	if saved >= t.Total {
		// The process may have ended between the last checkpoint and the export, or at the record after that.
		for _, complete := range []func() error{t.removePartial, t.export, t.completeRecord} {
			if err := complete(); err != nil {
				return err
			}
		}
		return fmt.Errorf("%s: %w after %d steps", t.Dir, ErrFinished, t.Step)
	}
	var err error
	if t.feed, err = openFeed(t.Config, t.sets, place{device: t.device, team: t.team}, t.Step*t.Config.Train.Accumulate); err != nil {
		return err
	}
	if !t.team.Leads() {
		t.hooks = []hook{newGuard(t), &checkpoints{t: t, saved: t.Step, compared: t.Step}}
		return t.prepareGraphs()
	}
	samples, err := newSamples(t)
	if err != nil {
		return err
	}
	if t.quality, err = newQuality(t); err != nil {
		return err
	}
	if err := t.makeFolder(o); err != nil {
		return err
	}
	logs, err := runlog.OpenLogs(t.Dir, t.logged(), t.means, t.Step, t.StepsPerEpoch)
	if err != nil {
		return err
	}
	t.hooks = []hook{newGuard(t), logs} // closed with the training
	if err := t.prepareGraphs(); err != nil {
		return err
	}
	for _, lost := range logs.Lost {
		t.console.Warnf("%s", lost)
	}
	events, err := runlog.OpenEvents(t.Dir, t.logged(), saved, t.Config.Image.Channels)
	if err != nil {
		return err
	}
	plots := runlog.Plots{Dir: t.Dir}
	if o := t.Config.Optimizer; o.Schedule != "constant" || o.Warmup > 0 {
		plots.Rate = func(epoch int) float64 { return o.RateAt(min(epoch*t.StepsPerEpoch, t.Total)-1, t.Total) }
	}
	if t.recorder, err = newRecorder(t, samples); err != nil {
		return err
	}
	// The logs come before the checkpoint, so that a run resumed from it finds every line up to its step.
	t.hooks = append(t.hooks, samples, events, plots, &checkpoints{t: t, saved: t.Step, compared: t.Step}, t.recorder)
	if t.console != nil {
		t.announce()
		t.hooks = append(t.hooks, runlog.NewProgress(t.console, t.columns, t.Step, t.Total))
	}
	return nil
}

func (t *Training) announce() {
	verb := "training"
	if t.resumedFrom != "" {
		verb = fmt.Sprintf("resuming at step %d,", t.Step)
	}
	c := t.Config
	where := deviceName(t.device, c)
	if !t.device.IsCUDA() {
		where += " (" + t.threadsWhy + ")"
	}
	if n := t.team.Processes(); n > 1 {
		where += fmt.Sprintf(", in %d processes", n)
	}
	t.console.Printf("%s %s: %d steps of batch %d (%d an epoch), %d×%d×%d, on %s\n", verb, t.Dir, t.Total, c.Train.Batch,
		t.StepsPerEpoch, c.Image.Size, c.Image.Size, c.Image.Channels, where)
	for _, m := range t.Objective.Models() {
		t.console.Printf("  %s: %d weights\n", m.Name, m.Network.arch.Parameters())
	}
	if t.sets.HeldOut.Len() == 0 && len(t.quality.sets) > 0 {
		t.console.Printf("  no images are held out (data.held_out is 0): only keys of training images are judged\n")
	}
}

func (t *Training) close() {
	for _, h := range t.hooks {
		if c, ok := h.(io.Closer); ok {
			c.Close()
		}
	}
	for _, s := range t.pending {
		s.row.Close()
	}
	t.graphs.close()
	if t.feed != nil {
		t.feed.close()
	}
	if t.Objective != nil {
		closeModels(t.Objective)
	}
	t.unlock()
}

// useDevice picks the device that the configuration names, and sets libtorch's precision. auto is the first GPU where
// there is one.
func useDevice(c config.Config) (d torch.Device, err error) {
	if d, err = deviceOf(c.Device); err != nil {
		return d, err
	}
	torch.SetTF32(c.TF32)
	if c.BF16 {
		err = checkBF16(d)
	}
	return d, err
}

func deviceOf(name string) (d torch.Device, err error) {
	if name == "auto" {
		name = "cpu"
		if torch.IsCUDAAvailable() {
			name = "cuda"
		}
	}
	if err = torch.Try(func() { d = torch.NewDevice(name) }); err != nil {
		return d, fmt.Errorf("device: %w", err)
	}
	return d, nil
}

func deviceName(d torch.Device, c config.Config) string {
	precision := "fp32"
	switch {
	case c.BF16:
		precision = "bf16"
	case c.TF32 && d.IsCUDA():
		precision = "TF32"
	}
	if d.IsCUDA() {
		return d.String() + " in " + precision
	}
	return "the CPU in " + precision + ", " + inputs.Count(int(torch.NumThreads()), "thread")
}
