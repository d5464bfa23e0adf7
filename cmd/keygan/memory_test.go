package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"keygan/data/imagefile"
	"keygan/data/raster"
	"keygan/infer/builtin"
)

// Jobs run together only as far as memory goes, and one that takes more than there is runs alone.
func TestBatchMemory(t *testing.T) {
	budget := memoryBudget()
	var mu sync.Mutex
	var now, most int64
	running := 0
	var jobs []job
	for i := range 40 {
		n := budget / int64(2+i%5)
		if i%10 == 0 {
			n = 3 * budget / 2
		}
		jobs = append(jobs, job{
			input: "x", memory: func() int64 { return n },
			do: func(context.Context) (string, error) {
				mu.Lock()
				now += n
				running++
				if n > budget && running > 1 {
					t.Error("one that takes more than there is runs beside another")
				}
				if n <= budget {
					most = max(most, now)
				}
				mu.Unlock()
				time.Sleep(100 * time.Microsecond)
				mu.Lock()
				now -= n
				running--
				mu.Unlock()
				return "", nil
			},
		})
	}
	a := &app{stdout: io.Discard, stderr: io.Discard, quiet: true}
	if err := a.run(t.Context(), batch{what: "test", jobs: jobs, workers: 16}); err != nil {
		t.Fatal(err)
	}
	if most > budget || most == 0 {
		t.Errorf("%d bytes at a time, there can be %d", most, budget)
	}
}

func TestMemoryOf(t *testing.T) {
	dir := t.TempDir()
	image := filepath.Join(dir, "a.png")
	if err := imagefile.WritePNG(image, raster.NewImage(300, 200, 1, 16), false); err != nil {
		t.Fatal(err)
	}
	if n := memoryOf(image); n != 4*300*200*2 {
		t.Errorf("%d bytes for an image of 300×200 pixels of 16 bits", n)
	}
	file := filepath.Join(dir, "b.dcm")
	if err := os.WriteFile(file, make([]byte, 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	if n := memoryOf(file); n != 4000 {
		t.Errorf("%d bytes for a file of 1000", n)
	}
}

// What is free is the least that the machine and each control group above the process have left.
func TestFreeMemory(t *testing.T) {
	write := func(dir string, files map[string]string) string {
		for name, content := range files {
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	meminfo := "MemTotal: 9000 kB\nMemAvailable:    8000 kB\n"
	for _, v := range []struct {
		name         string
		proc, cgroup map[string]string
		want         int64 // −1: unknown
	}{
		{"no limits", map[string]string{"meminfo": meminfo}, nil, 8000 << 10},
		{"nothing is told", nil, nil, -1},
		{"a job's limit above its step", map[string]string{"meminfo": meminfo, "self/cgroup": "0::/job/step\n"}, map[string]string{
			"job/memory.max": "5000\n", "job/memory.current": "2000\n", "job/step/memory.max": "max\n", "job/step/memory.current": "1\n"}, 3000},
		{"version 1", map[string]string{"meminfo": meminfo, "self/cgroup": "5:memory:/pod\n4:cpu:/\n"}, map[string]string{
			"memory/pod/memory.limit_in_bytes": "700", "memory/pod/memory.usage_in_bytes": "900"}, 0},
	} {
		if got, known := freeMemory(write(t.TempDir(), v.proc), write(t.TempDir(), v.cgroup)); known != (v.want >= 0) || (known && got != v.want) {
			t.Errorf("%s: %d bytes, known: %v, want %d", v.name, got, known, v.want)
		}
	}
}

// A key that takes more memory than is free is refused, with a way out; what the key before it left counts as free.
func TestKeyMemory(t *testing.T) {
	img := raster.NewImage(64, 64, 1, 8)
	g := generator{model: builtin.Generator()}
	g.setMemory()
	takes := g.model.Memory(runtime.GOMAXPROCS(0), img.Height, img.Width)
	for _, v := range []struct {
		name       string
		free, held int64
		known, ok  bool
	}{
		{"enough", takes, 0, true, true},
		{"too little", takes - 1, 0, true, false},
		{"none", 0, 0, true, false},
		{"nobody knows", 0, 0, false, true},
		{"what the last one left", 1, takes - 1, true, true},
		{"less than that", 1, takes - 2, true, false},
	} {
		g.free = func() (int64, bool) { return v.free, v.known }
		g.held.Store(v.held)
		g.ahead.Store(1)
		key, err := g.key(img)
		if (err == nil) != v.ok || (key != nil) != v.ok {
			t.Errorf("%s: error %v", v.name, err)
		}
		if !v.ok && (!errors.Is(err, errKeyMemory) || !strings.Contains(hintFor(err), "--no-gan") || !strings.Contains(hintFor(err), "--resize")) {
			t.Errorf("%s: error %v, hint %q", v.name, err, hintFor(err))
		}
	}
}
