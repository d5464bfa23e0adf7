package train

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"gonum.org/v1/plot/plotter"

	"keygan/data/dataset"
	"keygan/evaluate/figure"
	torch "keygan/gotorch"
	"keygan/internal/cpumodel"
	"keygan/internal/npz"
	"keygan/train/config"
	"keygan/train/launch"
	"keygan/train/runlog"
)

var (
	benchDevice    = flag.String("bench.device", "cpu", "device of BenchmarkStep")
	benchShape     = flag.String("bench.shape", "64 16 2 4", "of BenchmarkStep: size, width, blocks, batch")
	benchSteps     = flag.Int("bench.steps", 1, "steps that BenchmarkStep times as one operation")
	benchPrecision = flag.String("bench.precision", "fp32", "of BenchmarkStep: fp32, bf16, or tf32 on NVIDIA GPUs")
	benchGraphs    = flag.String("bench.graphs", "auto", "of BenchmarkStep: the configuration's cuda_graphs")
	benchReference = flag.String("bench.reference", "", "the file that BenchmarkReference writes")
	benchThreads   = flag.Int("bench.threads", 1, "CPU threads of BenchmarkStep")
)

// benchTraining is a training on -bench.device as the flags describe it, as far as its steps need it, with a batch of random images.
func benchTraining(b *testing.B) (*Training, Batch) {
	var size, width, blocks, batch int
	if _, err := fmt.Sscan(*benchShape, &size, &width, &blocks, &batch); err != nil {
		b.Fatal(err)
	}
	c := config.Default()
	c.Device, c.Threads, c.CUDAGraphs = *benchDevice, *benchThreads, *benchGraphs
	switch *benchPrecision {
	case "fp32", "tf32", "bf16":
		c.TF32, c.BF16 = *benchPrecision == "tf32", *benchPrecision == "bf16"
	default:
		b.Fatalf("-bench.precision %s: expected fp32, tf32 or bf16", *benchPrecision)
	}
	c.Image.Size, c.Generator.Width, c.Generator.Blocks, c.Critic.Width, c.Train.Batch = size, width, blocks, width, batch
	part, err := launch.FromEnvironment(os.Getenv)
	if err != nil {
		b.Fatal(err)
	}
	team, err := joinTeam(context.Background(), part, c, func(err error) { panic(err) })
	if err != nil {
		b.Fatal(err)
	}
	if team != nil {
		c.Device = team.Device
	}
	device, err := useDevice(c)
	if err != nil {
		b.Fatal(err)
	}
	setThreads(c, 0, 1)
	at, measured := chooseLayout(c, place{device: device, bf16: c.BF16, team: team})
	fmt.Printf("\nlayout\t%s\t%s\n", at.layoutName(), measured)
	torch.ManualSeed(1)
	t := &Training{Config: c, device: device, console: runlog.NewConsole(os.Stderr, false), team: team, Objective: newObjective(c, at)}
	b.Cleanup(t.close)
	b.Cleanup(func() { team.End(nil, true) })
	from, to := team.Shard(batch)
	if err := t.prepareGraphs(); err != nil {
		b.Fatal(err)
	}
	shape := []int64{int64(to - from), 3, int64(size), int64(size)}
	random := func() torch.Tensor { return torch.Rand(shape, false).MulScalar(2).AddScalar(-1).To(device).Keep() }
	return t, Batch{random(), random()}
}

// allReduces times sums over all processes, of the gradients of each network and of other sizes: lines of bytes and seconds.
func allReduces(t *Training) {
	sizes := []int{1, 1 << 14, 1 << 18, 1 << 20, 1 << 22}
	for _, m := range t.Objective.Models() {
		sizes = append(sizes, m.Network.arch.Parameters())
	}
	for _, n := range sizes {
		x := t.device.Zeros(int64(n))
		const times = 10
		var began time.Time
		for i := range times + 2 { // the first make connections
			if i == 2 {
				torch.Synchronize(t.device)
				began = time.Now()
			}
			t.team.Group.AllReduce(x)
		}
		torch.Synchronize(t.device)
		if t.team.Leads() {
			fmt.Printf("allreduce\t%d\t%.6g\n", 4*n, time.Since(began).Seconds()/times)
		}
		x.Close()
	}
}

// BenchmarkStep times steps of WGAN-GP on random images; scripts/bench-train sets it beside PyTorch. After its last step it prints what
// scripts/bench/train.py prints, and a line with the arithmetic of a step. Started as one of several processes, each takes its share of
// the batch, and rank 0 prints; scripts/bench-scaling does that.
func BenchmarkStep(b *testing.B) {
	torch.SetCuDNNBenchmark(true)
	t, pair := benchTraining(b)
	defer t.ownStream()()
	var row torch.Tensor
	step := func() { // as Training.oneStep: nothing waits for a GPU
		torch.Scope(func() {
			row.Close()
			row = t.graphs.step([]Batch{pair}, t.compute).Keep()
		})
		t.team.Stops(context.Background())
	}
	warmUp := 1 // the first steps choose algorithms, grow memory pools and, on a GPU, are captured
	if t.device.IsCUDA() {
		warmUp = 5
	}
	for range warmUp {
		step()
	}
	torch.Synchronize(t.device)
	began, used := time.Now(), processorSeconds(b)
	b.ResetTimer()
	for range b.N * *benchSteps {
		step()
	}
	row.Floats()
	b.StopTimer()
	steps := float64(b.N * *benchSteps)
	b.ReportMetric(time.Since(began).Seconds()/steps*1000, "ms/step")
	if t.team != nil {
		allReduces(t)
	}
	if !t.team.Leads() {
		return
	}
	report(b, t.device, time.Since(began).Seconds()/steps, (processorSeconds(b)-used)/steps)
	fmt.Printf("flop\t%.6g\n", estimateOf(t.Config).stepFLOP)
	row.Close()
}

// BenchmarkMatmul measures the rate of large matrix products in -bench.precision, which also takes bf16: what a GPU can do at most.
func BenchmarkMatmul(b *testing.B) {
	device := torch.NewDevice(*benchDevice)
	torch.SetTF32(*benchPrecision == "tf32")
	size, products := int64(512), 3
	if device.IsCUDA() {
		size, products = 8192, 20
	}
	torch.Scope(func() {
		x, y := device.RandN(size, size), device.RandN(size, size)
		if *benchPrecision == "bf16" {
			x, y = x.CastTo(torch.BFloat16), y.CastTo(torch.BFloat16)
		}
		times := func(n int) time.Duration {
			began := time.Now()
			for range n {
				torch.Scope(func() { torch.MM(x, y) })
			}
			torch.Synchronize(device)
			return time.Since(began)
		}
		times(3)
		took := times(products)
		fmt.Printf("\nrate\t%.6g\n", 2*float64(size*size*size)*float64(products)/took.Seconds())
	})
}

// BenchmarkReference makes -bench.steps steps in fp32 and writes what they began with, drew and gave to -bench.reference;
// scripts/bench/check.py repeats them in PyTorch.
func BenchmarkReference(b *testing.B) {
	t, pair := benchTraining(b)
	torch.SetTF32(false)
	o := t.Objective.(*wganGP)
	var entries []npz.Entry
	add := func(name string, x torch.Tensor) {
		entries = append(entries, npz.Floats(name, ints(x.Shape()), x.Floats()))
	}
	weights := func(when string) {
		for _, m := range o.Models() {
			for i, p := range m.Network.Params {
				add(fmt.Sprintf("%s/%s/%02d", when, m.Name, i), p.Tensor)
			}
		}
	}
	add("source", pair.Source)
	add("target", pair.Target)
	weights("init")
	draw := o.alpha
	o.alpha = func(n int64) torch.Tensor {
		x := draw(n)
		add(fmt.Sprintf("alpha/%04d", len(entries)), x)
		return x
	}
	for i := range *benchSteps {
		torch.Scope(func() { add(fmt.Sprintf("row/%02d", i), o.Step([]Batch{pair})) })
	}
	weights("final")
	f, err := os.Create(*benchReference)
	if err != nil {
		b.Fatal(err)
	}
	if err := errors.Join(npz.Write(f, entries...), f.Close()); err != nil {
		b.Fatal(err)
	}
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

// BenchmarkJudging measures what it costs to judge keys and to draw the measures, as a share of the processor's time that the steps between
// two samples take: of the demonstration, and of the published experiment with as many images as its data sets have.
func BenchmarkJudging(b *testing.B) {
	for _, of := range []struct {
		file          string
		images, batch int // that are trained with; small, for a machine with little memory
	}{{"demo", 256, 8}, {"xray-mri-spectrogram", 6445, 2}} {
		b.Run(of.file, func(b *testing.B) {
			c, err := config.Read("../configs/" + of.file + ".yaml")
			if err != nil {
				b.Fatal(err)
			}
			kinds := func(kind string) []dataset.Spec {
				return []dataset.Spec{{Synthetic: kind, Count: 16 * keyImages, Size: c.Image.Size}}
			}
			c.Output, c.Device, c.Threads, c.Data.Cache = b.TempDir(), "cpu", *benchThreads, "off"
			c.Source, c.Target, c.Train.Batch = kinds("mri"), []config.Target{{Spec: kinds("spectrogram")[0]}}, of.batch
			t, err := start(context.Background(), c, Options{})
			if err != nil {
				b.Fatal(err)
			}
			defer t.close()
			seconds := func(f func()) float64 {
				before := processorSeconds(b)
				f()
				return processorSeconds(b) - before
			}
			var curves []figure.Curve
			for _, name := range t.logged().Keys {
				line := figure.Curve{Name: name}
				for epoch := range 40 {
					line.Points = append(line.Points, plotter.XY{X: float64(epoch), Y: float64(epoch % 7)})
				}
				curves = append(curves, line)
			}
			var steps, judging float64
			for range b.N {
				steps += seconds(func() {
					if err := errors.Join(t.oneStep(), t.oneStep()); err != nil {
						b.Fatal(err)
					}
				}) / 2
				judging += seconds(func() {
					_, err := t.quality.after(runlog.Step{EpochDone: true, Step: t.Total})
					if _, err2 := figure.Panels(curves); errors.Join(err, err2) != nil {
						b.Fatal(err, err2)
					}
				})
			}
			images := 0
			for _, set := range t.quality.sets {
				images += len(set.images)
			}
			b.ReportMetric(judging/float64(b.N), "s/judging")
			b.ReportMetric(float64(images), "images")
			b.ReportMetric(steps/float64(b.N*of.batch), "s/image")
			b.ReportMetric(100*judging/(steps/float64(of.batch)*float64(of.images*c.Train.SampleEvery)), "%")
		})
	}
}
