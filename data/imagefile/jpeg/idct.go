package jpeg

// The inverse DCT after Loeffler, Ligtenberg and Moschytz (ICASSP 1989), in integers as in libjpeg's "islow": constants are rounded to 13
// bits, columns are transformed first and keep 2 extra bits, rows drop those and the factor of 8. Within a pass nothing is rounded, so
// that terms may be added in any order and those that are zero left out.
const (
	constantBits = 13
	extraBits    = 2

	columnShift = constantBits - extraBits
	rowShift    = constantBits + extraBits + 3
)

// Sums of cosines, times 2¹³.
const (
	c0298 = 2446
	c0390 = 3196
	c0541 = 4433
	c0765 = 6270
	c0899 = 7373
	c1175 = 9633
	c1501 = 12299
	c1847 = 15137
	c1961 = 16069
	c2053 = 16819
	c2562 = 20995
	c3072 = 25172
)

// inverse transforms dequantized coefficients into 8 rows of 8 samples, and sets the coefficients to zero. last is the last, in zigzag
// order, that may not be zero.
func inverse(block *[64]int32, last int, out []byte, stride int) {
	if last == 0 {
		flat := sample((block[0] + 4) >> 3)
		block[0] = 0
		for y := range 8 {
			row := (*[8]byte)(out[y*stride:])
			*row = [8]byte{flat, flat, flat, flat, flat, flat, flat, flat}
		}
		return
	}
	columns := 8
	if last < 10 { // only 4×4 coefficients
		columns = 4
	}
	for x := range columns {
		column(block, x)
	}
	for y := range 8 {
		row((*[8]int32)(block[8*y:]), (*[8]byte)(out[y*stride:]))
	}
	*block = [64]int32{}
}

// sample brings a value around 0 to 0 … 255.
func sample(v int32) byte { return limit(v + 128) }

// column transforms a column of a block in place.
func column(b *[64]int32, x int) {
	x &= 7
	if b[8+x]|b[16+x]|b[24+x]|b[32+x]|b[40+x]|b[48+x]|b[56+x] == 0 {
		flat := b[x] << extraBits
		for y := range 8 {
			b[8*y+x] = flat
		}
		return
	}
	e0, e1, e2, e3 := even(b[x], b[16+x], b[32+x], b[48+x])
	o0, o1, o2, o3 := odd(b[8+x], b[24+x], b[40+x], b[56+x])
	const half = 1 << (columnShift - 1)
	b[x], b[56+x] = (e0+o0+half)>>columnShift, (e0-o0+half)>>columnShift
	b[8+x], b[48+x] = (e1+o1+half)>>columnShift, (e1-o1+half)>>columnShift
	b[16+x], b[40+x] = (e2+o2+half)>>columnShift, (e2-o2+half)>>columnShift
	b[24+x], b[32+x] = (e3+o3+half)>>columnShift, (e3-o3+half)>>columnShift
}

// row transforms a row of what columns made into samples.
func row(w *[8]int32, out *[8]byte) {
	e0, e1, e2, e3 := even(w[0], w[2], w[4], w[6])
	o0, o1, o2, o3 := odd(w[1], w[3], w[5], w[7])
	const half = 1 << (rowShift - 1)
	out[0], out[7] = sample((e0+o0+half)>>rowShift), sample((e0-o0+half)>>rowShift)
	out[1], out[6] = sample((e1+o1+half)>>rowShift), sample((e1-o1+half)>>rowShift)
	out[2], out[5] = sample((e2+o2+half)>>rowShift), sample((e2-o2+half)>>rowShift)
	out[3], out[4] = sample((e3+o3+half)>>rowShift), sample((e3-o3+half)>>rowShift)
}

// even gives the even parts of samples 0 to 3 from coefficients 0, 2, 4 and 6. Samples 7 to 4 have the same.
func even(x0, x2, x4, x6 int32) (e0, e1, e2, e3 int32) {
	sum, difference := (x0+x4)<<constantBits, (x0-x4)<<constantBits
	outer := x2*(c0541+c0765) + x6*c0541
	inner := x2*c0541 + x6*(c0541-c1847)
	return sum + outer, difference + inner, difference - inner, sum - outer
}

// odd gives the odd parts of samples 0 to 3 from coefficients 1, 3, 5 and 7. Samples 7 to 4 have the negatives.
func odd(x1, x3, x5, x7 int32) (o0, o1, o2, o3 int32) {
	a, b := -c0899*(x1+x7), -c2562*(x3+x5)
	both := c1175 * (x1 + x3 + x5 + x7)
	c, d := both-c1961*(x3+x7), both-c0390*(x1+x5)
	return c1501*x1 + a + d, c3072*x3 + b + c, c2053*x5 + b + d, c0298*x7 + a + c
}

// reconstruct makes the samples of a progressive component from its coefficients.
func (c *component) reconstruct() {
	if c.coefficients == nil {
		return
	}
	c.plane = make([]byte, 64*c.stride*c.rows)
	var block [64]int32
	for y := range c.down {
		for x := range c.across {
			last := 0
			for i, v := range c.coefficients[y*c.stride+x] {
				block[i] = int32(v) * c.quantization[i]
				if v != 0 && i > 0 {
					last = 63
				}
			}
			inverse(&block, last, c.plane[64*y*c.stride+8*x:], 8*c.stride)
		}
	}
	c.coefficients = nil
}
