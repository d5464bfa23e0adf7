package train

import (
	"flag"
	"fmt"
	"testing"

	torch "keygan/gotorch"
	"keygan/train/config"
)

var (
	benchDevice = flag.String("bench.device", "cpu", "device of BenchmarkStep")
	benchShape  = flag.String("bench.shape", "64 16 2 4", "of BenchmarkStep: size, width, blocks, batch")
	benchTF32   = flag.Bool("bench.tf32", false, "let BenchmarkStep use TF32 on NVIDIA GPUs")
)

// BenchmarkStep times whole steps of WGAN-GP on random images; scripts/bench-train sets it beside PyTorch.
func BenchmarkStep(b *testing.B) {
	var size, width, blocks, batch int
	if _, err := fmt.Sscan(*benchShape, &size, &width, &blocks, &batch); err != nil {
		b.Fatal(err)
	}
	c := config.Default()
	c.Device, c.TF32 = *benchDevice, *benchTF32
	c.Image.Size, c.Generator.Width, c.Generator.Blocks, c.Critic.Width, c.Train.Batch = size, width, blocks, width, batch
	device, err := useDevice(c)
	if err != nil {
		b.Fatal(err)
	}
	torch.SetCuDNNBenchmark(true)
	o := newObjective(c, place{device})
	shape := []int64{int64(batch), 3, int64(size), int64(size)}
	random := func() torch.Tensor { return torch.Rand(shape, false).MulScalar(2).AddScalar(-1).To(device).Keep() }
	pair := Batch{random(), random()}
	for range min(b.N, 5) { // the first steps choose algorithms and grow memory pools
		o.Step([]Batch{pair})
	}
	b.ResetTimer()
	for range b.N {
		o.Step([]Batch{pair}).Floats() // a copy to the host, which waits for the device
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N), "ms/step")
}
