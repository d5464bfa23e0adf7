package infer

import (
	"fmt"
	"testing"
)

// operations counts the multiplications and additions of one forward pass, as of a direct convolution.
func operations(a Arch, height, width int) float64 {
	n, in := 0.0, shape3{a.Channels, height, width}
	err := a.trace(height, width, func(l Layer, out shape3) {
		pixels := out.height * out.width
		if l.Type == ConvTranspose {
			pixels = in.height * in.width
		}
		n += 2 * float64(l.In*l.Out*l.Kernel*l.Kernel) * float64(pixels)
		in = out
	})
	if err != nil {
		panic(err)
	}
	return n
}

// The rate counts every tap of the kernel, also those that fall on padding: 70.1 GFLOP for the published network.
func BenchmarkForward(b *testing.B) {
	for _, c := range []struct{ width, blocks, channels, size int }{
		{16, 3, 1, 64}, {16, 3, 3, 128}, {16, 3, 3, 256}, {64, 6, 3, 64}, {64, 6, 3, 256},
	} {
		a := ResNet(c.width, c.blocks, c.channels, c.size).WithFastAlgorithms()
		b.Run(fmt.Sprintf("width=%d/blocks=%d/channels=%d/size=%d", c.width, c.blocks, c.channels, c.size), func(b *testing.B) {
			m := newModel(a, randomParams(a, 1))
			x := make([]float32, c.channels*c.size*c.size)
			for i := range x {
				x[i] = float32(i%255)/127.5 - 1
			}
			b.SetBytes(int64(4 * len(x)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Forward(x, c.size, c.size); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(operations(a, c.size, c.size)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
