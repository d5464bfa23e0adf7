package runlog

import (
	"fmt"
	"io"
	"os"
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
	bar      *progressbar.ProgressBar // that is drawn, its line not ended
}

// NewConsole reports to w; a nil w makes a nil Console.
func NewConsole(w io.Writer, terminal bool) *Console {
	if w == nil {
		return nil
	}
	return &Console{w: w, terminal: terminal}
}

// Printf writes a message, on a line of its own where a bar is drawn.
func (c *Console) Printf(format string, args ...any) {
	if c != nil {
		c.EndBar()
		fmt.Fprintf(c.w, format, args...)
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
// it has taken longer than after. EndBar is to be called when all are done. The Counter of a nil Console is nil.
func (c *Console) Counter(label string, after time.Duration) func(done, total int) {
	if c == nil {
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

// width is the terminal's, in characters.
func (c *Console) width() int {
	if f, ok := c.w.(*os.File); ok {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
			return width
		}
	}
	return 80
}
