package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A run on several threads has OpenMP's threads sleep while they wait, unless the user chose; its first line says how many there are and
// why. The environment of the process is what OpenMP reads.
func TestWaiting(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("no /proc here")
	}
	for _, c := range []struct {
		set      string // threads
		chosen   string // by the user
		want, as string
	}{
		{"2", "", "OMP_WAIT_POLICY=passive", "2 threads (as configured)"},
		{"2", "OMP_WAIT_POLICY=active", "OMP_WAIT_POLICY=active", "2 threads (as configured)"},
		{"2", "OMP_WAIT_POLICY=", "OMP_WAIT_POLICY=", "2 threads (as configured)"},
		{"1", "", "", "1 thread (as configured)"},
		{"0", "OMP_NUM_THREADS=1", "OMP_WAIT_POLICY=passive", "1 thread (by OMP_NUM_THREADS)"},
	} {
		dir := t.TempDir()
		config := filepath.Join(dir, "waits.yaml")
		if err := os.WriteFile(config, []byte(strings.Replace(killedConfig, "threads: 1", "threads: "+c.set, 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("keygan-train", "-c", config, "--set", "output="+dir, "--set", "train.steps=1000000")
		for _, v := range os.Environ() {
			if !strings.HasPrefix(v, "OMP_") && !strings.HasPrefix(v, "GOMP_") {
				cmd.Env = append(cmd.Env, v)
			}
		}
		if c.chosen != "" {
			cmd.Env = append(cmd.Env, c.chosen)
		}
		log, err := cmd.StderrPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		var first string
		for r := bufio.NewReader(log); err == nil && !strings.Contains(first, "training "); {
			first, err = r.ReadString('\n')
		}
		environ, err2 := os.ReadFile(fmt.Sprintf("/proc/%d/environ", cmd.Process.Pid)) // while it trains
		cmd.Process.Kill()
		cmd.Wait()
		if err != nil || err2 != nil || !strings.Contains(first, c.as) {
			t.Errorf("threads %s, %q: %v, %v, %s", c.set, c.chosen, err, err2, first)
		}
		var policy string
		for v := range strings.SplitSeq(string(environ), "\x00") {
			if strings.HasPrefix(v, "OMP_WAIT_POLICY=") {
				policy = v
			}
		}
		if policy != c.want {
			t.Errorf("threads %s, %q: waits by %q, want %q", c.set, c.chosen, policy, c.want)
		}
	}
}
