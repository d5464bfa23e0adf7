package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress says on standard error how far a command is: with a bar on a terminal, elsewhere with a line now and then.
// It is not safe for concurrent use.
type progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar // nil when there is no terminal
	lines bool
	last  time.Time // of the last line
}

// between is the time between two lines where there is no terminal.
const between = 10 * time.Second

// barWidth leaves room for the rates, the count and the times on a terminal 80 characters wide.
const barWidth = 16

func (a *app) newProgress(what string, total int) *progress {
	p := &progress{w: a.stderr, last: time.Now()}
	switch {
	case a.quiet || total == 0:
	case isTerminal(a.stderr):
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(a.stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(barWidth), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetRenderBlankState(true), progressbar.OptionClearOnFinish())
	default:
		p.lines = true
	}
	return p
}

// set says that done of total are done, and what comes now.
func (p *progress) set(done, total int, what string) { p.say(done, total, what, "", "") }

// tell says how far a batch is, how fast, and how long it will take.
func (p *progress) tell(what string, t *tally) {
	if p.bar == nil && !p.lines {
		return
	}
	p.say(t.done(), t.jobs, what, t.rates(), t.left())
}

func (p *progress) say(done, total int, what, rates, left string) {
	switch {
	case p.bar != nil:
		if rates != "" { // the bar knows the time left itself
			what += " " + rates
		}
		p.bar.ChangeMax(total)
		p.bar.Describe(what)
		p.bar.Set(done)
	case p.lines && done < total && time.Since(p.last) >= between: // at the end the summary says more
		p.last = time.Now()
		line := fmt.Sprintf("%s: %d of %d", what, done, total)
		for _, more := range []string{rates, left} {
			if more != "" {
				line += ", " + more
			}
		}
		fmt.Fprintln(p.w, line)
	}
}

// interrupted runs f, which prints, with the bar out of the way.
func (p *progress) interrupted(f func()) {
	if p.bar != nil {
		p.bar.Clear()
	}
	f()
}

func (p *progress) close() {
	if p.bar != nil {
		p.bar.Finish()
	}
}

// isTerminal is true for character devices: a terminal, or /dev/null, where a bar does no harm.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
