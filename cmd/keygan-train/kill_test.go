package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keygan/internal/npz"
	"keygan/train/watch"
)

var killSeed = flag.Uint64("kill.seed", 0, "of the moments at which TestKills kills; 0: others each time")

// killedSteps is the length of the runs that TestKills kills.
const killedSteps = 80

const killedConfig = `
name: killed
device: cpu
threads: 1
image: {size: 24}
source:
- {synthetic: xray, count: 20, size: 24}
target:
- {synthetic: spectrogram, count: 8, size: 24}
data: {cache: off}
generator: {width: 1, blocks: 0}
critic: {width: 1}
objective: {critic_steps: 1}
train: {batch: 2, steps: 80, checkpoint_every: 3, samples: 1}
`

// A run that is killed at random moments, from its start-up to its end, can be read and resumed after each, and leaves in the
// end the same bytes as one that was not.
func TestKills(t *testing.T) {
	for _, v := range []struct {
		name  string
		kills int
		set   []string
	}{
		{"published", 10, nil},
		{"published again", 10, nil},
		{"options", 6, []string{"generator={norm: batch, ema: 0.9}", "critic.norm=batch", "train.accumulate=2"}},
	} {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			seed := *killSeed
			if seed == 0 {
				seed = rand.Uint64()
			}
			t.Logf("repeat with -kill.seed=%d", seed)
			k := &killer{T: t, random: rand.New(rand.NewPCG(seed, uint64(len(v.name)))), set: v.set, dir: t.TempDir()}
			if err := os.WriteFile(filepath.Join(k.dir, "c.yaml"), []byte(killedConfig), 0o644); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			if out, err := k.command("whole").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			k.whole = time.Since(began)
			for chain := 0; k.kills < v.kills; chain++ {
				k.chain(fmt.Sprintf("chain-%d", chain), v.kills)
			}
		})
	}
}

// killer kills one process after the other.
type killer struct {
	*testing.T
	random *rand.Rand
	set    []string
	dir    string
	whole  time.Duration // of a run that is not killed
	kills  int
}

// command trains in a folder of outputs.
func (k *killer) command(output string, args ...string) *exec.Cmd {
	args = append([]string{"-c", "c.yaml", "-q", "--set", "output=" + output}, args...)
	for _, s := range k.set {
		args = append(args, "--set", s)
	}
	c := exec.Command("keygan-train", args...)
	c.Dir = k.dir
	return c
}

// chain kills one run until it is complete, and compares it with the one that was not killed. After the last kill it is left
// to end by itself.
func (k *killer) chain(output string, most int) {
	run := filepath.Join(k.dir, output, "killed")
	for {
		var stderr bytes.Buffer
		c := k.command(output, howToGoOn(run)...)
		c.Stderr = &stderr
		if err := c.Start(); err != nil {
			k.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- c.Wait() }()
		if k.kills < most {
			k.wait(run, ended)
			c.Process.Kill()
		}
		<-ended
		if c.ProcessState.Success() {
			k.compare(filepath.Join(k.dir, "whole", "killed"), run)
			return
		}
		if status := c.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
			k.Fatalf("after %d kills: %v\n%s", k.kills, c.ProcessState, stderr.String())
		}
		k.kills++
		k.readable(run)
	}
}

// howToGoOn is what a user does about a run that was killed.
func howToGoOn(run string) []string {
	if _, err := os.Stat(filepath.Join(run, "config.yaml")); err != nil {
		return nil // killed before it began
	}
	if saved, _ := filepath.Glob(filepath.Join(run, "checkpoints", "step-*.npz")); len(saved) == 0 {
		return []string{"--force"}
	}
	return []string{"--resume"}
}

// wait lets a random part of the run go by: of its start-up, or of its steps and a moment more.
func (k *killer) wait(run string, ended chan error) {
	moment := time.Duration(k.random.Int64N(int64(k.whole / 2)))
	step := k.random.IntN(killedSteps + 1)
	if k.random.IntN(3) > 0 {
		moment = time.Duration(k.random.Int64N(int64(20 * time.Millisecond)))
		for steps(run) < step && len(ended) == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	for wake := time.Now().Add(moment); time.Now().Before(wake) && len(ended) == 0; {
		time.Sleep(time.Millisecond)
	}
}

// steps is how many metrics.jsonl has.
func steps(run string) int {
	b, _ := os.ReadFile(filepath.Join(run, "metrics.jsonl")) // none before the first step
	return bytes.Count(b, []byte("\n"))
}

// readable checks all that a killed process has left.
func (k *killer) readable(run string) {
	k.Helper()
	latest, err := os.ReadFile(filepath.Join(run, "checkpoints", "latest"))
	if err == nil {
		path := filepath.Join(run, "checkpoints", strings.TrimSpace(string(latest)))
		if a, err := npz.ReadFile(path, 1<<20); err != nil {
			k.Error(err)
		} else if err := a.Check(); err != nil {
			k.Errorf("%s: %v", path, err)
		}
	} else if !os.IsNotExist(err) {
		k.Error(err)
	}
	b, _ := os.ReadFile(filepath.Join(run, "metrics.jsonl"))
	lines := bytes.SplitAfter(b, []byte("\n"))
	for i, line := range lines[:len(lines)-1] { // the last is half a line, or nothing
		var l struct{ Step int }
		if err := json.Unmarshal(line, &l); err != nil || l.Step != i+1 {
			k.Errorf("line %d of metrics.jsonl: %s: %v", i+1, line, err)
		}
	}
	if _, err := os.Stat(filepath.Join(run, "config.yaml")); err == nil {
		var picture bytes.Buffer
		err := watch.Show(context.Background(), run, &picture, watch.Options{Once: true, Width: func() int { return 160 }})
		if err != nil || !strings.Contains(picture.String(), "--resume goes on") && !strings.Contains(picture.String(), "finished") {
			k.Errorf("watch: %v\n%s", err, picture.String())
		}
	}
	if b, err := os.ReadFile(filepath.Join(run, "metrics.csv")); err == nil {
		if _, err := csv.NewReader(bytes.NewReader(b)).ReadAll(); err != nil {
			k.Errorf("metrics.csv: %v", err)
		}
	}
}

func (k *killer) compare(whole, run string) {
	k.Helper()
	for _, name := range []string{"generator.npz", "metrics.csv", "metrics.jsonl", "checkpoints/latest", fmt.Sprintf("checkpoints/step-%08d.npz", killedSteps)} {
		var sums [2][32]byte
		for i, dir := range []string{whole, run} {
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				k.Error(err)
			}
			sums[i] = sha256.Sum256(b)
		}
		if sums[0] != sums[1] {
			k.Errorf("%s: SHA-256 %x, but %x where the run was not killed", name, sums[1], sums[0])
		}
	}
	err := filepath.WalkDir(run, func(path string, _ os.DirEntry, err error) error {
		if strings.HasSuffix(path, ".tmp") {
			k.Errorf("%s is left behind", path)
		}
		return err
	})
	if err != nil {
		k.Error(err)
	}
}
