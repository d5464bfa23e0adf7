// Package watch shows how a training run stands, while another process goes on with it.
//
//	err := watch.Show(ctx, "runs/demo", os.Stdout, watch.Options{Once: true, Width: func() int { return 100 }})
//
// It only reads, needs no libtorch, and takes the run's folder as it finds it: files may be missing, half-written or about to be cut.
package watch

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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

// Runs lists the folders of runs in the given folders, sorted.
func Runs(folders ...string) (runs []string) {
	for _, folder := range folders {
		found, _ := fs.Glob(os.DirFS(folder), "*/config.yaml") // the only error is of a bad pattern
		for _, file := range found {
			runs = append(runs, filepath.Join(folder, filepath.Dir(file)))
		}
	}
	slices.Sort(runs)
	return slices.Compact(runs)
}

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
	checkpoint string        // the newest, and the newest sample: paths in the folder
	sample     string
}

// States that a record cannot tell.
const (
	starting = "starting"
	killed   = "killed" // the process has ended and written nothing
)

func lookAt(dir string) (l look, err error) {
	l.dir = dir
	text, err := os.ReadFile(filepath.Join(dir, "config.yaml"))
	if errors.Is(err, fs.ErrNotExist) {
		if _, err = os.Stat(dir); err == nil {
			err = fmt.Errorf("%s: %w: there is no config.yaml in it", dir, ErrNoRun)
		}
	}
	if err != nil {
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
	if path, err := runlog.NewestCheckpoint(dir); err == nil {
		l.checkpoint, _ = filepath.Rel(dir, path)
	}
	if samples, _ := fs.Glob(os.DirFS(dir), "samples/epoch-*.png"); len(samples) > 0 {
		l.sample = filepath.FromSlash(samples[len(samples)-1])
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

// last is the last step that has a line, or what the record says of it.
func (l look) last() runlog.Line {
	if len(l.tail) == 0 {
		return runlog.Line{Step: l.record.Step, Skipped: l.record.SkippedUpdates}
	}
	return l.tail[len(l.tail)-1]
}

func (l look) step() int { return l.last().Step }

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
	latest := l.record.Latest()
	if took := l.written.Sub(latest.Time).Seconds(); !latest.Time.IsZero() && took > 0 && l.step() > latest.Step {
		return float64(l.step()-latest.Step) / took, "since it began"
	}
	return 0, ""
}

// draw is the picture that Show shows: lines of at most width characters.
func (l look) draw(speed speedometer, now time.Time, width int) string {
	lines := slices.Concat([]string{l.title(), l.bar(width), l.pace(speed, now), ""}, l.table(width), l.keys(width), l.files())
	if l.record.Error != "" && l.state == runlog.Failed {
		lines = append(lines, "error       "+strings.Join(strings.Fields(l.record.Error), " "))
	}
	var b strings.Builder
	for _, text := range lines {
		b.WriteString(cut(text, width) + "\n")
	}
	return b.String()
}

func cut(text string, width int) string {
	if utf8.RuneCountInString(text) <= width || width < 1 {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}

func (l look) title() string {
	text := l.dir + ": " + l.state
	if l.objective != "" {
		text = l.dir + ": " + l.objective + ", " + l.state
	}
	switch machine := l.record.Latest().Machine; machine.Device {
	case "":
		return text
	case "cpu":
		return fmt.Sprintf("%s on the CPU, threads: %d (%s)", text, machine.Threads, machine.CPU)
	default:
		return text + " on " + machine.Device
	}
}

func (l look) bar(width int) string {
	text := fmt.Sprintf("step %d", l.step())
	r := l.record
	if r.Steps <= 0 || r.StepsPerEpoch <= 0 {
		return text
	}
	share := min(float64(l.step())/float64(r.Steps), 1)
	epochs := func(steps int) int { return (steps + r.StepsPerEpoch - 1) / r.StepsPerEpoch }
	text = fmt.Sprintf("%3.0f%%  step %d/%d  epoch %d/%d", math.Floor(100*share), l.step(), r.Steps, epochs(l.step()), epochs(r.Steps))
	room := max(min(width-len(text)-4, 60), 0)
	full := int(share * float64(room))
	return "[" + strings.Repeat("█", full) + strings.Repeat("░", room-full) + "] " + text
}

// pace says how fast the run goes, how long it will take, and when it made its last step.
func (l look) pace(speed speedometer, now time.Time) string {
	var parts []string
	rate, since := speed.rate(l)
	if rate > 0 {
		parts = append(parts, fmt.Sprintf("%.3g steps/s %s", rate, since))
	}
	if l.record.Waiting != nil {
		parts = append(parts, runlog.Waiting(*l.record.Waiting))
	}
	switch {
	case !l.goesOn() && !l.record.Ended.IsZero() && l.state != killed:
		parts = append(parts, "ended "+runlog.Roughly(now.Sub(l.record.Ended))+" ago")
	case !l.goesOn() && !l.written.IsZero():
		parts = append(parts, "last step "+runlog.Roughly(now.Sub(l.written))+" ago")
	case l.state == runlog.Running:
		age := now.Sub(l.written)
		if rate > 0 {
			left := float64(l.record.Steps-l.step()) / rate
			parts = append(parts, runlog.Roughly(time.Duration(left*float64(time.Second)))+" left")
		}
		parts = append(parts, "last step "+runlog.Roughly(age)+" ago")
		if rate > 0 && age > 30*time.Second && age.Seconds() > 10/rate {
			parts = append(parts, "stalled?")
		}
	}
	if l.state == runlog.Interrupted || l.state == killed {
		parts = append(parts, "--resume goes on")
	}
	return strings.Join(parts, ", ")
}

// table has a row for each column of the logs but those that judge keys: its last value, and its course by epochs where there are
// enough, else by the last steps.
func (l look) table(width int) (lines []string) {
	if len(l.tail) == 0 {
		return nil
	}
	names, last := l.record.Columns, l.last().Values
	if names == nil {
		names = slices.Sorted(maps.Keys(last))
	}
	period, history := fmt.Sprintf("the last %d steps", len(l.tail)), l.lastSteps
	if len(l.epochs) > 0 && len(l.epochs[0].Points) >= 8 {
		period, history = fmt.Sprintf("%d epochs", len(l.epochs[0].Points)), l.byEpoch
	}
	lines = append(lines, fmt.Sprintf("%-24s%10s  %s", "", "now", period))
	for _, name := range names {
		if _, measure := figure.KeyColumn(name); measure != "" {
			continue
		}
		now := "none"
		if v := last[name]; v != nil {
			now = fmt.Sprintf("%.4g", *v)
		}
		lines = append(lines, fmt.Sprintf("%-24s%10s  %s", name, now, runlog.Sparkline(history(name), min(width-37, 60))))
	}
	return append(lines, "")
}

// keys has a row for each measure of keys: its last values, of images held out and of those trained with, and its course by epochs: of
// those held out, where there are any.
func (l look) keys(width int) (lines []string) {
	last := func(values []float64) string {
		if len(values) == 0 {
			return "none"
		}
		return fmt.Sprintf("%.4g", values[len(values)-1])
	}
	epoch := 0.0 // of the last values
	for _, c := range l.epochs {
		images, measure := figure.KeyColumn(c.Name)
		if n := len(c.Points); n > 0 && measure != "" {
			epoch = max(epoch, c.Points[n-1].X)
		}
		if images != "training" { // there are always columns of these
			continue
		}
		held, trained := l.byEpoch(figure.HeldOut+measure), l.byEpoch(c.Name)
		course := held
		if len(held) == 0 {
			course = trained
		}
		lines = append(lines, fmt.Sprintf("%-24s%10s%10s  %s", measure, last(held), last(trained), runlog.Sparkline(course, min(width-47, 60))))
	}
	if epoch == 0 {
		return nil
	}
	head := fmt.Sprintf("%-24s%10s%10s", fmt.Sprintf("keys of epoch %.0f", epoch), "held out", "training")
	return slices.Concat([]string{head}, lines, []string{""})
}

func (l look) byEpoch(name string) (values []float64) {
	for _, c := range l.epochs {
		if c.Name == name {
			for _, p := range c.Points {
				values = append(values, p.Y)
			}
		}
	}
	return values
}

func (l look) lastSteps(name string) (values []float64) {
	for _, t := range l.tail {
		v := math.NaN()
		if t.Values[name] != nil {
			v = *t.Values[name]
		}
		values = append(values, v)
	}
	return values
}

// files names what there is to look at, and what went wrong.
func (l look) files() (lines []string) {
	sample := l.sample
	if sample != "" && len(l.record.SampleRows) > 0 {
		sample += " (" + strings.Join(l.record.SampleRows, ", ") + ")"
	}
	lines = append(lines, "checkpoint  "+cmp.Or(l.checkpoint, "none yet"), "sample      "+cmp.Or(sample, "none yet"))
	if n := l.last().Skipped; n > 0 {
		lines = append(lines, fmt.Sprintf("skipped     %d updates that were not finite", n))
	}
	if n := len(l.record.SkippedFiles); n > 0 {
		lines = append(lines, fmt.Sprintf("left out    %d images that cannot be read", n))
	}
	if n := len(l.record.Resumed); n > 0 {
		lines = append(lines, fmt.Sprintf("resumed     %d times, at step %d last", n, l.record.Latest().Step))
	}
	return lines
}
