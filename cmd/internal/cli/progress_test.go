package cli

import (
	"bytes"
	"testing"
	"time"
)

// Without a terminal there is a line now and then, and none at the end, where the summary says it all.
func TestProgressLines(t *testing.T) {
	var b bytes.Buffer
	p := &Progress{w: &b, lines: true}
	for i := range 3 {
		p.Set(i+1, 3, "encrypt", "0.05 files/s, 0.05 MB/s", time.Minute)
		if i != 0 { // the line before was just now
			p.last = time.Time{}
		}
	}
	if want := "encrypt: 1 of 3, 0.05 files/s, 0.05 MB/s, 1m0s left\n"; b.String() != want {
		t.Errorf("%q, want %q", b.String(), want)
	}
}
