package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"keygan/data/dataset"
	torch "keygan/gotorch"
	"keygan/gotorch/nn/initializer"
	"keygan/internal/atomicfile"
)

// ErrInterrupted reports a run that was stopped between two steps, with a checkpoint written.
var ErrInterrupted = errors.New("interrupted")

// Options are what a run's caller decides, rather than its configuration.
type Options struct {
	Resume bool      // go on from the newest checkpoint
	Force  bool      // replace a run that is already there
	Log    io.Writer // progress and messages; nil: none
	// Terminal draws a progress bar on Log; without it, a line is written every few seconds.
	Terminal bool
}

// Training is a run under way: what hooks may look at.
type Training struct {
	Config        Config
	Dir           string // the run's folder
	Step, Total   int    // steps done, steps in all
	StepsPerEpoch int
	Objective     Objective

	device         torch.Device
	source, target *dataset.Loader
	hooks          []hook
	trainingData   trainingData
	images         [2]int // in the source and in the target set
	resumedFrom    string // the checkpoint, or ""
	locked         *os.File
	recorder       *recorder
	means          means // of Objective.Columns over the steps of the epoch under way
}

// hook is called after each step, with the values of Objective.Columns; finish is called once, after the last step of this
// process, whether the run is complete or was stopped.
type hook interface {
	afterStep(t *Training, values []float64) error
	finish(t *Training) error
}

// Run trains as c says, in the folder Output/Name.
func Run(ctx context.Context, c Config, o Options) error {
	var err error
	if failed := torch.Try(func() { err = run(ctx, c, o) }); failed != nil {
		return failed // libtorch's own: out of memory, shapes that do not fit
	}
	return err
}

func run(ctx context.Context, c Config, o Options) error {
	// libtorch keeps its number of threads for each thread that calls it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	t, err := start(ctx, c, o)
	if err != nil {
		return err
	}
	defer t.close()
	if err = t.loop(ctx); err != nil && !errors.Is(err, ErrInterrupted) {
		t.recorder.failed(t, err) // where that cannot be written, err says more
	}
	return err
}

// loop is the training loop: all of it.
func (t *Training) loop(ctx context.Context) error {
	for t.Step < t.Total && ctx.Err() == nil {
		values, err := t.oneStep()
		if err != nil {
			return err
		}
		t.Step++
		for _, h := range t.hooks {
			if err := h.afterStep(t, values); err != nil {
				return err
			}
		}
	}
	for _, h := range t.hooks {
		if err := h.finish(t); err != nil {
			return err
		}
	}
	if t.Step < t.Total {
		return ErrInterrupted
	}
	return nil
}

// Epoch is the epoch that the last step belongs to, from 1 on; EpochDone says that it was that epoch's last.
func (t *Training) Epoch() int      { return (t.Step + t.StepsPerEpoch - 1) / t.StepsPerEpoch }
func (t *Training) EpochDone() bool { return t.Step%t.StepsPerEpoch == 0 || t.Step == t.Total }

// oneStep gives the objective the next batches, and the learning rate that is their turn's.
func (t *Training) oneStep() (values []float64, err error) {
	rate := t.Config.Optimizer.learningRate(t.Step, t.Total)
	for _, m := range t.Objective.Models() {
		m.Optimizer.SetLR(rate)
	}
	torch.Scope(func() {
		batches := make([]Batch, t.Config.Train.Accumulate)
		for i := range batches {
			if batches[i], err = t.nextBatch(); err != nil {
				return
			}
		}
		values = t.Objective.Step(batches)
	})
	return values, err
}

// nextBatch puts a batch of sources and one of targets onto the device.
func (t *Training) nextBatch() (b Batch, err error) {
	s, channels := int64(t.Config.Image.Size), int64(t.Config.Image.Channels)
	next := func(l *dataset.Loader) (x torch.Tensor) {
		if err != nil {
			return x
		}
		var batch dataset.Batch
		if batch, err = l.Next(); err == nil {
			x = torch.FromFloats(batch.Pixels, int64(t.Config.Train.Batch), channels, s, s).To(t.device)
		}
		return x
	}
	b.Source, b.Target = next(t.source), next(t.target)
	return b, err
}

// start prepares everything that the first step needs. The data is opened before the folder is touched: a configuration
// that cannot train leaves nothing behind.
func start(ctx context.Context, c Config, o Options) (t *Training, err error) {
	t = &Training{Config: c, Dir: filepath.Join(c.Output, c.Name)}
	defer func() {
		if err != nil {
			t.unlock()
		}
	}()
	if err := t.claimFolder(o); err != nil {
		return t, err
	}
	if t.device, err = pickDevice(c.Device); err != nil {
		return t, err
	}
	if c.Threads > 0 {
		torch.SetNumThreads(int32(c.Threads))
	}
	t.Config.Threads = torch.NumThreads() // for config.yaml: a resumed run must use as many to be exact
	torch.SetTF32(c.TF32)
	torch.SetCuDNNBenchmark(true) // every step has the same shapes
	if t.trainingData, err = openDataset(ctx, c, o); err != nil {
		return t, err
	}
	t.images = [2]int{t.trainingData.source.Len(), t.trainingData.target.Len()}
	t.StepsPerEpoch = c.stepsPerEpoch(t.images[0])
	t.Total = c.totalSteps(t.StepsPerEpoch)
	initializer.ManualSeed(int64(c.Seed))
	t.Objective = newObjective(c, t.device)
	t.means = newMeans(len(t.Objective.Columns()))
	if err := t.prepare(o); err != nil {
		t.close()
		return t, err
	}
	return t, nil
}

// prepare does what can fail on the user's side, in an order that writes nothing before the data has been looked at.
func (t *Training) prepare(o Options) error {
	if o.Resume {
		if err := t.restore(o); err != nil {
			return err
		}
	}
	if o.Resume && t.Step >= t.Total {
		// The process may have ended between the last checkpoint and the export, or at the record after that.
		if err := t.removePartial(); err != nil {
			return err
		}
		if err := t.export(); err != nil {
			return err
		}
		if err := completeRecord(t); err != nil {
			return err
		}
		return fmt.Errorf("%s: %w after %d steps", t.Dir, ErrFinished, t.Step)
	}
	if err := t.openLoaders(); err != nil {
		return err
	}
	samples, err := newSamples(t)
	if err != nil {
		return err
	}
	if err := t.makeFolder(o); err != nil {
		return err
	}
	logs, err := newLogs(t)
	if err != nil {
		return err
	}
	events, err := newEvents(t)
	if err != nil {
		return err
	}
	if t.recorder, err = newRecorder(t, samples); err != nil {
		return err
	}
	// The logs come before the checkpoint, so that a run resumed from it finds every line up to its step.
	t.hooks = []hook{newGuard(t), logs, samples, events, plots{}, newCheckpoints(t, o.Resume), t.recorder}
	if o.Log != nil {
		t.hooks = append(t.hooks, newProgress(t, o))
	}
	return nil
}

// specsOf are the images of targets before they are encrypted.
func specsOf(targets []Target) []dataset.Spec {
	specs := make([]dataset.Spec, len(targets))
	for i, t := range targets {
		specs[i] = t.Spec
	}
	return specs
}

func (t *Training) openLoaders() (err error) {
	options := dataset.LoaderOptions{
		Batch:    t.Config.Train.Batch,
		Size:     t.Config.Image.Size,
		Channels: t.Config.Image.Channels,
		Workers:  t.Config.Train.Workers,
		Seed:     t.Config.Seed,
		Start:    t.Step * t.Config.Train.Accumulate,
	}
	if t.source, err = dataset.NewLoader(t.trainingData.source, options); err != nil {
		return fmt.Errorf("source: %w", err)
	}
	if !t.Config.Paired() {
		options.Seed ^= 1 << 63 // two sets of the same length must not go in step
	}
	if t.target, err = dataset.NewLoader(t.trainingData.target, options); err != nil {
		t.source.Close()
		return fmt.Errorf("target: %w", err)
	}
	return nil
}

// claimFolder locks the run's folder, if it is there, and refuses one that must not be used.
func (t *Training) claimFolder(o Options) error {
	if err := t.lock(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return t.checkFolder(o)
}

// checkFolder refuses a folder that must not be touched, and one that is to be resumed where there is no run.
func (t *Training) checkFolder(o Options) error {
	_, err := os.Stat(filepath.Join(t.Dir, "config.yaml"))
	there := err == nil
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	switch {
	case o.Resume && !there:
		return fmt.Errorf("%s: nothing to resume: this folder holds no run", t.Dir)
	case o.Resume:
		return nil
	case there && !o.Force:
		return fmt.Errorf("%s: this folder holds a run: %w", t.Dir, ErrRunExists)
	case there:
		return nil
	}
	for _, name := range runFiles {
		if _, err := os.Lstat(filepath.Join(t.Dir, name)); err == nil {
			return fmt.Errorf("%s: holds no run (no config.yaml), but has %s, which a run would replace: use another name", t.Dir, name)
		}
	}
	return nil
}

// makeFolder begins a run's folder with its resolved configuration, in the place of a run that was there unless that is
// resumed.
func (t *Training) makeFolder(o Options) error {
	if err := os.MkdirAll(t.Dir, 0o755); err != nil {
		return err
	}
	if t.locked == nil { // it was not there until now, and another process may have been faster
		if err := t.claimFolder(o); err != nil {
			return err
		}
	}
	if err := t.removePartial(); err != nil {
		return err
	}
	if !o.Resume {
		if err := t.removeRun(); err != nil {
			return err
		}
	} else if err := t.nameLatest(filepath.Base(t.resumedFrom)); err != nil { // a newer one may be damaged
		return err
	}
	return writeFile(filepath.Join(t.Dir, "config.yaml"), t.Config.YAML())
}

// removeRun removes the run that was there.
func (t *Training) removeRun() error {
	old, err := eventFiles(t.Dir)
	if err != nil {
		return err
	}
	for _, name := range runFiles {
		old = append(old, filepath.Join(t.Dir, name))
	}
	for _, path := range old {
		if err := os.RemoveAll(path); err != nil {
			return err
		}
	}
	return nil
}

// removePartial removes what a killed process was writing when it ended.
func (t *Training) removePartial() error {
	for _, name := range []string{".", "samples", "plots", "checkpoints"} {
		files, err := os.ReadDir(filepath.Join(t.Dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, f := range files {
			if partial, _ := filepath.Match(".keygan-*.tmp", f.Name()); !partial { // atomicfile's names
				continue
			}
			if err := os.Remove(filepath.Join(t.Dir, name, f.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// ErrRunExists reports a folder that holds a run, where neither Resume nor Force says what is to become of it.
var ErrRunExists = errors.New("already exists")

// runFiles is what a run puts into its folder, with its event files; --force removes these and nothing else. config.yaml,
// which tells that a folder is a run's, goes last.
var runFiles = []string{"metrics.csv", "metrics.jsonl", "samples", "plots", "checkpoints", "generator.npz", "reconstructor.npz", "test", "run.json", "config.yaml"}

func (t *Training) close() {
	for _, h := range t.hooks {
		if c, ok := h.(io.Closer); ok {
			c.Close()
		}
	}
	if t.source != nil {
		t.source.Close()
	}
	if t.target != nil {
		t.target.Close()
	}
	for _, m := range t.Objective.Models() {
		m.close()
	}
	t.unlock()
}

// deviceName says where the training runs, in words.
func (t *Training) deviceName() string {
	if !t.device.IsCUDA() {
		if n := torch.NumThreads(); n > 1 {
			return fmt.Sprintf("the CPU, %d threads", n)
		}
		return "the CPU, 1 thread"
	}
	precision := "fp32"
	if t.Config.TF32 {
		precision = "TF32"
	}
	return fmt.Sprintf("%v in %s", t.device, precision)
}

// pickDevice turns auto into the first GPU where there is one.
func pickDevice(name string) (d torch.Device, err error) {
	if name == "auto" {
		name = "cpu"
		if torch.IsCUDAAvailable() {
			name = "cuda"
		}
	}
	err = torch.Try(func() { d = torch.NewDevice(name) })
	if err != nil {
		return d, fmt.Errorf("device: %w", err)
	}
	return d, nil
}

// writeFile puts content at path whole, replacing what was there.
func writeFile(path string, content []byte) error {
	return atomicfile.Write(path, 0o666, true, func(w io.Writer) error {
		_, err := io.Copy(w, bytes.NewReader(content))
		return err
	})
}
