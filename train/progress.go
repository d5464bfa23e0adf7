package train

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/sys/unix"
)

// progress shows how far a run is: a bar on a terminal, else a line every few seconds.
type progress struct {
	log         io.Writer
	bar         *progressbar.ProgressBar // nil without a terminal
	first       int                      // step at which this process began
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
		fmt.Fprintf(o.Log, "  %s: %d weights\n", m.Name, m.Network.arch.Parameters())
	}
	if o.Terminal {
		var legend []string
		for _, name := range losses(t.Objective.Columns()) {
			legend = append(legend, short(name)+" "+name)
		}
		fmt.Fprintf(o.Log, "  %s\n", strings.Join(legend, ", "))
		// The rate and the time left are ours: the bar's own count a resumed run's earlier steps as made in an instant.
		p.bar = progressbar.NewOptions(t.Total, progressbar.OptionSetWriter(o.Log), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
		p.bar.Set(t.Step)
	}
	return p
}

func (p *progress) afterStep(t *Training, values []float64) error {
	now := time.Now()
	rate := float64(t.Step-p.first) / now.Sub(p.began).Seconds()
	left := time.Duration(float64(t.Total-t.Step) / rate * float64(time.Second))
	if p.bar != nil {
		room := p.width() - len(fmt.Sprintf("  100%% |%*s| (%d/%d)  ", minBar, "", t.Total, t.Total))
		p.bar.Describe(status(room, t.Epoch(), t.skipped(), rate, left, t.Objective.Columns(), values))
		p.bar.Add(1)
		return nil
	}
	if now.Sub(p.last) >= lineEvery || t.Step == t.Total {
		p.last = now
		text := fmt.Sprintf("step %d/%d  %.2f steps/s  %s left  epoch %d", t.Step, t.Total, rate, roughly(left), t.Epoch())
		for i, name := range losses(t.Objective.Columns()) {
			text += fmt.Sprintf("  %s %.3f", name, values[i])
		}
		if n := t.skipped(); n > 0 {
			text += fmt.Sprintf("  %d updates skipped", n)
		}
		fmt.Fprintln(p.log, text)
	}
	return nil
}

func (p *progress) finish(t *Training) error {
	p.Close()
	if t.Step == t.Total {
		fmt.Fprintf(p.log, "trained %d steps in %v\n", t.Step-p.first, time.Since(p.began).Round(time.Second))
	}
	if n := t.skipped(); n > 0 {
		fmt.Fprintf(p.log, "%d updates were left out, since their gradients were infinite or NaN\n", n)
	}
	return nil
}

// Close ends the bar's line, so that what is printed next, such as why a run failed, has its own.
func (p *progress) Close() error {
	if p.bar == nil {
		return nil
	}
	p.bar = nil
	_, err := fmt.Fprintln(p.log)
	return err
}

// minBar is the least width of the bar itself, in characters.
const minBar = 5

// width is the terminal's, in characters.
func (p *progress) width() int {
	if f, ok := p.log.(*os.File); ok {
		if size, err := unix.IoctlGetWinsize(int(f.Fd()), unix.TIOCGWINSZ); err == nil && size.Col > 0 {
			return int(size.Col)
		}
	}
	return 80
}

// status is what stands before the bar: the rate, the time left and as many losses as room, in characters, has space for.
func status(room, epoch, skipped int, rate float64, left time.Duration, columns []string, values []float64) string {
	text := fmt.Sprintf("%.3g steps/s, %s left", rate, roughly(left))
	if skipped > 0 {
		text += fmt.Sprintf(", %d skipped", skipped)
	}
	for i, name := range losses(columns) {
		more := fmt.Sprintf("  %s %.3g", short(name), values[i])
		if len(text)+len(more) > room {
			return text
		}
		text += more
	}
	if whole := fmt.Sprintf("epoch %d, %s", epoch, text); len(whole) <= room {
		return whole
	}
	return text
}

// losses are the columns that progress shows: the first few, which objectives give their losses.
func losses(columns []string) []string { return columns[:min(4, len(columns))] }

// short is a column's name in two letters: GL for Generator Loss, Dr for D_real.
func short(name string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '_' }) {
		b.WriteString(word[:1])
	}
	return b.String()
}

// roughly is a duration in its two largest units: 2d3h, 1h18m, 12m30s, 45s.
func roughly(d time.Duration) string {
	const day = 24 * time.Hour
	switch d = max(d, 0); {
	case d >= 10000*day:
		return "years"
	case d >= day:
		return fmt.Sprintf("%dd%dh", d/day, d%day/time.Hour)
	case d >= time.Hour:
		return fmt.Sprintf("%dh%dm", d/time.Hour, d%time.Hour/time.Minute)
	}
	return d.Round(time.Second).String()
}
