package main

import (
	"bytes"
	"testing"
	"time"
)

// Without a terminal there is a line now and then, and none at the end, where the summary says it all.
func TestProgressLines(t *testing.T) {
	var b bytes.Buffer
	p := &progress{w: &b, lines: true}
	now := time.Unix(0, 0)
	began := now
	count := &tally{jobs: 3, sizes: []int64{1e6, 1e6, 2e6}, total: 4e6, began: began, now: func() time.Time { return now }}
	for i := range count.jobs {
		now = now.Add(20 * time.Second)
		count.add(i, result{finished: true})
		p.tell("encrypt", count)
		if i != 0 { // the line before was just now
			p.last = time.Time{}
		}
	}
	if want := "encrypt: 1 of 3, 0.05 files/s, 0.05 MB/s, 1m0s left\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
