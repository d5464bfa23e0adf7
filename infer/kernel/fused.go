package kernel

// Where the processor has a fused multiply-add of float32, and the compiler uses it for x*y + z as Go's does on arm64, plain Go need not
// take the way of chains8. The language allows fusing but does not promise it, so the program tries it once, when it starts.

// fuses reports whether pair8 fuses all its products and sums. Tests set it to false.
var fuses = pair8Fuses()

// pair8 continues eight chains for each of two rows along k. It computes what chains8 does for one, if it fuses.
//
//go:noinline
func pair8(c, d *[8]float32, a0, a1 []float32, offsets []int, run int, b []float32) {
	c0, c1, c2, c3, c4, c5, c6, c7 := c[0], c[1], c[2], c[3], c[4], c[5], c[6], c[7]
	d0, d1, d2, d3, d4, d5, d6, d7 := d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]
	for _, o := range offsets {
		row0 := a0[o : o+run]
		row1 := a1[o : o+run][:len(row0)]
		for k, x := range row0 {
			y, w := row1[k], (*[8]float32)(b)
			c0, d0 = x*w[0]+c0, y*w[0]+d0
			c1, d1 = x*w[1]+c1, y*w[1]+d1
			c2, d2 = x*w[2]+c2, y*w[2]+d2
			c3, d3 = x*w[3]+c3, y*w[3]+d3
			c4, d4 = x*w[4]+c4, y*w[4]+d4
			c5, d5 = x*w[5]+c5, y*w[5]+d5
			c6, d6 = x*w[6]+c6, y*w[6]+d6
			c7, d7 = x*w[7]+c7, y*w[7]+d7
			b = b[min(Block, len(b)):]
		}
	}
	*c = [8]float32{c0, c1, c2, c3, c4, c5, c6, c7}
	*d = [8]float32{d0, d1, d2, d3, d4, d5, d6, d7}
}

// pair8Fuses puts numbers into pair8 that give 2⁻²⁴ if the product is not rounded, else 0: (1 + 2⁻¹²)² is 1 + 2⁻¹¹ + 2⁻²⁴.
func pair8Fuses() bool {
	const x, z, want = 1 + 1./(1<<12), -(1 + 1./(1<<11)), 1. / (1 << 24)
	var c, d [8]float32
	var b [Block]float32
	for i := range 8 {
		c[i], d[i], b[i] = z, z, x
	}
	a := []float32{x}
	pair8(&c, &d, a, a, []int{0}, 1, b[:])
	for i := range 8 {
		if c[i] != want || d[i] != want {
			return false
		}
	}
	return true
}

func tileFused(p *Product, steps, first, rows, panel int) {
	b := p.B[panel*steps*Block:][:steps*Block]
	for i := first; i < first+rows; i += 2 {
		next := min(i+1, first+rows-1) // an odd last row is computed twice
		c := (*[Block]float32)(p.C[i*p.CRow+panel*Block:])
		d := (*[Block]float32)(p.C[next*p.CRow+panel*Block:])
		var other [Block]float32
		if next == i {
			d = &other
		}
		clear(c[:])
		clear(d[:])
		a0, a1 := p.A[i*p.ARow:], p.A[next*p.ARow:]
		pair8((*[8]float32)(c[:8]), (*[8]float32)(d[:8]), a0, a1, p.Offsets, p.Run, b)
		pair8((*[8]float32)(c[8:]), (*[8]float32)(d[8:]), a0, a1, p.Offsets, p.Run, b[8:])
	}
}
