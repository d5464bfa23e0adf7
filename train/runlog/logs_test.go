package runlog

import (
	"fmt"
	"math"
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
