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

// Look is what a run's folder holds at one moment.
type Look struct {
	Dir       string
	Objective string
	State     string        // one of runlog's, Starting or Killed
	Record    runlog.Record // zero where there is none
	Epochs    []figure.Curve
	Tail      []runlog.Line // the last lines of metrics.jsonl
	Written   time.Time     // the last of them
	Samples   []int         // the epochs that have one
	// Damage says what cannot be read, and is not shown for this reason.
	Damage []error

	checkpoint string // the newest: a path in the folder
}

// States that a record cannot tell.
const (
	Starting = "starting"
	Killed   = "killed" // the process has ended and written nothing
)

// lookAt looks at the run in a folder.
func lookAt(dir string) (l Look, err error) {
	if _, err = os.Stat(dir); err != nil {
		return l, err
	}
	v := runlog.In(dir)
	if l, err = At(v, runlog.Locked(dir)); err != nil {
		return l, err
	}
	l.ReadEpochs(v)
	return l, nil
}

// At looks at a run, but not at its epochs, which takes longer. alive says that a process trains in the folder. It returns ErrNoRun if
// the folder has no config.yaml.
func At(v runlog.View, alive bool) (l Look, err error) {
	l.Dir = v.Name
	text, err := v.Config()
	if errors.Is(err, fs.ErrNotExist) {
		return l, fmt.Errorf("%s: %w: there is no config.yaml in it", v.Name, ErrNoRun)
	}
	if err != nil {
		return l, err
	}
	l.Objective = objective(string(text))
	if l.Record, err = v.Record(); err != nil {
		l.damaged(err)
	}
	l.Tail, l.Written = v.Tail() // none before the first step
	l.checkpoint, _ = v.NewestCheckpoint()
	l.Samples = v.Samples()
	switch l.State = l.Record.State; {
	case alive && (l.Record.State != runlog.Running || len(l.Tail) == 0):
		l.State = Starting
	case alive:
		l.State = runlog.Running
	case l.State == runlog.Running || l.State == "":
		l.State = Killed
	}
	return l, nil
}

// ReadEpochs adds the epochs.
func (l *Look) ReadEpochs(v runlog.View) {
	var err error
	if l.Epochs, err = v.Curves(); err != nil { // written whole or not at all
		l.damaged(err)
	}
}

// damaged remembers an error. A file that is not there is none: a young run has few.
func (l *Look) damaged(err error) {
	if !errors.Is(err, fs.ErrNotExist) {
		l.Damage = append(l.Damage, err)
	}
}

// objective finds the name of the objective in a config.yaml as runs write it. The text may be anybody's, so no parser of YAML, which can
// be made to take much time and memory, sees it.
func objective(text string) string {
	_, section, found := strings.Cut("\n"+text, "\nobjective:\n")
	for line := range strings.Lines(section) {
		if name, ok := strings.CutPrefix(line, "  name: "); found && ok {
			return strings.TrimSpace(name)
		}
		if !strings.HasPrefix(line, " ") {
			break
		}
	}
	return ""
}

func (l Look) goesOn() bool { return l.State == runlog.Running || l.State == Starting }

// last is the last step that has a line, or what the record says of it.
func (l Look) last() runlog.Line {
	if len(l.Tail) == 0 {
		return runlog.Line{Step: l.Record.Step, Skipped: l.Record.SkippedUpdates}
	}
	return l.Tail[len(l.Tail)-1]
}

// Step is the last step that is known.
func (l Look) Step() int { return l.last().Step }

// speedometer is how fast a run has been going.
type speedometer struct {
	steps []int // at the times of the looks of the last minute
	times []time.Time
}

// add remembers a look, and forgets those from more than a minute ago, or from before a step that came again.
func (s *speedometer) add(l Look, now time.Time) {
	s.steps, s.times = append(s.steps, l.Step()), append(s.times, now)
	for len(s.steps) > 1 && (now.Sub(s.times[0]) > time.Minute || s.steps[0] > l.Step()) {
		s.steps, s.times = s.steps[1:], s.times[1:]
	}
}

// rate is in steps a second: over the last minute or, before there has been time to watch, since the process began. It is 0 where
// nothing is known.
func (s *speedometer) rate(l Look) (rate float64, since string) {
	if n := len(s.steps) - 1; n > 0 {
		watched := s.times[n].Sub(s.times[0])
		if made := s.steps[n] - s.steps[0]; made > 0 && watched >= 5*time.Second {
			return float64(made) / watched.Seconds(), "over " + runlog.Roughly(watched)
		}
	}
	latest := l.Record.Latest()
	if took := l.Written.Sub(latest.Time).Seconds(); !latest.Time.IsZero() && took > 0 && l.Step() > latest.Step {
		return float64(l.Step()-latest.Step) / took, "since it began"
	}
	return 0, ""
}

// draw is the picture that Show shows: lines of at most width characters.
func (l Look) draw(speed speedometer, now time.Time, width int) string {
	lines := slices.Concat([]string{l.Dir + ": " + l.Title(), l.bar(width), l.pace(speed, now), ""}, l.table(width), l.keys(width), l.files())
	if l.Record.Error != "" && l.State == runlog.Failed {
		lines = append(lines, "error       "+strings.Join(strings.Fields(l.Record.Error), " "))
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

// Title says what is trained, how that stands, and on what.
func (l Look) Title() string {
	text := l.State
	if l.Objective != "" {
		text = l.Objective + ", " + l.State
	}
	switch machine := l.Record.Latest().Machine; machine.Device {
	case "":
		return text
	case "cpu":
		return fmt.Sprintf("%s on the CPU, threads: %d (%s)", text, machine.Threads, machine.CPU)
	default:
		return text + " on " + machine.Device
	}
}

func (l Look) bar(width int) string {
	text := fmt.Sprintf("step %d", l.Step())
	r := l.Record
	if r.Steps <= 0 || r.StepsPerEpoch <= 0 {
		return text
	}
	share := min(float64(l.Step())/float64(r.Steps), 1)
	epochs := func(steps int) int { return (steps + r.StepsPerEpoch - 1) / r.StepsPerEpoch }
	text = fmt.Sprintf("%3.0f%%  step %d/%d  epoch %d/%d", math.Floor(100*share), l.Step(), r.Steps, epochs(l.Step()), epochs(r.Steps))
	room := max(min(width-len(text)-4, 60), 0)
	full := int(share * float64(room))
	return "[" + strings.Repeat("█", full) + strings.Repeat("░", room-full) + "] " + text
}

// pace says how fast the run goes, how long it will take, and when it made its last step.
func (l Look) pace(speed speedometer, now time.Time) string {
	var parts []string
	rate, since := speed.rate(l)
	if rate > 0 {
		parts = append(parts, fmt.Sprintf("%.3g steps/s %s", rate, since))
	}
	if l.Record.Waiting != nil {
		parts = append(parts, runlog.Waiting(*l.Record.Waiting))
	}
	switch {
	case !l.goesOn() && !l.Record.Ended.IsZero() && l.State != Killed:
		parts = append(parts, "ended "+runlog.Roughly(now.Sub(l.Record.Ended))+" ago")
	case !l.goesOn() && !l.Written.IsZero():
		parts = append(parts, "last step "+runlog.Roughly(now.Sub(l.Written))+" ago")
	case l.State == runlog.Running:
		age := now.Sub(l.Written)
		if rate > 0 {
			left := float64(l.Record.Steps-l.Step()) / rate
			parts = append(parts, runlog.Roughly(time.Duration(left*float64(time.Second)))+" left")
		}
		parts = append(parts, "last step "+runlog.Roughly(age)+" ago")
		if rate > 0 && age > 30*time.Second && age.Seconds() > 10/rate {
			parts = append(parts, "stalled?")
		}
	}
	if l.State == runlog.Interrupted || l.State == Killed {
		parts = append(parts, "--resume goes on")
	}
	return strings.Join(parts, ", ")
}

// Columns are those of the logs.
func (l Look) Columns() []string {
	if l.Record.Columns != nil {
		return l.Record.Columns
	}
	return slices.Sorted(maps.Keys(l.last().Values))
}

// table has a row for each column of the logs but those that judge keys: its last value, and its course by epochs where there are
// enough, else by the last steps.
func (l Look) table(width int) (lines []string) {
	if len(l.Tail) == 0 {
		return nil
	}
	last := l.last().Values
	period, history := fmt.Sprintf("the last %d steps", len(l.Tail)), l.lastSteps
	if len(l.Epochs) > 0 && len(l.Epochs[0].Points) >= 8 {
		period, history = fmt.Sprintf("%d epochs", len(l.Epochs[0].Points)), l.byEpoch
	}
	lines = append(lines, fmt.Sprintf("%-24s%10s  %s", "", "now", period))
	for _, name := range l.Columns() {
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
func (l Look) keys(width int) (lines []string) {
	last := func(values []float64) string {
		if len(values) == 0 {
			return "none"
		}
		return fmt.Sprintf("%.4g", values[len(values)-1])
	}
	epoch := 0.0 // of the last values
	for _, c := range l.Epochs {
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

func (l Look) byEpoch(name string) (values []float64) {
	for _, c := range l.Epochs {
		if c.Name == name {
			for _, p := range c.Points {
				values = append(values, p.Y)
			}
		}
	}
	return values
}

func (l Look) lastSteps(name string) (values []float64) {
	for _, t := range l.Tail {
		v := math.NaN()
		if t.Values[name] != nil {
			v = *t.Values[name]
		}
		values = append(values, v)
	}
	return values
}

// files names what there is to look at, and what went wrong.
func (l Look) files() (lines []string) {
	sample := ""
	if n := len(l.Samples); n > 0 {
		sample = runlog.SamplePath("", l.Samples[n-1])
	}
	if sample != "" && len(l.Record.SampleRows) > 0 {
		sample += " (" + strings.Join(l.Record.SampleRows, ", ") + ")"
	}
	lines = append(lines, "checkpoint  "+cmp.Or(l.checkpoint, "none yet"), "sample      "+cmp.Or(sample, "none yet"))
	if n := l.last().Skipped; n > 0 {
		lines = append(lines, fmt.Sprintf("skipped     %d updates that were not finite", n))
	}
	if n := len(l.Record.SkippedFiles); n > 0 {
		lines = append(lines, fmt.Sprintf("left out    %d images that cannot be read", n))
	}
	if n := len(l.Record.Resumed); n > 0 {
		lines = append(lines, fmt.Sprintf("resumed     %d times, at step %d last", n, l.Record.Latest().Step))
	}
	return lines
}
