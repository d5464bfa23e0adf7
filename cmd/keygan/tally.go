package main

import (
	"fmt"
	"os"
	"time"
)

// tally counts what a batch has done: images, and the bytes of their files.
type tally struct {
	jobs                  int
	sizes                 []int64 // of the inputs, in bytes
	total                 int64
	began                 time.Time
	made, skipped, failed int
	bytes                 int64 // of those that are finished in any way
	madeBytes             int64
	now                   func() time.Time
}

func (t *tally) start(jobs []job, began time.Time) {
	t.jobs, t.sizes, t.now = len(jobs), make([]int64, len(jobs)), time.Now
	for i, j := range jobs {
		if info, err := os.Stat(j.input); err == nil && info.Mode().IsRegular() {
			t.sizes[i] = info.Size()
			t.total += info.Size()
		}
	}
	if t.began = began; began.IsZero() {
		t.began = t.now()
	}
}

func (t *tally) add(i int, r result) {
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

func (t *tally) done() int { return t.made + t.skipped + t.failed }

// rates is how fast it goes, on the average.
func (t *tally) rates() string { return ratesOf(t.done(), t.bytes, t.now().Sub(t.began)) }

func ratesOf(images int, bytes int64, in time.Duration) string {
	seconds := max(in.Seconds(), 1e-3)
	return fmt.Sprintf("%.3g files/s, %.3g MB/s", float64(images)/seconds, float64(bytes)/1e6/seconds)
}

// left is about how long the rest will take, or "" when that cannot be told.
func (t *tally) left() string {
	share := float64(t.done()) / float64(max(1, t.jobs))
	if t.total > 0 {
		share = float64(t.bytes) / float64(t.total)
	}
	if share == 0 {
		return ""
	}
	rest := time.Duration((1/share - 1) * float64(t.now().Sub(t.began)))
	return rest.Round(time.Second).String() + " left"
}

// summary is the whole in a line. What was done before does not count as speed. inGenerator, if not 0, is how long the generator took
// for each image, added up: those that ran side by side count in full.
func (t *tally) summary(failed int, inGenerator time.Duration) string {
	in := t.now().Sub(t.began)
	files := "files"
	if t.made == 1 {
		files = "file"
	}
	if t.made == 0 && failed == 0 {
		return fmt.Sprintf("nothing to do, %d done before", t.skipped)
	}
	s := fmt.Sprintf("%d %s, %.1f MB in %.1f s (%s)", t.made, files, float64(t.madeBytes)/1e6, in.Seconds(), ratesOf(t.made, t.madeBytes, in))
	if t.skipped > 0 {
		s += fmt.Sprintf(", %d done before", t.skipped)
	}
	if failed > 0 {
		s += fmt.Sprintf(", %d failed", failed)
	}
	if inGenerator > 0 {
		s += fmt.Sprintf("; the generator took %.2f s", inGenerator.Seconds())
		if t.jobs > 1 {
			s += ", summed over images"
		}
	}
	return s
}
