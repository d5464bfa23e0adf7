package train

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress gives a function that shows how far something is that is done to a set, such as decoding images: a bar on a
// terminal, once it has taken so long, else a line every few seconds. endBar is to be called when it is done.
func (r *setReader) progress(set, doing string, after time.Duration) func(done, total int) {
	if r.log == nil {
		return nil
	}
	var began, last time.Time
	var bar *progressbar.ProgressBar
	return func(done, total int) {
		now := time.Now()
		if began.IsZero() {
			began, last = now, now
		}
		switch {
		case !r.terminal:
			if now.Sub(last) >= lineEvery {
				last = now
				r.logf("%s: %s, %d of %d\n", set, doing, done, total)
			}
			return
		case bar == nil && now.Sub(began) < after:
			return
		case bar == nil:
			r.endBar()
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(r.log), progressbar.OptionShowCount(),
				progressbar.OptionSetDescription(set+": "+doing),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
			r.barDrawn = true
		}
		bar.Set(done)
	}
}

// endBar leaves the line of the bar that is drawn, if one is.
func (r *setReader) endBar() {
	if r.barDrawn {
		r.logf("\n")
		r.barDrawn = false
	}
}
