package train

import (
	"errors"
	"fmt"
	"time"

	torch "keygan/gotorch"
	"keygan/train/runlog"
)

// pendingStep is a step whose row of values has not been read from the device yet.
type pendingStep struct {
	runlog.Step
	row torch.Tensor
}

// On a GPU, the rows of so many steps are read at once, or of those of so long a time: each reading waits for the device.
const (
	logEveryOnGPU = 50
	logAtLeast    = 5 * time.Second
)

// oneStep gives the objective the next batches, and its optimizers the learning rate of the step. It waits for no GPU.
func (t *Training) oneStep() (err error) {
	rate := t.Config.Optimizer.RateAt(t.Step, t.Total)
	for _, m := range t.Objective.Models() {
		m.Optimizer.SetLR(rate)
	}
	var row torch.Tensor
	torch.Scope(func() {
		batches := make([]Batch, t.Config.Train.Accumulate)
		for i := range batches {
			if batches[i], err = t.feed.next(); err != nil {
				return
			}
		}
		row = t.graphs.step(batches, t.compute).Keep()
	})
	if err != nil {
		return err
	}
	t.Step++
	t.pending = append(t.pending, pendingStep{
		runlog.Step{Step: t.Step, Epoch: t.epoch(), EpochDone: t.epochDone(), Skipped: t.skipped()}, row,
	})
	if t.Step < t.Total {
		t.feed.ahead()
	}
	if t.began.IsZero() { // the first step waits for the loaders to fill
		t.began, t.feed.waited = time.Now(), 0
	}
	return nil
}

// waiting is the share of this process's time, from its first step on, that went by waiting for data. A GPU may have been busy meanwhile.
func (t *Training) waiting() float64 {
	if t.began.IsZero() {
		return 0
	}
	return t.feed.waited.Seconds() / max(time.Since(t.began).Seconds(), 1e-9)
}

// compute makes a step. It returns the objective's row and, where a GPU counts them, the updates left out of each model. The row belongs
// to the scope that is running.
func (t *Training) compute(batches []Batch) (row torch.Tensor) {
	torch.Scope(func() {
		parts := []torch.Tensor{t.team.Mean(t.Objective.Step(batches))}
		for _, m := range t.Objective.Models() {
			m.keepFinite()
			if m.left.T != nil {
				parts = append(parts, m.left)
			}
		}
		row = torch.Cat(parts, 0).Keep()
	})
	return row
}

// due says that the pending steps must be reported now: at the latest before a hook looks at the weights.
func (t *Training) due() bool {
	every := t.Config.Train.LogEvery
	if every == 0 && t.device.IsCUDA() {
		every = logEveryOnGPU
	}
	return len(t.pending) >= every || t.epochDone() || t.Step%t.checkpointEvery() == 0 || time.Since(t.reported) >= logAtLeast
}

// report reads the rows of the pending steps in one go, and tells the hooks of each step.
func (t *Training) report() error {
	steps := t.pending
	t.pending, t.reported = nil, time.Now()
	if len(steps) == 0 {
		return nil
	}
	var all []float64
	torch.Scope(func() {
		var rows []torch.Tensor
		for _, s := range steps {
			rows = append(rows, s.row)
		}
		all = numbers(torch.Cat(rows, 0))
	})
	n := len(all) / len(steps)
	for i, s := range steps {
		s.row.Close()
		values := all[i*n : (i+1)*n]
		s.Values = values[:len(t.columns)]
		if left := values[len(t.columns):]; len(left) > 0 {
			for k, m := range t.Objective.Models() {
				m.Skipped = int(left[k])
			}
			s.Skipped = t.skipped()
		}
		s.Waiting = t.waiting()
		var err error
		if s.Keys, err = t.quality.after(s.Step); err != nil {
			return err
		}
		for _, h := range t.hooks {
			if err := h.AfterStep(s.Step); err != nil {
				return err
			}
		}
	}
	return nil
}

// graph is a captured step.
type graph interface {
	Replay()
	Close()
}

// graphs makes the steps of a GPU by replaying one that was captured whole, which saves launching thousands of operations. The nil graphs,
// and one that could not capture, make them one operation at a time.
type graphs struct {
	capture func(f func()) graph // records what f gives to the device, and does not execute it
	failed  func(error)          // is told why a step cannot be captured

	done   int     // steps made one operation at a time
	inputs []Batch // what the captured step reads
	row    torch.Tensor
	graph  graph
}

// stepsBeforeCapture choose algorithms, and make what lasts: Adam's moments, and memory.
const stepsBeforeCapture = 3

// prepareGraphs leaves t.graphs nil where steps are not captured. With cuda_graphs: on, that is an error.
func (t *Training) prepareGraphs() error {
	o, reason := t.Config.Optimizer, ""
	switch {
	case t.Config.CUDAGraphs == "off":
		return nil
	case !t.device.IsCUDA():
		reason = "they need a GPU"
	case t.team != nil:
		reason = "several processes train together"
	case !torch.GraphsFollowRate() && (o.Schedule != "constant" || o.Warmup > 0):
		reason = "a learning rate that changes needs libtorch 2.2, not " + torch.Version()
	default:
		t.graphs = &graphs{capture: t.capture, failed: t.notCaptured}
		return nil
	}
	if t.Config.CUDAGraphs == "on" {
		return fmt.Errorf("cuda_graphs: on: %s", reason)
	}
	if t.device.IsCUDA() {
		t.notCaptured(errors.New(reason))
	}
	return nil
}

func (t *Training) capture(f func()) graph {
	torch.Synchronize(t.device)
	torch.EmptyCUDACache() // the graph has memory of its own
	return torch.CaptureCUDAGraph(t.device, f)
}

func (t *Training) notCaptured(err error) {
	t.console.Warnf("no CUDA graphs, so steps are launched one operation at a time: %v", err)
}

// step makes a step of batches by compute. The row belongs to the scope that is running.
func (g *graphs) step(batches []Batch, compute func([]Batch) torch.Tensor) torch.Tensor {
	if g == nil || g.capture == nil || g.done < stepsBeforeCapture {
		if g != nil {
			g.done++
		}
		return compute(batches)
	}
	if g.graph == nil {
		for _, b := range batches {
			g.inputs = append(g.inputs, Batch{b.Source.EmptyLike().Keep(), b.Target.EmptyLike().Keep()})
		}
		err := torch.Try(func() {
			g.graph = g.capture(func() {
				g.row.Close()
				g.row = compute(g.inputs).Keep()
			})
		})
		if err != nil {
			g.failed(err)
			g.close()
			*g = graphs{}
			return afterFailedCapture(batches, compute)
		}
	}
	for i, b := range batches {
		g.inputs[i].Source.CopyI(b.Source)
		g.inputs[i].Target.CopyI(b.Target)
	}
	g.graph.Replay()
	return g.row.EmptyLike().CopyI(g.row) // the next replay overwrites it
}

// afterFailedCapture makes a step without a graph. Some libtorch versions cannot draw random numbers on a GPU any more once a capture
// has failed: the error then says what helps.
func afterFailedCapture(batches []Batch, compute func([]Batch) torch.Tensor) (row torch.Tensor) {
	if err := torch.Try(func() { row = compute(batches) }); err != nil {
		panic(&torch.Error{Op: "capture", Msg: fmt.Sprintf("after a capture that failed, steps fail as well; set cuda_graphs: off; %v", err)})
	}
	return row
}

func (g *graphs) close() {
	if g == nil {
		return
	}
	if g.graph != nil {
		g.graph.Close()
	}
	for _, b := range g.inputs {
		b.Source.Close()
		b.Target.Close()
	}
	g.row.Close()
}
