package cli

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// Progress shows on standard error how far a command is: with a bar on a terminal, else with a line now and then. nil shows nothing.
type Progress struct {
	w     io.Writer
	bar   *progressbar.ProgressBar // nil without a terminal
	lines bool
	last  time.Time // of the last line
}

const (
	between  = 10 * time.Second // the time between two lines
	barWidth = 16               // leaves room for speeds, the count and the times on a terminal 80 characters wide
)

// NewProgress begins to show the progress of what, unless the program is quiet or there is nothing to do.
func (p *Program) NewProgress(what string, total int) *Progress {
	g := &Progress{w: p.Stderr, last: time.Now()}
	switch {
	case p.Quiet || total == 0:
	case IsTerminal(p.Stderr):
		g.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.Stderr), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(barWidth), progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetRenderBlankState(true), progressbar.OptionClearOnFinish())
	default:
		g.lines = true
	}
	return g
}

// Set says that done of total are done, what comes now, at what speed, and how long the rest will take. Speed "" and left 0 are unknown.
func (g *Progress) Set(done, total int, what, speed string, left time.Duration) {
	switch {
	case g.bar != nil:
		if speed != "" { // the bar knows the time left itself
			what += " " + speed
		}
		g.bar.ChangeMax(total)
		g.bar.Describe(what)
		g.bar.Set(done)
	case g.lines && done < total && time.Since(g.last) >= between: // at the end a summary says more
		g.last = time.Now()
		line := fmt.Sprintf("%s: %d of %d", what, done, total)
		if speed != "" {
			line += ", " + speed
		}
		if left > 0 {
			line += ", " + left.Round(time.Second).String() + " left"
		}
		fmt.Fprintln(g.w, line)
	}
}

// Pause removes the bar, so that something can be printed. The next Set brings it back.
func (g *Progress) Pause() {
	if g != nil && g.bar != nil {
		g.bar.Clear()
	}
}

// Close ends the bar.
func (g *Progress) Close() {
	if g != nil && g.bar != nil {
		g.bar.Finish()
	}
}

// IsTerminal reports whether what is written to w appears on a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// TerminalWidth returns the width of the terminal in characters, or 100 if f is not one.
func TerminalWidth(f *os.File) int {
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width
	}
	return 100
}
