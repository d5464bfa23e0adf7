package job

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Jobs run together only as far as memory goes, and one that takes more than there is runs alone.
func TestBatchMemory(t *testing.T) {
	budget := MemoryBudget()
	var mu sync.Mutex
	var now, most int64
	running := 0
	var jobs []Job
	for i := range 40 {
		n := budget / int64(2+i%5)
		if i%10 == 0 {
			n = 3 * budget / 2
		}
		jobs = append(jobs, Job{
			Input: "x", Memory: func() int64 { return n },
			Do: func(context.Context) (string, error) {
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
	report, err := Run(t.Context(), Host{}, Batch{Name: "test", Jobs: jobs, Workers: 16})
	if err != nil || len(report.Failed) > 0 {
		t.Fatal(err, report)
	}
	if most > budget || most == 0 {
		t.Errorf("%d bytes at a time, there can be %d", most, budget)
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
		if got, known := freeIn(write(t.TempDir(), v.proc), write(t.TempDir(), v.cgroup)); known != (v.want >= 0) || (known && got != v.want) {
			t.Errorf("%s: %d bytes, known: %v, want %d", v.name, got, known, v.want)
		}
	}
}
