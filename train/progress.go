package train

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a run is: a bar on a terminal, else a line every few seconds.
type progress struct {
	log         io.Writer
	bar         *progressbar.ProgressBar
	first       int // step at which this process began
	began, last time.Time
}

// lineEvery is how often a log that is no terminal gets a line.
const lineEvery = 10 * time.Second

func newProgress(t *Training, o Options) *progress {
	now := time.Now()
	p := &progress{log: o.Log, first: t.Step, began: now, last: now}
	verb := "training"
	if t.Step > 0 {
		verb = fmt.Sprintf("resuming at step %d,", t.Step)
	}
	fmt.Fprintf(o.Log, "%s %s: %d steps of batch %d (%d an epoch), %d×%d×%d, on %s\n", verb, t.Dir, t.Total, t.Config.Train.Batch,
		t.StepsPerEpoch, t.Config.Image.Size, t.Config.Image.Size, t.Config.Image.Channels, t.deviceName())
	for _, m := range t.Objective.Models() {
		fmt.Fprintf(o.Log, "  %s: %d weights\n", m.Name, countWeights(m.Network.layers))
	}
	if o.Terminal {
		p.bar = progressbar.NewOptions(t.Total, progressbar.OptionSetWriter(o.Log), progressbar.OptionShowIts(),
			progressbar.OptionSetItsString("step"), progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(20), progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
		p.bar.Set(t.Step)
	}
	return p
}

func (p *progress) afterStep(t *Training, values []float64) error {
	losses := fmt.Sprintf("epoch %d", t.Epoch())
	for i, name := range t.Objective.Columns()[:min(4, len(values))] {
		losses += fmt.Sprintf("  %s %.3f", name, values[i])
	}
	if p.bar != nil {
		p.bar.Describe(losses)
		p.bar.Add(1)
		return nil
	}
	if now := time.Now(); now.Sub(p.last) >= lineEvery || t.Step == t.Total {
		p.last = now
		rate := float64(t.Step-p.first) / now.Sub(p.began).Seconds()
		left := time.Duration(float64(t.Total-t.Step) / rate * float64(time.Second))
		fmt.Fprintf(p.log, "step %d/%d  %.2f steps/s  %v left  %s\n", t.Step, t.Total, rate, left.Round(time.Second), losses)
	}
	return nil
}

func (p *progress) finish(t *Training) error {
	if p.bar != nil {
		p.bar.Exit()
		fmt.Fprintln(p.log)
	}
	if t.Step == t.Total {
		fmt.Fprintf(p.log, "trained %d steps in %v\n", t.Step-p.first, time.Since(p.began).Round(time.Second))
	}
	return nil
}
