package infer

import (
	"bytes"
	"flag"
	"fmt"
	"math"
	"os"
	"testing"
	"time"

	"keygan/infer/kernel"
)

// What scripts/bench-infer asks for.
var (
	benchShape   = flag.String("bench.shape", "", `"size width blocks" of the only resnet that BenchmarkForward times`)
	benchKernels = flag.String("bench.kernels", "", "avx512, avx2 or go instead of the best")
	benchONNX    = flag.String("bench.onnx", "", "a file that BenchmarkForward writes its last network to, and beside it, with .npz, the same, and with .key, what it made")
)

// spared is how many of a's Operations AlgorithmWinograd spares: three quarters of its layers' products. Its transforms, a few
// percent, are not counted.
func spared(a Arch, size int) (n float64) {
	shapes, err := a.shapes(size, size)
	if err != nil {
		panic(err)
	}
	for i, l := range a.Layers {
		if l.Algorithm == AlgorithmWinograd {
			n += 0.75 * l.Operations(shapes[i].height, shapes[i].width)
		}
	}
	return n
}

// The rate counts every tap of the kernel, also those that fall on padding: 70.1 GFLOP for the published network, whatever the
// algorithm makes of them; computed is the share of them that is left to compute. best-ms is the fastest single image, which other
// work on the machine disturbs least.
func BenchmarkForward(b *testing.B) {
	type shape struct{ size, width, blocks, channels int }
	shapes := []shape{{64, 16, 3, 1}, {128, 16, 3, 3}, {256, 16, 3, 3}, {64, 64, 6, 3}, {256, 64, 6, 3}}
	if *benchShape != "" {
		only := shape{channels: 3}
		if _, err := fmt.Sscan(*benchShape, &only.size, &only.width, &only.blocks); err != nil {
			b.Fatalf("-bench.shape %q: %v", *benchShape, err)
		}
		shapes = []shape{only}
	}
	for _, s := range kernel.Sets() {
		if s.String() == *benchKernels {
			before := kernels
			kernels = s
			b.Cleanup(func() { kernels = before })
		}
	}
	if *benchKernels != "" && kernels.String() != *benchKernels {
		b.Fatalf("-bench.kernels %s: this machine has %v", *benchKernels, kernel.Sets())
	}
	for _, c := range shapes {
		a := ResNet(c.width, c.blocks, c.channels, c.size)
		b.Run(fmt.Sprintf("width=%d/blocks=%d/channels=%d/size=%d", c.width, c.blocks, c.channels, c.size), func(b *testing.B) {
			m := newModel(a, randomParams(a, 1))
			operations, err := a.Operations(c.size, c.size)
			if err != nil {
				b.Fatal(err)
			}
			x := make([]float32, c.channels*c.size*c.size)
			for i := range x {
				x[i] = float32(i%255)/127.5 - 1
			}
			y, err := m.Forward(x, c.size, c.size, Seed{}) // the first takes the memory that the others use again
			if err != nil {
				b.Fatal(err)
			}
			if *benchONNX != "" {
				writeBenchONNX(b, m, y)
			}
			best := math.Inf(1)
			b.SetBytes(int64(4 * len(x)))
			b.ReportAllocs()
			for b.Loop() {
				start := time.Now()
				if _, err := m.forwardInto(y, 0, x, c.size, c.size, Seed{}); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(start).Seconds()*1e3)
			}
			b.ReportMetric(operations*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			b.ReportMetric(1-spared(a, c.size)/operations, "computed")
			b.ReportMetric(best, "best-ms")
		})
	}
}

// writeBenchONNX writes m in both formats, and the numbers of a key.
func writeBenchONNX(b *testing.B, m *Model, key []float32) {
	var onnx, npz bytes.Buffer
	if err := WriteONNX(&onnx, m); err != nil {
		b.Fatal(err)
	}
	if err := Write(&npz, m.arch, m.params); err != nil {
		b.Fatal(err)
	}
	for path, content := range map[string][]byte{*benchONNX: onnx.Bytes(), *benchONNX + ".npz": npz.Bytes(), *benchONNX + ".key": floatBytes(key)} {
		if err := os.WriteFile(path, content, 0o666); err != nil {
			b.Fatal(err)
		}
	}
}
