package gotorch

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
)

// resident is the process's memory in pages, from /proc/self/statm.
func resident() (pages int64, err error) {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, err
	}
	var size int64
	_, err = fmt.Sscan(string(b), &size, &pages)
	return pages, err
}

// wganStep is one critic step and one generator step of WGAN-GP on tiny images.
func wganStep(c critic, generator Tensor, criticOpt, generatorOpt Optimizer) {
	Scope(func() {
		var none Tensor
		source := RandN([]int64{2, 3, 32, 32}, false)
		real := RandN([]int64{2, 3, 32, 32}, false)
		fake := Conv2d(source, generator, none, one, one, one, 1).Tanh()
		alpha := Rand([]int64{2, 1, 1, 1}, false)
		mixed := real.Mul(alpha).Add(fake.Detach().Mul(alpha.Neg().AddScalar(1)), 1).SetRequiresGrad(true)
		loss := c.forward(fake.Detach()).Mean().Sub(c.forward(real).Mean(), 1).Add(c.penalty(mixed).MulScalar(10), 1)
		criticOpt.StepWith(Grad([]Tensor{loss}, c[:], nil, false, false))

		generatorOpt.ZeroGrad()
		c.forward(fake).Mean().Neg().Backward()
		generatorOpt.Step()
		criticOpt.ZeroGrad() // what the generator's loss left there
	})
}

// TestMemoryIsFlat trains in a process of its own, where no other test's memory can hide growth.
func TestMemoryIsFlat(t *testing.T) {
	if os.Getenv("GOTORCH_TEST_MEMORY") == "" {
		exe, err := os.Executable()
		if err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(exe, "-test.run=^TestMemoryIsFlat$", "-test.v")
		cmd.Env = append(os.Environ(), "GOTORCH_TEST_MEMORY=1")
		out, err := cmd.CombinedOutput()
		if err != nil || !strings.Contains(string(out), "pages after 500 steps") {
			t.Errorf("%v\n%s", err, out)
		}
		t.Logf("%s", out)
		return
	}
	runtime.LockOSThread() // as a program's main goroutine is
	c := newCritic(3, 16, Float)
	generator := RandN([]int64{3, 3, 3, 3}, true)
	criticOpt, generatorOpt := Adam(2e-4, 0.5, 0.9, 0), Adam(2e-4, 0.5, 0.9, 0)
	criticOpt.AddParameters(c[:])
	generatorOpt.AddParameters([]Tensor{generator})
	GC() // of what newCritic left

	var pages, live [2]int64
	for i, steps := range []int{50, 450} {
		for range steps {
			wganStep(c, generator, criticOpt, generatorOpt)
		}
		var err error
		if pages[i], err = resident(); err != nil {
			t.Fatal(err)
		}
		live[i] = LiveTensors()
	}
	t.Logf("%d pages after 50 steps, %d pages after 500 steps; live tensors %v", pages[0], pages[1], live)
	if float64(pages[1]) > memoryGrowth*float64(pages[0]) {
		t.Errorf("resident memory grew from %d to %d pages", pages[0], pages[1])
	}
	if live[1] != live[0] || live[1] != 4 {
		t.Errorf("live tensors %v, want the 4 parameters each time", live)
	}
}
