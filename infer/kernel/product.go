package kernel

import "math"

// Product is a product of matrices, C = A·B, in float32. Each element of C is one chain of fused multiply-adds along k, ascending, from +0.
//
//	C: Rows × Panels·16, row i from C[i·CRow]
//	A: row i from A[i·ARow], cut into segments that lie anywhere: k = s·Run + j is at Offsets[s] + j
//	B: a panel for 16 columns, one after the other: column 16·p + l, step k at B[(p·K + k)·16 + l], K = len(Offsets)·Run
//
// So the rows of A can be pixels of an image, at any stride, and the segments the taps of a kernel.
type Product struct {
	C            []float32
	CRow         int
	A            []float32
	ARow         int
	Offsets      []int // not negative
	Run          int
	B            []float32
	Rows, Panels int
}

// Product computes p.
func (s *Set) Product(p *Product) {
	if p.Rows < 1 || p.Panels < 1 {
		return
	}
	steps := len(p.Offsets) * p.Run
	far := 0
	for _, o := range p.Offsets {
		if o < 0 {
			panic("kernel: a segment before A")
		}
		far = max(far, o)
	}
	if p.ARow < 0 || p.CRow < 0 || p.Run < 0 {
		panic("kernel: a size below zero")
	}
	need("C", p.C, (p.Rows-1)*p.CRow+p.Panels*Block)
	if steps == 0 {
		for i := range p.Rows {
			clear(p.C[i*p.CRow:][:p.Panels*Block])
		}
		return
	}
	need("A", p.A, (p.Rows-1)*p.ARow+far+p.Run)
	need("B", p.B, p.Panels*steps*Block)
	// Tiles have nearly the same height, and go down all of A before B moves on, so that the panels of B stay near.
	tiles := (p.Rows + s.rows - 1) / s.rows
	for panel := 0; panel < p.Panels; panel += s.panels {
		for t := range tiles {
			first, end := t*p.Rows/tiles, (t+1)*p.Rows/tiles
			s.tile(p, steps, first, end-first, panel, min(s.panels, p.Panels-panel))
		}
	}
}

// tileGo computes rows × 16 columns of p, in two passes over the columns.
func tileGo(p *Product, steps, first, rows, panel int) {
	if fuses {
		tileFused(p, steps, first, rows, panel)
		return
	}
	b := p.B[panel*steps*Block:][:steps*Block]
	for i := first; i < first+rows; i++ {
		c := (*[Block]float32)(p.C[i*p.CRow+panel*Block:])
		a := p.A[i*p.ARow:]
		chains8((*[8]float32)(c[:8]), a, p.Offsets, p.Run, b)
		chains8((*[8]float32)(c[8:]), a, p.Offsets, p.Run, b[8:])
	}
}

// chains8 computes eight chains along k: enough to hide the time that each takes, and few enough to stay in registers.
func chains8(c *[8]float32, a []float32, offsets []int, run int, b []float32) {
	var c0, c1, c2, c3, c4, c5, c6, c7 float64
	for _, o := range offsets {
		for _, v := range a[o : o+run] {
			x, w := float64(v), (*[8]float32)(b)
			s0, s1 := float64(x*float64(w[0]))+c0, float64(x*float64(w[1]))+c1
			s2, s3 := float64(x*float64(w[2]))+c2, float64(x*float64(w[3]))+c3
			if tie(s0) || tie(s1) || tie(s2) || tie(s3) {
				c0, c1 = fma(x*float64(w[0]), c0), fma(x*float64(w[1]), c1)
				c2, c3 = fma(x*float64(w[2]), c2), fma(x*float64(w[3]), c3)
			} else {
				c0, c1, c2, c3 = float64(float32(s0)), float64(float32(s1)), float64(float32(s2)), float64(float32(s3))
			}
			s0, s1 = float64(x*float64(w[4]))+c4, float64(x*float64(w[5]))+c5
			s2, s3 = float64(x*float64(w[6]))+c6, float64(x*float64(w[7]))+c7
			if tie(s0) || tie(s1) || tie(s2) || tie(s3) {
				c4, c5 = fma(x*float64(w[4]), c4), fma(x*float64(w[5]), c5)
				c6, c7 = fma(x*float64(w[6]), c6), fma(x*float64(w[7]), c7)
			} else {
				c4, c5, c6, c7 = float64(float32(s0)), float64(float32(s1)), float64(float32(s2)), float64(float32(s3))
			}
			b = b[min(Block, len(b)):]
		}
	}
	*c = [8]float32{float32(c0), float32(c1), float32(c2), float32(c3), float32(c4), float32(c5), float32(c6), float32(c7)}
}

// A fused multiply-add of float32, x·y + z with one rounding, in plain Go: in float64 the product is exact (24 and 24 bits make 48, of
// 53). The sum is rounded twice, to 53 bits and to 24, which differs from one rounding only where the first lands on a tie of the
// second. So the sum is taken in float64, and once more by fma where tie says that it might be such a tie.

// fma returns p + z, rounded once to float32. It first rounds to 53 bits "to odd": with an odd last bit, an inexact sum is no tie.
func fma(p, z float64) float64 {
	s := p + z
	t := s - p
	e := float64(p-float64(s-t)) + float64(z-t) // p + z is s + e exactly: Knuth's two-sum
	if b := math.Float64bits(s); b&1 == 0 && e != 0 && e == e {
		if (e > 0) == (s > 0) {
			b++
		} else {
			b--
		}
		s = math.Float64frombits(b)
	}
	return float64(float32(s))
}

// tie reports whether s, a rounded sum in float64, might be a tie in float32: an odd multiple of half its last place, so that the
// 29 bits that float32 lacks are 100…0. It is always true below the normal numbers, whose last place is elsewhere.
func tie(s float64) bool {
	const smallest = (1023 - 126) << 53 // the bits of the smallest normal float32 as a float64, without its sign
	b := math.Float64bits(s)
	return b<<35 == 1<<63 || b<<1 < smallest
}
