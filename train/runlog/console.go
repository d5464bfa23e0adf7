package runlog

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// lineEvery is how often a console gets a line, where it is not a terminal.
const lineEvery = 10 * time.Second

// Console is where a run reports to people: a bar on a terminal, else a line every few seconds. A nil Console is silent.
type Console struct {
	w        io.Writer
	terminal bool
	quiet    bool                     // only warnings
	bar      *progressbar.ProgressBar // that is drawn, its line not ended
}

// NewConsole reports to w; a nil w makes a nil Console.
func NewConsole(w io.Writer, terminal bool) *Console {
	if w == nil {
		return nil
	}
	return &Console{w: w, terminal: terminal}
}

// WarningsOnly is a console that hides progress.
func (c *Console) WarningsOnly() *Console {
	if c == nil {
		return nil
	}
	return &Console{w: c.w, quiet: true}
}

// Printf writes a message, on a line of its own where a bar is drawn.
func (c *Console) Printf(format string, args ...any) {
	if c != nil && !c.quiet {
		c.EndBar()
		fmt.Fprintf(c.w, format, args...)
	}
}

// Warnf writes a line that begins with "warning: ", also on a console that hides progress.
func (c *Console) Warnf(format string, args ...any) {
	if c != nil {
		c.EndBar()
		fmt.Fprintf(c.w, "warning: "+format+"\n", args...)
	}
}

// EndBar leaves the line of the bar that is drawn, if one is.
func (c *Console) EndBar() {
	if c != nil && c.bar != nil {
		c.bar = nil
		fmt.Fprintln(c.w)
	}
}

// show draws the bar, or draws it again. The rate and the time left are the text's business: the bar's own would count a resumed
// run's earlier steps as made in an instant.
func (c *Console) show(text string, done, total int) {
	if c.bar == nil {
		c.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(c.w), progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(false), progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
	}
	c.bar.Describe(text)
	c.bar.Set(done)
}

// Counter returns a function that shows how many of a set are done, as in "source: decoding images": with a bar on a terminal, once
// it has taken longer than after. EndBar is to be called when all are done. The Counter of a nil or quiet Console is nil.
func (c *Console) Counter(label string, after time.Duration) func(done, total int) {
	if c == nil || c.quiet {
		return nil
	}
	var began, last time.Time
	drawn := false
	return func(done, total int) {
		now := time.Now()
		if began.IsZero() {
			began, last = now, now
		}
		switch {
		case c.terminal && now.Sub(began) >= after:
			if !drawn {
				c.EndBar() // another counter's
				drawn = true
			}
			c.show(label, done, total)
		case !c.terminal && now.Sub(last) >= lineEvery:
			last = now
			c.Printf("%s, %d of %d\n", label, done, total)
		}
	}
}

func (c *Console) width() int {
	if f, ok := c.w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}

// Progress shows how far a run is.
type Progress struct {
	console     *Console
	columns     []string
	first       int // step at which this process began
	total       int
	began, last time.Time
	step        Step // the last
}

// NewProgress begins to show a run of total steps, some of which are done, on a console that is not nil.
func NewProgress(c *Console, columns []string, step, total int) *Progress {
	now := time.Now()
	if c.terminal {
		var legend []string
		for _, name := range losses(columns) {
			legend = append(legend, initials(name)+" "+name)
		}
		c.Printf("  %s\n", strings.Join(legend, ", "))
	}
	return &Progress{console: c, columns: columns, first: step, step: Step{Step: step}, total: total, began: now, last: now}
}

func (p *Progress) AfterStep(s Step) error {
	now := time.Now()
	p.step = s
	if p.console.quiet {
		return nil
	}
	rate := float64(s.Step-p.first) / now.Sub(p.began).Seconds()
	left := time.Duration(float64(p.total-s.Step) / rate * float64(time.Second))
	if p.console.terminal {
		const minBar = 5 // characters
		room := p.console.width() - len(fmt.Sprintf("  100%% |%*s| (%d/%d)  ", minBar, "", p.total, p.total))
		p.console.show(status(room, s, rate, left, p.columns), s.Step, p.total)
		return nil
	}
	if now.Sub(p.last) >= lineEvery || s.Step == p.total {
		p.last = now
		text := fmt.Sprintf("step %d/%d  %.2f steps/s  %s left  epoch %d", s.Step, p.total, rate, Roughly(left), s.Epoch)
		for i, name := range losses(p.columns) {
			text += fmt.Sprintf("  %s %.3f", name, s.Values[i])
		}
		text += "  " + Waiting(s.Waiting)
		if s.Skipped > 0 {
			text += fmt.Sprintf("  %d updates skipped", s.Skipped)
		}
		p.console.Printf("%s\n", text)
	}
	return nil
}

func (p *Progress) Finish() error {
	p.console.EndBar()
	if p.step.Step == p.total {
		p.console.Printf("trained %d steps in %v\n", p.step.Step-p.first, time.Since(p.began).Round(time.Second))
	}
	if n := p.step.Skipped; n > 0 {
		p.console.Warnf("%d updates were skipped, since their gradients were infinite or NaN", n)
	}
	return nil
}

// Close ends the bar's line, so that what is printed next, such as why a run failed, has its own.
func (p *Progress) Close() error {
	p.console.EndBar()
	return nil
}

// status is what stands before the bar: the rate, the time left, the time that is lost, if any, and as many losses as room, in
// characters, has space for.
func status(room int, s Step, rate float64, left time.Duration, columns []string) string {
	text := fmt.Sprintf("%.3g steps/s, %s left", rate, Roughly(left))
	if s.Waiting >= 0.01 {
		text += ", " + Waiting(s.Waiting)
	}
	if s.Skipped > 0 {
		text += fmt.Sprintf(", %d skipped", s.Skipped)
	}
	for i, name := range losses(columns) {
		more := fmt.Sprintf("  %s %.3g", initials(name), s.Values[i])
		if len(text)+len(more) > room {
			return text
		}
		text += more
	}
	if whole := fmt.Sprintf("epoch %d, %s", s.Epoch, text); len(whole) <= room {
		return whole
	}
	return text
}

// Waiting says in words what share of the time a run waits for data.
func Waiting(share float64) string {
	if share < 0.001 {
		return "under 0.1% waiting for data"
	}
	return fmt.Sprintf("%.1f%% waiting for data", 100*share)
}

// losses are the columns that progress shows: the first few, which objectives give their losses.
func losses(columns []string) []string { return columns[:min(4, len(columns))] }

// initials abbreviate a column's name: GL for Generator Loss, Dr for D_real.
func initials(name string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '_' }) {
		b.WriteString(word[:1])
	}
	return b.String()
}

// Roughly writes a duration in its two largest units: 2d3h, 1h18m, 12m30s, 45s.
func Roughly(d time.Duration) string {
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
