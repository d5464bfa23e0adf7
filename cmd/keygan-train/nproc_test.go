package main

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"keygan/infer"
)

const togetherConfig = `
name: together
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
train: {batch: 5, steps: 5, checkpoint_every: 3, sample_every: 0}
`

// trainer runs keygan-train in a folder of its own.
type trainer struct {
	*testing.T
	dir string
}

func newTrainer(t *testing.T) trainer {
	k := trainer{t, t.TempDir()}
	if err := os.WriteFile(filepath.Join(k.dir, "c.yaml"), []byte(togetherConfig), 0o644); err != nil {
		t.Fatal(err)
	}
	return k
}

// run is a training under way.
type run struct {
	*exec.Cmd
	out bytes.Buffer // both outputs
}

// start trains into a folder of outputs, by a command that ends with keygan-train and its arguments.
func (k trainer) start(output string, command ...string) *run {
	k.Helper()
	command = append(command, "-c", "c.yaml", "--set", "output="+output)
	r := &run{Cmd: exec.Command(command[0], command[1:]...)}
	r.Dir, r.Stdout, r.Stderr = k.dir, &r.out, &r.out
	// A machine that is busy with other tests may let a process wait for seconds.
	r.Env = append(os.Environ(), "KEYGAN_PATIENCE=20s")
	if err := r.Start(); err != nil {
		k.Fatal(err)
	}
	k.Cleanup(func() { r.Process.Kill() })
	return r
}

// done waits for the end, checks the exit code, and returns what was printed.
func (k trainer) done(r *run, code int) string {
	k.Helper()
	late := time.AfterFunc(2*time.Minute, func() { r.Process.Kill() })
	defer late.Stop()
	err := r.Wait()
	if got := r.ProcessState.ExitCode(); got != code {
		k.Fatalf("%v: exit code %d, want %d: %v\n%s", r.Args, got, code, err, r.out.String())
	}
	return r.out.String()
}

func (k trainer) folder(output string) string { return filepath.Join(k.dir, output, "together") }

// begun waits until a run has made some steps.
func (k trainer) begun(output string) {
	k.Helper()
	for deadline := time.Now().Add(time.Minute); steps(k.folder(output)) < 2; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			k.Fatal("no steps in a minute")
		}
	}
}

// children are the processes that a process has started, in that order.
func (k trainer) children(pid int) (all []int) {
	k.Helper()
	tasks, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		for _, word := range strings.Fields(string(text)) {
			n := 0
			fmt.Sscan(word, &n)
			all = append(all, n)
		}
	}
	return all
}

// same compares the generators of two runs.
func (k trainer) same(a, b string) {
	k.Helper()
	var models [2]*infer.Model
	for i, output := range []string{a, b} {
		var err error
		if models[i], err = infer.ReadFile(filepath.Join(k.folder(output), "generator.npz")); err != nil {
			k.Fatal(err)
		}
	}
	other := models[1].Params()
	for name, x := range models[0].Params() {
		for i, v := range x.Data {
			if d := math.Abs(float64(v) - float64(other[name].Data[i])); !(d <= 1e-5) {
				k.Fatalf("%s and %s: %s[%d] differs by %g", a, b, name, i, d)
			}
		}
	}
}

// Two runs at once, and one that goes on with another number of processes after each stop, come to what one process comes to.
func TestProcesses(t *testing.T) {
	k := newTrainer(t)
	k.done(k.start("alone", "keygan-train"), 0)
	first, second := k.start("first", "keygan-train", "--nproc", "2"), k.start("second", "keygan-train", "--nproc=3", "-q")
	if out := k.done(first, 0); strings.Count(out, "training ") != 1 || strings.Count(out, "generator.npz\n") != 1 {
		t.Errorf("more than one process talks:\n%s", out)
	}
	if out := k.done(second, 0); out != "second/together/generator.npz\n" {
		t.Errorf("with -q:\n%s", out)
	}
	k.done(k.start("parts", "keygan-train", "--nproc", "2", "--set", "train.steps=2"), 0)
	if out := k.done(k.start("parts", "keygan-train", "--set", "train.steps=3", "--resume"), 0); !strings.Contains(out, "processes was 2") {
		t.Errorf("no warning:\n%s", out)
	}
	k.done(k.start("parts", "keygan-train", "--nproc", "3", "--resume"), 0)
	for _, output := range []string{"first", "second", "parts"} {
		k.same("alone", output)
	}
	if out := k.done(k.start("parts", "keygan-train", "--nproc", "2", "--resume"), 0); strings.Count(out, "finished") != 1 {
		t.Errorf("a finished run:\n%s", out)
	}
	if out := k.done(k.start("first", "keygan-train", "--nproc", "2"), 1); !strings.Contains(out, "already exists") {
		t.Errorf("a run that is there:\n%s", out)
	}
	for _, args := range [][]string{{"--nproc", "6"}, {"--nproc", "2", "--set", "train.steps=0.5"}} {
		k.done(k.start("none", append([]string{"keygan-train"}, args...)...), 2)
	}
}

// Told to stop, all processes stop after the same step, and rank 0 saves.
func TestProcessesAreStopped(t *testing.T) {
	for _, test := range []struct {
		name string
		code int
		stop func(k trainer, r *run)
	}{
		{"all", 143, func(k trainer, r *run) { r.Process.Signal(syscall.SIGTERM) }},
		{"one", 1, func(k trainer, r *run) { syscall.Kill(k.children(r.Process.Pid)[1], syscall.SIGTERM) }},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := newTrainer(t)
			r := k.start("out", "keygan-train", "--nproc", "2", "--set", "train.steps=1000000")
			k.begun("out")
			test.stop(k, r)
			out := k.done(r, test.code)
			saved := fmt.Sprintf("step %d of 1000000 is saved", steps(k.folder("out")))
			if strings.Count(out, saved) != 1 || strings.Count(out, "--resume") != 1 {
				t.Errorf("want %q once, and how to go on:\n%s", saved, out)
			}
		})
	}
}

// A process that is killed in the middle of a step ends the others, who name it. What it leaves can be resumed.
func TestProcessIsKilled(t *testing.T) {
	for _, rank := range []int{0, 2} {
		t.Run(fmt.Sprint("rank ", rank), func(t *testing.T) {
			t.Parallel()
			k := newTrainer(t)
			r := k.start("out", "keygan-train", "--nproc", "3", "--set", "train.steps=1000000")
			k.begun("out")
			all := k.children(r.Process.Pid)
			if len(all) != 3 {
				t.Fatalf("processes: %v", all)
			}
			if err := syscall.Kill(all[rank], syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			out := k.done(r, 1)
			if want := fmt.Sprintf("rank %d (process %d on ", rank, all[rank]); strings.Count(out, want) < 2 {
				t.Errorf("want %q from both others:\n%s", want, out)
			}
			for _, pid := range all {
				if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
					t.Errorf("process %d is still there", pid)
				}
			}
			next := steps(k.folder("out")) + 3
			k.done(k.start("out", "keygan-train", "--nproc", "2", "--resume", "--set", fmt.Sprint("train.steps=", next)), 0)
		})
	}
}

// torchrun of Debian's python3-torch, which has the libtorch that the tests run with.
func TestTorchrun(t *testing.T) {
	if _, err := exec.LookPath("torchrun"); err != nil {
		t.Skip("torchrun (Debian's python3-torch) is not installed")
	}
	k := newTrainer(t)
	k.done(k.start("alone", "keygan-train"), 0)
	// --standalone meets at a free port; torchrun's agent holds the store. torchrun 1.13 on Python 3.11 takes redirections only rank by rank.
	r := k.start("out", "torchrun", "--standalone", "--redirects=9:1", "--tee=9:1", "--no_python", "--nproc_per_node=2", "keygan-train", "-q")
	k.done(r, 0)
	k.same("alone", "out")
}
