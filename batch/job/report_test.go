package job

import (
	"testing"
	"time"
)

// Speed and the time left follow from the bytes of the inputs.
func TestTally(t *testing.T) {
	now := time.Unix(0, 0)
	count := &Tally{Jobs: 3, files: []int{1, 1, 1}, sizes: []int64{1e6, 1e6, 2e6}, total: 4e6, began: now, now: func() time.Time { return now }}
	if left := count.Left(); left != 0 {
		t.Errorf("%s left before anything was done", left)
	}
	now = now.Add(20 * time.Second)
	count.add(0, result{})
	if speed, left := count.Speed(), count.Left(); count.Ended() != 1 || speed != "0.05 files/s, 0.05 MB/s" || left != time.Minute {
		t.Errorf("%d of 3, %s, %s left", count.Ended(), speed, left)
	}
}
