package train

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// logs writes metrics.jsonl, one line a step, and metrics.csv, one row an epoch with the means over its steps.
type logs struct {
	lines *os.File
	csv   string // path
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
	path := filepath.Join(t.Dir, "metrics.jsonl")
	keep, err := readLines(path, t.Step)
	if err != nil {
		return nil, err
	}
	if err := writeFile(path, keep); err != nil {
		return nil, err
	}
	if l.lines, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0); err != nil {
		return nil, err
	}
	return l, nil
}

func (l *logs) afterStep(t *Training, values []float64) error {
	named := make(map[string]float64, len(values))
	for i, name := range t.Objective.Columns() {
		named[name] = values[i]
		t.epochSums[i] += values[i]
	}
	b, err := json.Marshal(line{t.Step, t.Epoch(), named})
	if err != nil {
		return fmt.Errorf("step %d: %v: a loss is not a number", t.Step, values)
	}
	if _, err := l.lines.Write(append(b, '\n')); err != nil {
		return err
	}
	if !t.EpochDone() {
		return nil
	}
	steps := (t.Step-1)%t.StepsPerEpoch + 1 // fewer than StepsPerEpoch in a last, partial epoch
	row := []string{strconv.Itoa(t.Epoch())}
	for i, sum := range t.epochSums {
		row = append(row, strconv.FormatFloat(sum/float64(steps), 'g', 8, 64))
		t.epochSums[i] = 0
	}
	l.rows = append(l.rows, row)
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(l.rows); err != nil {
		return err
	}
	return writeFile(l.csv, text.Bytes())
}

func (l *logs) finish(*Training) error { return l.lines.Close() }

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

// readLines returns the lines of metrics.jsonl up to a step. A kill can leave half a line at the end: it ends the reading.
func readLines(path string, upTo int) ([]byte, error) {
	f, err := os.Open(path)
	if upTo == 0 || errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var keep []byte
	for scan := bufio.NewScanner(f); scan.Scan(); {
		var l line
		if json.Unmarshal(scan.Bytes(), &l) != nil || l.Step > upTo {
			break
		}
		keep = append(append(keep, scan.Bytes()...), '\n')
	}
	return keep, nil
}
