// Package watch shows how a training run stands, while another process goes on with it.
//
//	err := watch.Show(ctx, "runs/demo", os.Stdout, watch.Options{Once: true, Width: func() int { return 100 }})
//
// It only reads, needs no libtorch, and takes the run's folder as it finds it: files may be missing, half-written or about to be cut.
package watch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"keygan/evaluate/figure"
	"keygan/train/runlog"
)

// Options say how Show shows a run.
type Options struct {
	Once     bool          // and stop
	Interval time.Duration // between two looks
	Terminal bool          // draw each picture in the place of the one before
	Width    func() int    // of lines, in characters
}

// ErrNoRun reports a folder that is not a run's.
var ErrNoRun = errors.New("holds no run")

// Show shows on w how the run in a folder stands, again and again, until the run has ended or ctx ends. It returns ErrNoRun if the
// folder has no config.yaml.
func Show(ctx context.Context, run string, w io.Writer, o Options) error {
	var speed speedometer
	drawn := 0 // lines
	for {
		look, err := lookAt(run)
		if err != nil {
			return err
		}
		now := time.Now()
		speed.add(look, now)
		picture := look.draw(speed, now, o.Width())
		if o.Terminal && drawn > 0 {
			fmt.Fprintf(w, "\x1b[%dA\x1b[J", drawn) // up to the first line, and clear from there
		} else if drawn > 0 {
			fmt.Fprintln(w)
		}
		if _, err := io.WriteString(w, picture); err != nil {
			return err
		}
		drawn = strings.Count(picture, "\n")
		if o.Once || !look.goesOn() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(o.Interval):
		}
	}
}

// look is what a run's folder holds at one moment.
type look struct {
	dir        string
	objective  string
	state      string        // one of runlog's, starting or killed
	record     runlog.Record // zero where there is none
	epochs     []figure.Curve
	tail       []runlog.Line // the last lines of metrics.jsonl
	written    time.Time     // the last of them
	checkpoint string        // the newest, in the folder
	sample     string
}

// States that a record cannot tell.
const (
	starting = "starting"
	killed   = "killed" // the process has ended and written nothing
)

// lookAt reads a run's folder.
func lookAt(dir string) (l look, err error) {
	l.dir = dir
	text, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); err != nil {
			return l, err
		}
		return l, fmt.Errorf("%s: %w: there is no config.yaml in it", dir, ErrNoRun)
	} else if err != nil {
		return l, err
	}
	var config struct {
		Objective struct{ Name string }
	}
	if yaml.Unmarshal(text, &config) == nil {
		l.objective = config.Objective.Name
	}
	alive := runlog.Locked(dir)
	l.record, _ = runlog.ReadRecord(dir)     // none yet, at first
	l.epochs, _ = runlog.ReadCurves(dir)     // written whole or not at all
	l.tail, l.written = runlog.ReadTail(dir) // none before the first step
	l.checkpoint, _ = runlog.NewestCheckpoint(dir)
	if samples, _ := filepath.Glob(filepath.Join(dir, "samples", "epoch-*.png")); len(samples) > 0 {
		l.sample = samples[len(samples)-1]
	}
	switch l.state = l.record.State; {
	case alive && (l.record.State != runlog.Running || len(l.tail) == 0):
		l.state = starting
	case alive:
		l.state = runlog.Running
	case l.state == runlog.Running || l.state == "":
		l.state = killed
	}
	return l, nil
}

func (l look) goesOn() bool { return l.state == runlog.Running || l.state == starting }

// step is the last one that has a line.
func (l look) step() int {
	if len(l.tail) == 0 {
		return l.record.Step
	}
	return l.tail[len(l.tail)-1].Step
}

// speedometer is how fast a run has been going.
type speedometer struct {
	steps []int // at the times of the looks of the last minute
	times []time.Time
}

// add remembers a look, and forgets those from more than a minute ago, or from before a step that came again.
func (s *speedometer) add(l look, now time.Time) {
	s.steps, s.times = append(s.steps, l.step()), append(s.times, now)
	for len(s.steps) > 1 && (now.Sub(s.times[0]) > time.Minute || s.steps[0] > l.step()) {
		s.steps, s.times = s.steps[1:], s.times[1:]
	}
}

// rate is in steps a second: over the last minute or, before there has been time to watch, since the process began. It is 0 where
// nothing is known.
func (s *speedometer) rate(l look) (rate float64, since string) {
	if n := len(s.steps) - 1; n > 0 {
		watched := s.times[n].Sub(s.times[0])
		if made := s.steps[n] - s.steps[0]; made > 0 && watched >= 5*time.Second {
			return float64(made) / watched.Seconds(), "over " + runlog.Roughly(watched)
		}
	}
	step, began := 0, l.record.Began
	if n := len(l.record.Resumed); n > 0 {
		step, began = l.record.Resumed[n-1].Step, l.record.Resumed[n-1].Time
	}
	if took := l.written.Sub(began).Seconds(); !began.IsZero() && took > 0 && l.step() > step {
		return float64(l.step()-step) / took, "since it began"
	}
	return 0, ""
}
