package runlog

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"keygan/train/runlog/tfevents"
)

// Columns are those of metrics.csv, after the epoch.
type Columns struct {
	Step []string // of each step: Step.Values
	Keys []string // that judge keys, after some epochs: Step.Keys
}

// All are the columns in their order.
func (c Columns) All() []string { return slices.Concat(c.Step, c.Keys) }

// Logs writes metrics.jsonl, one line a step, and metrics.csv, one row an epoch with the means over its steps.
type Logs struct {
	Lost []string // of a resumed run: each file that lacks earlier steps, and how many

	columns       Columns
	means         *Means
	stepsPerEpoch int

	lines *os.File // metrics.jsonl
	end   int64    // bytes of its whole lines
	csv   string   // path
	rows  [][]string
}

// Line is one line of metrics.jsonl.
type Line struct {
	Step    int                 `json:"step"`
	Epoch   int                 `json:"epoch"`
	Values  map[string]*float64 `json:"values"`            // by column of metrics.csv; null: infinite or NaN
	Skipped int                 `json:"skipped,omitempty"` // updates left out since the run began
}

// Means are those of the columns over the steps of an epoch. What is not finite is left out of them.
type Means struct {
	Sums   []float64
	Counts []int // of the values in each sum
}

// NewMeans begins the means of a number of columns.
func NewMeans(columns int) *Means { return &Means{make([]float64, columns), make([]int, columns)} }

func (m *Means) add(values []float64) {
	for i, v := range values {
		if Finite(v) {
			m.Sums[i] += v
			m.Counts[i]++
		}
	}
}

// values are the means; NaN where a column has no value.
func (m *Means) values() []float64 {
	values := make([]float64, len(m.Sums))
	for i, n := range m.Counts {
		values[i] = m.Sums[i] / float64(n) // 0/0 is NaN
	}
	return values
}

// cells are n values as metrics.csv writes them. What is not finite, or not there, is empty.
func cells(values []float64, n int) []string {
	row := make([]string, n)
	for i, v := range values {
		if Finite(v) {
			row[i] = strconv.FormatFloat(v, 'g', 8, 64)
		}
	}
	return row
}

// OpenLogs opens the logs of a run that has made some steps. What they hold of later steps is cut off: those steps come again.
// The means are those of the epoch under way; Logs adds to them.
func OpenLogs(dir string, columns Columns, means *Means, step, stepsPerEpoch int) (*Logs, error) {
	l := &Logs{columns: columns, means: means, stepsPerEpoch: stepsPerEpoch, csv: filepath.Join(dir, "metrics.csv")}
	l.rows = [][]string{append([]string{"Epoch"}, columns.All()...)}
	old, err := readTable(l.csv)
	if step > 0 && err != nil {
		return nil, err
	}
	for _, row := range old {
		if n, err := strconv.Atoi(row[0]); err == nil && n <= step/stepsPerEpoch {
			l.rows = append(l.rows, arranged(row, old[0], l.rows[0]))
		}
	}
	if l.lines, err = os.OpenFile(filepath.Join(dir, "metrics.jsonl"), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, err
	}
	lines := 0
	if l.end, lines, err = linesUpTo(l.lines, step); err == nil {
		err = l.cut()
	}
	if err != nil {
		return nil, errors.Join(err, l.lines.Close())
	}
	l.lacks(l.lines.Name(), "steps", lines, step)
	l.lacks(l.csv, "epochs", len(l.rows)-1, step/stepsPerEpoch)
	return l, nil
}

func (l *Logs) lacks(path, what string, have, of int) {
	if have < of {
		l.Lost = append(l.Lost, fmt.Sprintf("%s: holds %d of the %d %s so far; the missing ones are lost", path, have, of, what))
	}
}

// arranged is a row of a table with some columns, as a row of one with others: a run that began before there was a column has no value.
func arranged(row, columns, others []string) []string {
	out := make([]string, len(others))
	for i, name := range others {
		if k := slices.Index(columns, name); k >= 0 {
			out[i] = row[k]
		}
	}
	return out
}

// cut ends metrics.jsonl after its last whole line, and writing goes on there.
func (l *Logs) cut() error {
	if err := l.lines.Truncate(l.end); err != nil {
		return err
	}
	_, err := l.lines.Seek(l.end, io.SeekStart)
	return err
}

func (l *Logs) AfterStep(s Step) error {
	l.means.add(s.Values)
	named := make(map[string]*float64, len(s.Values))
	put := func(columns []string, values []float64) {
		for i, v := range values {
			named[columns[i]] = nil
			if Finite(v) {
				named[columns[i]] = &v
			}
		}
	}
	put(l.columns.Step, s.Values)
	whole := s.Step%l.stepsPerEpoch == 0 // else a longer run may go on with this epoch, and its row with it
	if whole {
		put(l.columns.Keys, s.Keys)
	}
	b, err := json.Marshal(Line{s.Step, s.Epoch, named, s.Skipped})
	if err != nil {
		return err
	}
	n, err := l.lines.Write(append(b, '\n'))
	if err != nil {
		return errors.Join(err, l.cut()) // a full disk takes half a line
	}
	l.end += int64(n)
	if !s.EpochDone {
		return nil
	}
	l.rows = append(l.rows, slices.Concat([]string{strconv.Itoa(s.Epoch)}, cells(l.means.values(), len(l.columns.Step)), cells(s.Keys, len(l.columns.Keys))))
	if whole {
		clear(l.means.Sums)
		clear(l.means.Counts)
	}
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(l.rows); err != nil {
		return err
	}
	return WriteFile(l.csv, text.Bytes())
}

func (l *Logs) Finish() error { return l.lines.Close() }

// Close closes the logs of a run that fails.
func (l *Logs) Close() error { return l.lines.Close() }

// readTable reads a metrics.csv with its header. Without the file it returns no rows.
func readTable(path string) ([][]string, error) {
	b, err := readIfThere(path)
	if b == nil {
		return nil, err
	}
	rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: no table in it: %v", path, err)
	}
	return rows, nil
}

// linesUpTo is the length in bytes and the number of the lines of metrics.jsonl up to a step. A kill can leave half a line at the end:
// it does not count.
func linesUpTo(f *os.File, step int) (length int64, lines int, err error) {
	r := bufio.NewReader(f)
	for {
		text, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return 0, 0, err
		}
		var l Line
		if err == io.EOF || json.Unmarshal(text, &l) != nil || l.Step > step {
			return length, lines, nil
		}
		length += int64(len(text))
		lines++
	}
}

// Events writes what TensorBoard shows: each column of metrics.csv at each step, and each sample image.
type Events struct {
	*tfevents.Writer
	dir      string
	columns  Columns
	channels int
}

// OpenEvents begins an event file of a run that is resumed at a step, or that is new, −1. What earlier files hold of later steps is void.
// channels is that of the samples.
func OpenEvents(dir string, columns Columns, step, channels int) (*Events, error) {
	w, err := tfevents.Create(dir, time.Now(), int64(step+1)) // the first step that comes again
	return &Events{w, dir, columns, channels}, err
}

func (e *Events) AfterStep(s Step) error {
	names := e.columns.All()
	for i, x := range slices.Concat(s.Values, s.Keys) {
		if !Finite(x) {
			continue
		}
		if err := e.Scalar(int64(s.Step), names[i], x); err != nil {
			return err
		}
	}
	if !s.EpochDone {
		return nil
	}
	sample, err := readIfThere(SamplePath(e.dir, s.Epoch))
	if sample == nil {
		return err // not every epoch has one
	}
	return e.Image(int64(s.Step), "samples", sample, e.channels)
}

func (e *Events) Finish() error { return e.Close() }
