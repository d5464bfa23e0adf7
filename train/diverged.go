package train

import (
	"errors"
	"fmt"
	"strings"

	torch "keygan/gotorch"
	"keygan/train/inputs"
	"keygan/train/runlog"
)

var (
	// ErrDiverged reports a training whose losses or weights are not finite any more. Its checkpoints are from before.
	ErrDiverged = errors.New("the training has diverged")
	// ErrAllSkipped reports, besides ErrDiverged, a training that leaves out every update.
	ErrAllSkipped = errors.New("updates were skipped")
)

// maxSkippedSteps is how many steps in a row may leave out updates before the run stops.
const maxSkippedSteps = 100

// guard is the hook that stops a run whose numbers are not finite any more. With on_nan: skip, the models have left out such updates.
type guard struct {
	t       *Training
	inARow  int // how many of the last steps left out an update
	skipped int // updates left out until the last step
}

func newGuard(t *Training) *guard {
	if t.Config.Train.OnNaN == "skip" {
		for _, m := range t.Objective.Models() {
			m.prepareSkips(t.device.IsCUDA())
		}
	}
	return &guard{t: t, skipped: t.skipped()}
}

func (g *guard) AfterStep(s runlog.Step) error {
	t := g.t
	skip, wrong := t.Config.Train.OnNaN == "skip", notFinite(t.columns, s.Values)
	switch {
	case !skip && wrong != "":
		return t.diverged(s.Step, "%w: %s", ErrDiverged, wrong)
	case !skip:
		return nil
	case wrong == "" && s.Skipped == g.skipped:
		g.inARow = 0
		return nil
	}
	g.skipped = s.Skipped
	if g.inARow++; g.inARow >= maxSkippedSteps {
		return t.diverged(s.Step, "%w: %w in %d steps, one after the other; %s", ErrDiverged, ErrAllSkipped, g.inARow, wrong)
	}
	return nil
}

// skipped counts the updates left out since the run began.
func (t *Training) skipped() (n int) {
	for _, m := range t.Objective.Models() {
		n += m.Skipped
	}
	return n
}

// diverged completes what went wrong at a step by which tensors are concerned, and where the last good weights are.
func (t *Training) diverged(step int, format string, args ...any) error {
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
	if path, err := runlog.NewestCheckpoint(t.Dir); err == nil {
		last = "the last good checkpoint is " + path
	}
	return fmt.Errorf("%s: step %d: %w; %s; %s", t.Dir, step, fmt.Errorf(format, args...), state, last)
}

// notFinite names the arrays of the model, Adam's moments among them, that hold infinite values or NaN: the first few.
func (m *Model) notFinite() (text string) {
	torch.Scope(func() {
		all := m.arrays()
		if torch.AllFinite(tensorsOf(all)) { // one answer from the device, not one for each
			return
		}
		var wrong []string
		for _, p := range all {
			if !torch.AllFinite([]torch.Tensor{p.Tensor}) {
				wrong = append(wrong, p.Name)
			}
		}
		text = fmt.Sprintf("%d of %d tensors of the %s (%s)", len(wrong), len(all), m.Name, inputs.FirstFew(wrong, 3, ", "))
	})
	return text
}

// notFinite says which of the columns' values are infinite or NaN, or "".
func notFinite(columns []string, values []float64) string {
	var wrong []string
	for i, v := range values {
		if !runlog.Finite(v) {
			wrong = append(wrong, fmt.Sprintf("%s is %v", columns[i], v))
		}
	}
	return strings.Join(wrong, ", ")
}
