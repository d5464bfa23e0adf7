package tfevents

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func touch(t *testing.T, dir, name string) {
	t.Helper()
	must(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
}

func TestName(t *testing.T) {
	host, err := os.Hostname()
	must(t, err)
	for _, c := range []struct {
		there   []string
		now     int64
		seconds string
		n       int
	}{
		{nil, 1700000000, "1700000000", 0},
		{nil, 7, "0000000007", 0},
		{[]string{"metrics.csv", "tfevents.1"}, 1700000000, "1700000000", 0},
		{[]string{"events.out.tfevents.1699999999.a.1.0"}, 1700000000, "1700000000", 1},
		{[]string{"events.out.tfevents.1700000000.a.1.0"}, 1700000000, "1700000001", 1},
		{[]string{"events.out.tfevents.1700000005.a.1.0", "events.out.tfevents.1600000005.a.1.0"}, 1700000000, "1700000006", 2},
		// Not times of ours: no order could be kept with them.
		{[]string{"events.out.tfevents.later.a", "events.out.tfevents.99999999999.a", "events.out.tfevents."}, 1700000000, "1700000000", 3},
	} {
		dir := t.TempDir()
		for _, name := range c.there {
			touch(t, dir, name)
		}
		w := create(t, dir, time.Unix(c.now, 999), 0)
		want := fmt.Sprintf("events.out.tfevents.%s.%s.%d.%d", c.seconds, host, os.Getpid(), c.n)
		if got := filepath.Base(w.path); got != want {
			t.Errorf("with %q there, name %q, want %q", c.there, got, want)
		}
	}
}

func TestNamesSort(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for range 12 {
		names = append(names, create(t, dir, time.Unix(1700000000, 0), 0).path)
	}
	if !slices.IsSorted(names) {
		t.Errorf("files of one moment sort otherwise than they were made: %q", names)
	}
}

func TestCreateErrors(t *testing.T) {
	now := time.Unix(1700000000, 0)
	full := t.TempDir()
	touch(t, full, "events.out.tfevents.9999999999.a.1.0")
	afile := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(afile, nil, 0o644))
	missing := filepath.Join(t.TempDir(), "missing")
	for _, c := range []struct {
		dir       string
		now       time.Time
		firstStep int64
		want      string
	}{
		{missing, now, 0, missing},
		{afile, now, 0, afile},
		{full, now, 0, full + ": the time 10000000000 s does not fit its name"},
		{t.TempDir(), time.Unix(-1, 0), 0, "the time -1 s does not fit its name"},
		{t.TempDir(), now, -3, "the run cannot resume at step -3"},
	} {
		w, err := Create(c.dir, c.now, c.firstStep)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.dir, err, c.want)
		}
		if w != nil {
			t.Errorf("%s: a writer despite the error", c.dir)
		}
	}
}
