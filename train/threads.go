package train

import (
	"fmt"
	"os"

	torch "keygan/gotorch"
	"keygan/internal/cores"
	"keygan/train/config"
	"keygan/train/runlog"
)

// setThreads sets how many threads an operation of libtorch may use on the CPU, and says why so many. began is the number with which a run
// that is resumed began, or 0; processes is how many of this machine share its cores. libtorch's own choice is one thread on many virtual machines, whose CPUID names one core.
func setThreads(c config.Config, began, processes int) (why string) {
	n, why := cores.Usable()
	switch variable := os.Getenv("OMP_NUM_THREADS"); {
	case c.Threads > 0:
		n, why = c.Threads, "as configured"
	case variable != "":
		n, why = torch.NumThreads(), "by OMP_NUM_THREADS" // libtorch has read it
	case began > 0 && began <= n:
		n, why = began, "as when this run began; another number would round differently"
	case processes > 1:
		n, why = max(1, n/processes), fmt.Sprintf("a part of %s: %d processes share them", why, processes)
	}
	torch.SetNumThreads(int32(n))
	return why
}

// threadsBefore is the number of threads that the run used so far, if it is resumed in as many processes, or 0.
func (t *Training) threadsBefore(o Options) int {
	if !o.Resume {
		return 0
	}
	if r, err := runlog.ReadRecord(t.Dir); err == nil {
		last := r.Machine
		if n := len(r.Resumed); n > 0 {
			last = r.Resumed[n-1].Machine
		}
		if max(last.Processes, 1) != max(o.Part.World, 1) {
			return 0
		}
	}
	c, _ := readRunConfig(t.Dir) // what is wrong with it is said elsewhere
	return c.Threads
}

// checkBF16 tries a convolution and its gradient in bf16, which some CPUs cannot do.
func checkBF16(d torch.Device) error {
	err := torch.Try(func() {
		torch.Scope(func() {
			at := place{device: d, bf16: true}
			x := at.ordered(torch.Ones([]int64{1, 16, 8, 8}, false).To(d)).CastTo(torch.BFloat16).SetRequiresGrad(true)
			w := at.ordered(torch.Ones([]int64{16, 16, 3, 3}, false).To(d)).CastTo(torch.BFloat16).SetRequiresGrad(true)
			one := []int64{1, 1}
			y := torch.Conv2d(x, w, torch.Tensor{}, one, one, one, 1)
			torch.Grad([]torch.Tensor{y.Sum()}, []torch.Tensor{x, w}, nil, false, false)
		})
	})
	if err != nil {
		return fmt.Errorf("bf16: not possible on this device with libtorch %s: %w", torch.Version(), err)
	}
	return nil
}
