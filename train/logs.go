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
	Step    int                 `json:"step"`
	Epoch   int                 `json:"epoch"`
	Values  map[string]*float64 `json:"values"`            // by column of metrics.csv; null: infinite or NaN
	Skipped int                 `json:"skipped,omitempty"` // updates left out since the run began
}

// means are those of the columns over the steps of an epoch. What is not finite is left out of them.
type means struct {
	sums   []float64
	counts []int // of the values in each sum
}

func newMeans(columns int) means { return means{make([]float64, columns), make([]int, columns)} }

func (m means) add(values []float64) {
	for i, v := range values {
		if finite(v) {
			m.sums[i] += v
			m.counts[i]++
		}
	}
}

func (m means) clear() {
	clear(m.sums)
	clear(m.counts)
}

// row is them as metrics.csv writes them; a column without a value is empty.
func (m means) row() []string {
	row := make([]string, len(m.sums))
	for i, n := range m.counts {
		if n > 0 {
			row[i] = strconv.FormatFloat(m.sums[i]/float64(n), 'g', 8, 64)
		}
	}
	return row
}

// newLogs opens the logs. What a resumed run finds after its checkpoint's step is cut off: those steps come again.
func newLogs(t *Training) (*logs, error) {
	l := &logs{csv: filepath.Join(t.Dir, "metrics.csv"), rows: [][]string{append([]string{"Epoch"}, t.Objective.Columns()...)}}
	epochs := 0
	if t.Step > 0 {
		epochs = t.Step / t.StepsPerEpoch
		old, err := readTable(l.csv)
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
	t.means.add(values)
	named := make(map[string]*float64, len(values))
	for i, name := range t.Objective.Columns() {
		named[name] = nil
		if finite(values[i]) {
			named[name] = &values[i]
		}
	}
	b, err := json.Marshal(line{t.Step, t.Epoch(), named, t.skipped()})
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
	l.rows = append(l.rows, append([]string{strconv.Itoa(t.Epoch())}, t.means.row()...))
	if t.Step%t.StepsPerEpoch == 0 { // else a longer run may go on with this epoch, and its row with it
		t.means.clear()
	}
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(l.rows); err != nil {
		return err
	}
	return writeFile(l.csv, text.Bytes())
}

func (l *logs) finish(*Training) error { return l.lines.Close() }

// Close is for a run that fails.
func (l *logs) Close() error { return l.lines.Close() }

// readTable reads a metrics.csv with its header; no file is no rows.
func readTable(path string) ([][]string, error) {
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
	return rows, nil
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
