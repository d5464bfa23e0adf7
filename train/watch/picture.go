package watch

import (
	"fmt"
	"maps"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"keygan/train/runlog"
)

// draw is the picture that Show shows: lines of at most width characters.
func (l look) draw(speed speedometer, now time.Time, width int) string {
	lines := slices.Concat([]string{l.title(), l.bar(width), l.pace(speed, now), ""}, l.table(width), l.files())
	if l.record.Error != "" && l.state == runlog.Failed {
		lines = append(lines, "error       "+strings.Join(strings.Fields(l.record.Error), " "))
	}
	var b strings.Builder
	for _, text := range lines {
		b.WriteString(cut(text, width) + "\n")
	}
	return b.String()
}

// cut shortens a line to width characters.
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
	machine := l.record.Machine
	if n := len(l.record.Resumed); n > 0 {
		machine = l.record.Resumed[n-1].Machine
	}
	switch machine.Device {
	case "":
		return text
	case "cpu":
		return fmt.Sprintf("%s on the CPU, threads: %d (%s)", text, machine.Threads, machine.CPU)
	}
	return text + " on " + machine.Device
}

// bar shows the share of all steps that are done.
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

// table has a row for each column of the logs: its last value, and its course by epochs where there are enough, else by the last steps.
func (l look) table(width int) (lines []string) {
	if len(l.tail) == 0 {
		return nil
	}
	last := l.tail[len(l.tail)-1]
	names := l.record.Columns
	if names == nil {
		names = slices.Sorted(maps.Keys(last.Values))
	}
	period, history := fmt.Sprintf("the last %d steps", len(l.tail)), l.lastSteps
	if len(l.epochs) > 0 && len(l.epochs[0].Points) >= 8 {
		period, history = fmt.Sprintf("%d epochs", len(l.epochs[0].Points)), l.byEpoch
	}
	lines = append(lines, fmt.Sprintf("%-24s%10s  %s", "", "now", period))
	for _, name := range names {
		now := "none"
		if v := last.Values[name]; v != nil {
			now = fmt.Sprintf("%.4g", *v)
		}
		lines = append(lines, fmt.Sprintf("%-24s%10s  %s", name, now, runlog.Sparkline(history(name), min(width-37, 60))))
	}
	return append(lines, "")
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
	relative := func(path string) string {
		if path == "" {
			return "none yet"
		}
		if name, err := filepath.Rel(l.dir, path); err == nil {
			return name
		}
		return path
	}
	sample := relative(l.sample)
	if l.sample != "" && len(l.record.SampleRows) > 0 {
		sample += " (" + strings.Join(l.record.SampleRows, ", ") + ")"
	}
	lines = append(lines, "checkpoint  "+relative(l.checkpoint), "sample      "+sample)
	updates := l.record.SkippedUpdates
	if n := len(l.tail); n > 0 {
		updates = l.tail[n-1].Skipped
	}
	if updates > 0 {
		lines = append(lines, fmt.Sprintf("skipped     %d updates that were not finite", updates))
	}
	if n := len(l.record.SkippedFiles); n > 0 {
		lines = append(lines, fmt.Sprintf("left out    %d images that cannot be read", n))
	}
	if n := len(l.record.Resumed); n > 0 {
		lines = append(lines, fmt.Sprintf("resumed     %d times, at step %d last", n, l.record.Resumed[n-1].Step))
	}
	return lines
}
