package train

import (
	"flag"
	"fmt"
	"syscall"
	"testing"
	"time"

	torch "keygan/gotorch"
	"keygan/internal/cpumodel"
	"keygan/train/config"
)

var (
	benchDevice    = flag.String("bench.device", "cpu", "device of BenchmarkStep")
	benchShape     = flag.String("bench.shape", "64 16 2 4", "of BenchmarkStep: size, width, blocks, batch")
	benchSteps     = flag.Int("bench.steps", 1, "steps that BenchmarkStep times as one operation")
	benchPrecision = flag.String("bench.precision", "fp32", "of BenchmarkStep: fp32, or tf32 on NVIDIA GPUs")
	benchThreads   = flag.Int("bench.threads", 1, "CPU threads of BenchmarkStep")
)

// BenchmarkStep times steps of WGAN-GP on random images; scripts/bench-train sets it beside PyTorch. After its last step it prints what
// scripts/bench/train.py prints.
func BenchmarkStep(b *testing.B) {
	var size, width, blocks, batch int
	if _, err := fmt.Sscan(*benchShape, &size, &width, &blocks, &batch); err != nil {
		b.Fatal(err)
	}
	c := config.Default()
	c.Device, c.Threads = *benchDevice, *benchThreads
	switch *benchPrecision {
	case "fp32", "tf32":
		c.TF32 = *benchPrecision == "tf32"
	default:
		b.Fatalf("-bench.precision %s: expected fp32 or tf32", *benchPrecision)
	}
	c.Image.Size, c.Generator.Width, c.Generator.Blocks, c.Critic.Width, c.Train.Batch = size, width, blocks, width, batch
	device, err := useDevice(c)
	if err != nil {
		b.Fatal(err)
	}
	torch.SetCuDNNBenchmark(true)
	o := newObjective(c, place{device: device})
	defer closeModels(o)
	shape := []int64{int64(batch), 3, int64(size), int64(size)}
	random := func() torch.Tensor { return torch.Rand(shape, false).MulScalar(2).AddScalar(-1).To(device).Keep() }
	pair := Batch{random(), random()}
	step := func() {
		torch.Scope(func() { o.Step([]Batch{pair}).Floats() }) // a copy to the host, which waits for the device
	}
	warmUp := 1 // the first steps choose algorithms and grow memory pools
	if device.IsCUDA() {
		warmUp = 5
	}
	for range warmUp {
		step()
	}
	began, used := time.Now(), processorSeconds(b)
	b.ResetTimer()
	for range b.N * *benchSteps {
		step()
	}
	b.StopTimer()
	steps := float64(b.N * *benchSteps)
	b.ReportMetric(time.Since(began).Seconds()/steps*1000, "ms/step")
	report(b, device, time.Since(began).Seconds()/steps, (processorSeconds(b)-used)/steps)
}

// report prints seconds and processor seconds a step, the peak of memory in MiB (on a GPU: of its tensors), threads, libtorch and device.
func report(b *testing.B, d torch.Device, seconds, processor float64) {
	peak, name := float64(usage(b).Maxrss)/1024, cpumodel.Name()
	if d.IsCUDA() {
		_, _, bytes, err := torch.CUDAMemory(d)
		if err != nil {
			b.Fatal(err)
		}
		peak, name = float64(bytes)/(1<<20), torch.CUDADeviceName(0)
	}
	fmt.Printf("\nstep\t%.5f\t%.3f\t%.0f\t%d\t%s\t%s\n", seconds, processor, peak, torch.NumThreads(), torch.Version(), name)
}

func usage(b *testing.B) (u syscall.Rusage) {
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u
}

func processorSeconds(b *testing.B) float64 {
	u := usage(b)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
}
