package train

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strconv"
)

// logs writes metrics.jsonl, one line a step, and metrics.csv, one row an epoch with the means over its steps.
type logs struct {
	lines *os.File // metrics.jsonl
	end   int64    // bytes of its whole lines
	csv   string   // path
	rows  [][]string
}

// line is one line of metrics.jsonl.
type line struct {
	Step   int                `json:"step"`
	Epoch  int                `json:"epoch"`
	Values map[string]float64 `json:"values"` // by column of metrics.csv
}

// newLogs opens the logs. What a resumed run finds after its checkpoint's step is cut off: those steps come again.
func newLogs(t *Training) (*logs, error) {
	l := &logs{csv: filepath.Join(t.Dir, "metrics.csv"), rows: [][]string{append([]string{"Epoch"}, t.Objective.Columns()...)}}
	epochs := 0
	if t.Step > 0 {
		epochs = t.Step / t.StepsPerEpoch
		old, err := readRows(l.csv)
		if err != nil {
			return nil, err
		}
		for _, row := range old {
			if n, err := strconv.Atoi(row[0]); err == nil && n <= epochs {
				l.rows = append(l.rows, row)
			}
		}
	}
	var err error
	if l.lines, err = os.OpenFile(filepath.Join(t.Dir, "metrics.jsonl"), os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return nil, err
	}
	if l.end, err = linesUpTo(l.lines, t.Step); err == nil {
		err = l.cut()
	}
	if err != nil {
		l.lines.Close()
		return nil, err
	}
	return l, nil
}

// cut ends metrics.jsonl after its last whole line, and writing goes on there.
func (l *logs) cut() error {
	if err := l.lines.Truncate(l.end); err != nil {
		return err
	}
	_, err := l.lines.Seek(l.end, io.SeekStart)
	return err
}

func (l *logs) afterStep(t *Training, values []float64) error {
	named := make(map[string]float64, len(values))
	for i, name := range t.Objective.Columns() {
		if math.IsNaN(values[i]) || math.IsInf(values[i], 0) {
			return fmt.Errorf("%s: step %d: %w: %s is %v", t.Dir, t.Step, ErrDiverged, name, values[i])
		}
		named[name] = values[i]
		t.epochSums[i] += values[i]
	}
	b, err := json.Marshal(line{t.Step, t.Epoch(), named})
	if err != nil {
		return err
	}
	n, err := l.lines.Write(append(b, '\n'))
	if err != nil {
		return errors.Join(err, l.cut()) // a full disk takes half a line
	}
	l.end += int64(n)
	if !t.EpochDone() {
		return nil
	}
	steps := (t.Step-1)%t.StepsPerEpoch + 1 // fewer than StepsPerEpoch in a last, partial epoch
	row := []string{strconv.Itoa(t.Epoch())}
	for _, sum := range t.epochSums {
		row = append(row, strconv.FormatFloat(sum/float64(steps), 'g', 8, 64))
	}
	if t.Step%t.StepsPerEpoch == 0 { // else a longer run may go on with this epoch, and its row with it
		clear(t.epochSums)
	}
	l.rows = append(l.rows, row)
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(l.rows); err != nil {
		return err
	}
	return writeFile(l.csv, text.Bytes())
}

func (l *logs) finish(*Training) error { return l.lines.Close() }

// Close is for a run that fails.
func (l *logs) Close() error { return l.lines.Close() }

// ErrDiverged reports a training whose losses or weights are no finite numbers any more. Its checkpoints are from before.
var ErrDiverged = errors.New("the training has diverged")

// readRows reads the rows of a metrics.csv after its header; no file is no rows.
func readRows(path string) ([][]string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil || len(rows) == 0 {
		return nil, fmt.Errorf("%s: no table in it: %v", path, err)
	}
	return rows[1:], nil
}

// linesUpTo is the length of the lines of metrics.jsonl up to a step. A kill can leave half a line at the end: it does not
// count.
func linesUpTo(f *os.File, step int) (length int64, err error) {
	r := bufio.NewReader(f)
	for {
		text, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return 0, err
		}
		var l line
		if err == io.EOF || json.Unmarshal(text, &l) != nil || l.Step > step {
			return length, nil
		}
		length += int64(len(text))
	}
}
