package job

import (
	"fmt"
	"os"
	"time"
)

// A Tally counts the jobs of a batch that ended, and the bytes of their inputs.
type Tally struct {
	Jobs int

	sizes                 []int64 // of the inputs, in bytes
	total                 int64
	began                 time.Time
	made, skipped, failed int
	bytes                 int64 // of jobs that ended in any way
	madeBytes             int64
	now                   func() time.Time
}

func (t *Tally) start(jobs []Job, began time.Time) {
	t.Jobs, t.sizes, t.now = len(jobs), make([]int64, len(jobs)), time.Now
	for i, j := range jobs {
		if info, err := os.Stat(j.Input); err == nil && info.Mode().IsRegular() {
			t.sizes[i] = info.Size()
			t.total += info.Size()
		}
	}
	if t.began = began; began.IsZero() {
		t.began = t.now()
	}
}

func (t *Tally) add(i int, r result) {
	t.bytes += t.sizes[i]
	switch {
	case r.err != nil:
		t.failed++
	case r.skipped:
		t.skipped++
	default:
		t.made++
		t.madeBytes += t.sizes[i]
	}
}

func (t *Tally) since() time.Duration { return t.now().Sub(t.began) }

// Ended returns how many jobs ended in any way.
func (t *Tally) Ended() int { return t.made + t.skipped + t.failed }

// Speed returns the average speed so far.
func (t *Tally) Speed() string { return speed(t.Ended(), t.bytes, t.since().Seconds()) }

func speed(files int, bytes int64, seconds float64) string {
	seconds = max(seconds, 1e-3)
	return fmt.Sprintf("%.3g files/s, %.3g MB/s", float64(files)/seconds, float64(bytes)/1e6/seconds)
}

// Left returns about how long the rest will take, or 0 when that is not known.
func (t *Tally) Left() time.Duration {
	share := float64(t.Ended()) / float64(max(1, t.Jobs))
	if t.total > 0 {
		share = float64(t.bytes) / float64(t.total)
	}
	if share == 0 {
		return 0
	}
	return time.Duration((1/share - 1) * float64(t.since()))
}
