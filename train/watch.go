package train

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// WatchOptions say how Watch shows a run.
type WatchOptions struct {
	Once     bool          // and stop
	Interval time.Duration // between two looks
	Terminal bool          // draw each picture in the place of the one before
	Width    func() int    // of lines, in characters
}

// Watch shows on w how the run in a folder stands, again and again, until it is not going on any more or ctx ends. It only reads,
// and takes the folder as it finds it: files may be missing, half-written or about to be cut.
func Watch(ctx context.Context, run string, w io.Writer, o WatchOptions) error {
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
	state      string // one of record's, stateStarting or stateKilled
	record     record // zero where there is none
	epochs     []curve
	tail       []line    // the last lines of metrics.jsonl
	written    time.Time // the last of them
	checkpoint string    // the newest, in the folder
	sample     string
}

// What a record cannot say of its run.
const (
	stateStarting = "starting"
	stateKilled   = "killed" // the process has ended and written nothing
)

// ErrNoRun reports a folder that is no run's.
var ErrNoRun = errors.New("holds no run")

// lookAt reads a run's folder. Only a folder that is no run's is an error.
func lookAt(dir string) (l look, err error) {
	l.dir = dir
	path := filepath.Join(dir, "config.yaml")
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(dir); err != nil {
			return l, err
		}
		return l, fmt.Errorf("%s: %w: there is no config.yaml in it", dir, ErrNoRun)
	} else if err != nil {
		return l, err
	}
	if c, err := ReadConfig(path); err == nil {
		l.objective = c.Objective.Name
	}
	alive := running(dir)
	l.record, _ = readRecord(dir)                                     // none yet, at first
	l.epochs, _ = readCurves(filepath.Join(dir, "metrics.csv"))       // written whole or not at all
	l.tail, l.written = readTail(filepath.Join(dir, "metrics.jsonl")) // none before the first step
	if path, err := newestCheckpoint(dir); err == nil {
		l.checkpoint = path
	}
	if samples, _ := filepath.Glob(filepath.Join(dir, "samples", "epoch-*.png")); len(samples) > 0 {
		l.sample = samples[len(samples)-1]
	}
	switch l.state = l.record.State; {
	case alive && (l.record.State != stateRunning || len(l.tail) == 0):
		l.state = stateStarting
	case alive:
		l.state = stateRunning
	case l.state == stateRunning || l.state == "":
		l.state = stateKilled
	}
	return l, nil
}

func (l look) goesOn() bool { return l.state == stateRunning || l.state == stateStarting }

// step is the last one of which there is a line.
func (l look) step() int {
	if len(l.tail) == 0 {
		return l.record.Step
	}
	return l.tail[len(l.tail)-1].Step
}

// tailBytes is how much of the end of metrics.jsonl is read: the lines of about 200 steps.
const tailBytes = 1 << 16

// readTail reads the last whole lines of a metrics.jsonl, and says when the file was written to. What is no line of it is
// passed over: the first is cut where reading begins, the last may be half-written.
func readTail(path string) (lines []line, written time.Time) {
	f, err := os.Open(path)
	if err != nil {
		return nil, written
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, written
	}
	start := max(info.Size()-tailBytes, 0)
	b, err := io.ReadAll(io.NewSectionReader(f, start, tailBytes))
	if err != nil {
		return nil, written
	}
	texts := bytes.SplitAfter(b, []byte("\n"))
	for _, text := range texts {
		var l line
		if bytes.HasSuffix(text, []byte("\n")) && json.Unmarshal(text, &l) == nil && l.Step > 0 {
			lines = append(lines, l)
		}
	}
	return lines, info.ModTime()
}

// speedometer is how fast a run has been going.
type speedometer struct {
	steps []int // at the times of the looks of the last minute
	times []time.Time
}

// add remembers a look, and forgets those of more than a minute ago, or of before a step that came again.
func (s *speedometer) add(l look, now time.Time) {
	s.steps, s.times = append(s.steps, l.step()), append(s.times, now)
	for len(s.steps) > 1 && (now.Sub(s.times[0]) > time.Minute || s.steps[0] > l.step()) {
		s.steps, s.times = s.steps[1:], s.times[1:]
	}
}

// rate is in steps a second: over the last minute, or before there has been time to watch, since the process began. Without an
// idea it is 0.
func (s *speedometer) rate(l look) (rate float64, since string) {
	if n := len(s.steps) - 1; n > 0 {
		span := s.times[n].Sub(s.times[0]).Seconds()
		if made := s.steps[n] - s.steps[0]; made > 0 && span >= 5 {
			return float64(made) / span, fmt.Sprintf("over %s", roughly(s.times[n].Sub(s.times[0])))
		}
	}
	step, began := 0, l.record.Began
	if n := len(l.record.Resumed); n > 0 {
		step, began = l.record.Resumed[n-1].Step, l.record.Resumed[n-1].Time
	}
	if span := l.written.Sub(began).Seconds(); !began.IsZero() && span > 0 && l.step() > step {
		return float64(l.step()-step) / span, "since it began"
	}
	return 0, ""
}
