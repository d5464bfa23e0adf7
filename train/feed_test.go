package train

import (
	"context"
	"testing"
	"time"

	"keygan/data/dataset"
	"keygan/data/raster"
	"keygan/train/internal/traintest"
)

// slow is a source whose images take their time.
type slow struct {
	dataset.Source
	each time.Duration
}

func (s slow) Image(i int) (*raster.Image, error) {
	time.Sleep(s.each)
	return s.Source.Image(i)
}

// A run says what share of its time it waits for data, and only of its steps: not of their beginning.
func TestWaitingForData(t *testing.T) {
	share := func(each time.Duration) float64 {
		c := traintest.SmallConfig(t)
		c.Train.Workers, c.Train.Steps = 1, 6
		training, err := start(context.Background(), c, Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer training.close()
		training.sets.Source = slow{training.sets.Source, each}
		training.feed.close()
		if training.feed, err = openFeed(c, training.sets, place{device: training.device}, 0); err != nil {
			t.Fatal(err)
		}
		if err := training.loop(context.Background()); err != nil {
			t.Fatal(err)
		}
		r := readRun(t, c)
		if r.Waiting == nil || *r.Waiting < 0 || *r.Waiting > 1 {
			t.Fatalf("recorded: %v", r.Waiting)
		}
		return *r.Waiting
	}
	// Five steps need ten images, one after the other: more than two seconds, of which a few milliseconds go by in computing.
	if fast, slow := share(0), share(250*time.Millisecond); slow < 0.3 || slow <= fast {
		t.Errorf("of its time, a run waits %v with slow images, %v with fast ones", slow, fast)
	}
}
