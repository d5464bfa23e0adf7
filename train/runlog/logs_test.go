package runlog

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSparkline(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		values []float64
		width  int
		want   string
	}{
		{nil, 10, ""},
		{[]float64{5}, 10, "▅"},
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 10, "▁▂▃▄▅▆▇█"},
		{[]float64{0, 1, 2, 3, 4, 5, 6, 7}, 4, "▁▃▆█"},
		{[]float64{7, 0, 7}, 0, ""},
		{[]float64{7, 0, 7}, -3, ""},
		{[]float64{-1, nan, math.Inf(1), 1}, 10, "▁  █"},
		{[]float64{nan, nan}, 10, "  "},
		{[]float64{nan, nan, 1, 3, 5, nan}, 3, " ▁█"},
		{[]float64{-math.MaxFloat64, 0, math.MaxFloat64}, 3, "▁▅█"},
		{[]float64{1, 10, 1000}, 3, "▁▃█"},
		{[]float64{0, 10, 1000}, 3, "▁▁█"},
	} {
		if got := Sparkline(c.values, c.width); got != c.want {
			t.Errorf("%v in %d: %q, want %q", c.values, c.width, got, c.want)
		}
	}
}

// Columns that judge keys are in the rows of the epochs after which they were measured, and in the lines of their last steps, but not where
// a run ends within an epoch: a longer one would have no such line. Rows of a table without these columns stay, with empty cells.
func TestLogsOfKeys(t *testing.T) {
	dir := t.TempDir()
	if err := WriteFile(filepath.Join(dir, "metrics.csv"), []byte("Epoch,D_real,Critic Loss\n1,7,8\n2,3,4\n")); err != nil {
		t.Fatal(err)
	}
	logs, err := OpenLogs(dir, Columns{Step: []string{"Critic Loss", "D_real"}, Keys: []string{"Training Entropy", "Training Chi2"}}, NewMeans(2), 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	for step := 3; step <= 7; step++ {
		s := Step{Step: step, Epoch: (step + 1) / 2, EpochDone: step%2 == 0 || step == 7, Values: []float64{1, 2}}
		s.Keys = map[int][]float64{4: {7.5, math.NaN()}, 7: {6, 5}}[step]
		if err := logs.AfterStep(s); err != nil {
			t.Fatal(err)
		}
	}
	logs.Close()
	text, err := os.ReadFile(filepath.Join(dir, "metrics.csv"))
	const want = "Epoch,Critic Loss,D_real,Training Entropy,Training Chi2\n1,8,7,,\n2,1,2,7.5,\n3,1,2,,\n4,1,2,6,5\n"
	if string(text) != want {
		t.Errorf("%s%v, want\n%s", text, err, want)
	}
	lines, _ := ReadTail(dir)
	for _, l := range lines {
		entropy, there := l.Values["Training Entropy"]
		chi2 := l.Values["Training Chi2"]
		if there != (l.Step == 4) || there && (*entropy != 7.5 || chi2 != nil) {
			t.Errorf("step %d: %v", l.Step, l.Values)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d lines", len(lines))
	}
}

func TestReadTail(t *testing.T) {
	text := func(first, last int) string {
		var b strings.Builder
		for i := first; i <= last; i++ {
			fmt.Fprintf(&b, `{"step":%d,"epoch":1,"values":{"Critic Loss":%d,"Generator Loss":null}}`+"\n", i, i)
		}
		return b.String()
	}
	for name, c := range map[string]struct {
		text        string
		first, last int // 0: no line
	}{
		"empty":               {"", 0, 0},
		"half a line":         {`{"step":1,"epo`, 0, 0},
		"a line without end":  {strings.TrimSpace(text(1, 1)), 0, 0},
		"one line":            {text(1, 1), 1, 1},
		"and half a line":     {text(1, 3) + text(4, 4)[:20], 1, 3},
		"no JSON":             {"\x00\x00\n<html>\n[]\n" + text(5, 6), 5, 6},
		"zeros after a crash": {text(1, 2) + strings.Repeat("\x00", 500), 1, 2},
		"longer than is read": {text(1, 5000), -1, 5000},
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "metrics.jsonl")
		if err := WriteFile(path, []byte(c.text)); err != nil {
			t.Fatal(err)
		}
		lines, written := ReadTail(dir)
		switch {
		case written.IsZero():
			t.Errorf("%s: the file has no time", name)
		case c.last == 0 && len(lines) > 0 || c.last > 0 && len(lines) == 0:
			t.Errorf("%s: %d lines", name, len(lines))
		case c.last > 0 && (lines[len(lines)-1].Step != c.last || c.first > 0 && lines[0].Step != c.first):
			t.Errorf("%s: steps %d to %d", name, lines[0].Step, lines[len(lines)-1].Step)
		}
		for i, l := range lines {
			if i > 0 && l.Step != lines[i-1].Step+1 || *l.Values["Critic Loss"] != float64(l.Step) || l.Values["Generator Loss"] != nil {
				t.Errorf("%s: line %d is %+v", name, i, l)
			}
		}
	}
	if lines, _ := ReadTail(t.TempDir()); lines != nil {
		t.Errorf("no file: %v", lines)
	}
}
