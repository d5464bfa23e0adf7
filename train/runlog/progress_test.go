package runlog

import (
	"math"
	"testing"
	"time"
)

func TestStatusFitsItsRoom(t *testing.T) {
	columns := wganColumns
	values := []float64{-0.6594, 0.5812, -1234.5, 0.0173, 0, 0, 0, 0}
	for _, c := range []struct {
		room, skipped int
		waiting       float64
		want          string
	}{
		{100, 0, 0, "epoch 25, 21.3 steps/s, 1h18m left  GL -0.659  CL 0.581  WD -1.23e+03  GP 0.0173"},
		{80, 0, 0, "epoch 25, 21.3 steps/s, 1h18m left  GL -0.659  CL 0.581  WD -1.23e+03  GP 0.0173"},
		{79, 0, 0, "21.3 steps/s, 1h18m left  GL -0.659  CL 0.581  WD -1.23e+03  GP 0.0173"},
		{50, 0, 0, "21.3 steps/s, 1h18m left  GL -0.659  CL 0.581"},
		{0, 0, 0, "21.3 steps/s, 1h18m left"},
		{60, 7, 0.0099, "21.3 steps/s, 1h18m left, 7 skipped  GL -0.659  CL 0.581"},
		{60, 7, 0.25, "21.3 steps/s, 1h18m left, 25.0% waiting for data, 7 skipped"},
	} {
		if got := status(c.room, Step{Epoch: 25, Skipped: c.skipped, Waiting: c.waiting, Values: values}, 21.3, 78*time.Minute, columns); got != c.want {
			t.Errorf("in %d: %q, want %q", c.room, got, c.want)
		}
	}
}

func TestRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		45*time.Second + 300*time.Millisecond: "45s",
		12*time.Minute + 30*time.Second:       "12m30s",
		78*time.Minute + 50*time.Second:       "1h18m",
		51 * time.Hour:                        "2d3h",
		math.MaxInt64:                         "years",
		math.MinInt64:                         "0s",
	} {
		if got := Roughly(d); got != want {
			t.Errorf("%d: %q, want %q", d, got, want)
		}
	}
}
