package train

import (
	"fmt"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how many images of a set have been decoded: a bar on a terminal, else a line every few seconds. Nothing is
// shown of what is done at once. end leaves the bar's line.
func (r *setReader) progress(set, doing string) (report func(done, total int), end func()) {
	if r.log == nil {
		return nil, func() {}
	}
	var bar *progressbar.ProgressBar
	last := time.Now()
	report = func(done, total int) {
		if !r.terminal {
			if now := time.Now(); now.Sub(last) >= lineEvery {
				last = now
				r.logf("%s: %s image %d of %d\n", set, doing, done, total)
			}
			return
		}
		if bar == nil {
			bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(r.log), progressbar.OptionShowCount(),
				progressbar.OptionSetDescription(fmt.Sprintf("%s: %s images", set, doing)),
				progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionFullWidth())
		}
		bar.Set(done)
	}
	return report, func() {
		if bar != nil {
			r.logf("\n")
		}
	}
}
