package kernel

import (
	"fmt"
	"testing"
)

func BenchmarkProduct(b *testing.B) {
	for _, s := range Sets() {
		for _, c := range []struct{ rows, panels, run, segments int }{
			{14, 2, 256, 1}, {64, 16, 256, 1}, {256, 16, 256, 1}, {128, 4, 192, 3}, {252, 4, 21, 7}, {256, 1, 192, 3},
		} {
			b.Run(fmt.Sprintf("%v/%dx%dx%dx%d", s, c.rows, 16*c.panels, c.segments, c.run), func(b *testing.B) {
				steps := c.run * c.segments
				p := &Product{Rows: c.rows, Panels: c.panels, Run: c.run, CRow: c.panels * Block, ARow: steps}
				for i := range c.segments {
					p.Offsets = append(p.Offsets, i*c.run)
				}
				p.A, p.B = randoms(c.rows*steps, 1), randoms(steps*c.panels*Block, 2)
				p.C = make([]float32, c.rows*c.panels*Block)
				b.ReportAllocs()
				for b.Loop() {
					s.Product(p)
				}
				b.ReportMetric(2*float64(c.rows*c.panels*Block*steps)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

// The machine's peak: what the other rates are shares of.
func BenchmarkPeak(b *testing.B) {
	for _, s := range Sets()[1:] {
		b.Run(s.String(), func(b *testing.B) {
			operations := 0
			for b.Loop() {
				operations += s.Peak(1 << 20)
			}
			b.ReportMetric(float64(operations)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
