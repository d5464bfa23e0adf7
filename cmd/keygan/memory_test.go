package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"keygan/data"
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
			n = 3 * budget
		}
		jobs = append(jobs, job{
			input: "x", memory: func() int64 { return n },
			do: func(context.Context) error {
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
				return nil
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
	if err := data.WritePNG(image, data.NewImage(300, 200, 1, 16), false); err != nil {
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
		want         int64
	}{
		{"no limits", map[string]string{"meminfo": meminfo}, nil, 8000 << 10},
		{"nothing is told", nil, nil, unknownMemory},
		{"a job's limit above its step", map[string]string{"meminfo": meminfo, "self/cgroup": "0::/job/step\n"}, map[string]string{
			"job/memory.max": "5000\n", "job/memory.current": "2000\n", "job/step/memory.max": "max\n", "job/step/memory.current": "1\n"}, 3000},
		{"version 1", map[string]string{"meminfo": meminfo, "self/cgroup": "5:memory:/pod\n4:cpu:/\n"}, map[string]string{
			"memory/pod/memory.limit_in_bytes": "700", "memory/pod/memory.usage_in_bytes": "900"}, 0},
	} {
		if got := freeMemory(write(t.TempDir(), v.proc), write(t.TempDir(), v.cgroup)); got != v.want {
			t.Errorf("%s: %d bytes, want %d", v.name, got, v.want)
		}
	}
}
