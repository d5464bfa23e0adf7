package train

import (
	"errors"
	"fmt"
	"math"
	"strings"

	torch "keygan/gotorch"
)

var (
	// ErrDiverged reports a training whose losses or weights are no finite numbers any more. Its checkpoints are from before.
	ErrDiverged = errors.New("the training has diverged")
	// ErrAllSkipped reports, besides ErrDiverged, one that has come to where every update is left out.
	ErrAllSkipped = errors.New("updates were left out")
)

// maxSkippedSteps is how many steps in a row may leave out updates before the run stops.
const maxSkippedSteps = 100

// guard stops a run whose numbers are not finite any more. With on_nan: skip, Model.update has left out such updates, and the
// guard sees to it that nothing else of them stays: it puts back what batch norms had counted before.
type guard struct {
	inARow  int           // steps that left out an update, the last ones
	skipped int           // updates left out until the last step
	counted [][][]float32 // buffers of each model after the last good step
}

func newGuard(t *Training) *guard {
	g := &guard{skipped: t.skipped()}
	if t.Config.Train.OnNaN == "skip" {
		g.remember(t)
	}
	return g
}

func (g *guard) afterStep(t *Training, values []float64) error {
	wrong := notFinite(t.Objective.Columns(), values)
	if t.Config.Train.OnNaN != "skip" {
		if wrong != "" {
			return t.diverged("%w: %s", ErrDiverged, wrong)
		}
		return nil
	}
	skipped := t.skipped()
	if wrong == "" && skipped == g.skipped {
		g.inARow = 0
		g.remember(t)
		return nil
	}
	g.skipped = skipped
	g.putBack(t)
	if g.inARow++; g.inARow >= maxSkippedSteps {
		return t.diverged("%w: %w in %d steps, one after the other; %s", ErrDiverged, ErrAllSkipped, g.inARow, wrong)
	}
	return nil
}

func (g *guard) finish(*Training) error { return nil }

func (g *guard) remember(t *Training) {
	g.counted = nil
	for _, m := range t.Objective.Models() {
		var buffers [][]float32
		for _, b := range m.Network.Buffers {
			buffers = append(buffers, b.Tensor.Floats())
		}
		g.counted = append(g.counted, buffers)
	}
}

func (g *guard) putBack(t *Training) {
	for i, m := range t.Objective.Models() {
		if torch.AllFinite(tensorsOf(m.Network.Buffers)) {
			continue
		}
		torch.NoGrad(func() {
			for k, b := range m.Network.Buffers {
				b.Tensor.SetFloats(g.counted[i][k])
			}
		})
	}
}

// skipped counts the updates left out since the run began.
func (t *Training) skipped() (n int) {
	for _, m := range t.Objective.Models() {
		n += m.Skipped
	}
	return n
}

// diverged says, of what went wrong at the last step, which tensors are concerned and where the last good weights are.
func (t *Training) diverged(format string, args ...any) error {
	var tensors []string
	for _, m := range t.Objective.Models() {
		if text := m.notFinite(); text != "" {
			tensors = append(tensors, text)
		}
	}
	state := "all weights are finite"
	if len(tensors) > 0 {
		state = "not finite: " + strings.Join(tensors, "; ")
	}
	last := "no checkpoint was written before"
	if path, err := newestCheckpoint(t.Dir); err == nil {
		last = "the last good checkpoint is " + path
	}
	return fmt.Errorf("%s: step %d: %w; %s; %s", t.Dir, t.Step, fmt.Errorf(format, args...), state, last)
}

// notFinite names the tensors of the model, Adam's moments among them, that hold infinite values or NaN: the first few.
func (m *Model) notFinite() (text string) {
	torch.Scope(func() { text = listNotFinite(m.Name, m.everything()) }) // Adam's state comes as handles of its own
	return text
}

// everything is what a checkpoint holds of the model.
func (m *Model) everything() []Param {
	all := m.Network.state()
	for _, p := range m.Mean {
		all = append(all, Param{"ema/" + p.Name, p.Tensor})
	}
	if step, first, second := m.Optimizer.State(); step > 0 {
		for i, p := range m.Network.Params {
			all = append(all, Param{"adam.m/" + p.Name, first[i]}, Param{"adam.v/" + p.Name, second[i]})
		}
	}
	return all
}

func listNotFinite(model string, all []Param) string {
	const most = 3
	if torch.AllFinite(tensorsOf(all)) {
		return ""
	}
	var wrong []string
	for _, p := range all {
		if !torch.AllFinite([]torch.Tensor{p.Tensor}) {
			wrong = append(wrong, p.Name)
		}
	}
	n := len(wrong)
	if n > most {
		wrong = append(wrong[:most], "…")
	}
	return fmt.Sprintf("%d of %d tensors of the %s (%s)", n, len(all), model, strings.Join(wrong, ", "))
}

// notFinite says which of the columns' values are infinite or NaN, or "".
func notFinite(columns []string, values []float64) string {
	var wrong []string
	for i, v := range values {
		if !finite(v) {
			wrong = append(wrong, fmt.Sprintf("%s is %v", columns[i], v))
		}
	}
	return strings.Join(wrong, ", ")
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
