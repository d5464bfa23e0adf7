package infer

// The matrix product under every convolution: C[m][n] += Σₖ A[m][k] · B[k][n], one chain of unfused float32 additions for
// each element, k ascending (see doc.go). Both operands are packed so that the kernel reads memory in order:
//
//	A: panels of 4 rows (output channels), each cut into groups of 4 steps of k: quadA[k/4][k%4][row]
//	B: panels of 2 columns (pixels), the same way:                              quadB[k/4][k%4][column]
//
// A 4×2 tile keeps 8 chains in registers, which is what the 15 that Go has on amd64 hold with the operands, and groups of
// 4 steps spare most of the loop's own instructions. The last group is filled up with zeros: adding +0 changes no chain.
const (
	tileRows  = 4
	tileCols  = 2
	groupStep = 4
)

type (
	quadA [groupStep][tileRows]float32
	quadB [groupStep][tileCols]float32
)

// tile is the 4×2 piece of C that the kernel works on.
type tile [tileRows][tileCols]float32

// multiplyTile adds the product of one panel of A and one of B, of the same length, to c.
func multiplyTile(c *tile, a []quadA, b []quadB) {
	b = b[:len(a)]
	c00, c01 := c[0][0], c[0][1]
	c10, c11 := c[1][0], c[1][1]
	c20, c21 := c[2][0], c[2][1]
	c30, c31 := c[3][0], c[3][1]
	for k := range a {
		p, q := &a[k], &b[k]

		// The conversions forbid fusing product and sum, on machines and GOAMD64 levels that could.
		x0, x1, x2, x3 := p[0][0], p[0][1], p[0][2], p[0][3]
		y := q[0][0]
		c00, c10 = c00+float32(x0*y), c10+float32(x1*y)
		c20, c30 = c20+float32(x2*y), c30+float32(x3*y)
		y = q[0][1]
		c01, c11 = c01+float32(x0*y), c11+float32(x1*y)
		c21, c31 = c21+float32(x2*y), c31+float32(x3*y)

		x0, x1, x2, x3 = p[1][0], p[1][1], p[1][2], p[1][3]
		y = q[1][0]
		c00, c10 = c00+float32(x0*y), c10+float32(x1*y)
		c20, c30 = c20+float32(x2*y), c30+float32(x3*y)
		y = q[1][1]
		c01, c11 = c01+float32(x0*y), c11+float32(x1*y)
		c21, c31 = c21+float32(x2*y), c31+float32(x3*y)

		x0, x1, x2, x3 = p[2][0], p[2][1], p[2][2], p[2][3]
		y = q[2][0]
		c00, c10 = c00+float32(x0*y), c10+float32(x1*y)
		c20, c30 = c20+float32(x2*y), c30+float32(x3*y)
		y = q[2][1]
		c01, c11 = c01+float32(x0*y), c11+float32(x1*y)
		c21, c31 = c21+float32(x2*y), c31+float32(x3*y)

		x0, x1, x2, x3 = p[3][0], p[3][1], p[3][2], p[3][3]
		y = q[3][0]
		c00, c10 = c00+float32(x0*y), c10+float32(x1*y)
		c20, c30 = c20+float32(x2*y), c30+float32(x3*y)
		y = q[3][1]
		c01, c11 = c01+float32(x0*y), c11+float32(x1*y)
		c21, c31 = c21+float32(x2*y), c31+float32(x3*y)
	}
	c[0] = [tileCols]float32{c00, c01}
	c[1] = [tileCols]float32{c10, c11}
	c[2] = [tileCols]float32{c20, c21}
	c[3] = [tileCols]float32{c30, c31}
}

// multiply adds the product of all panels of A over the groups [k0, k0 + groups) of k, and all panels of B, which hold just
// those, to c: [panel of A][panel of B]. Each panel of A has stride groups in all.
func multiply(c []tile, a []quadA, stride, k0, groups int, b []quadB) {
	cols := len(b) / groups
	for i := 0; i*stride < len(a); i++ {
		panel := a[i*stride+k0:][:groups]
		row := c[i*cols:][:cols]
		for j := range row {
			multiplyTile(&row[j], panel, b[j*groups:][:groups])
		}
	}
}

// packRows packs a matrix of rows × steps, whose element (m, k) is at(m, k), into panels of A.
func packRows(rows, steps int, at func(m, k int) float32) []quadA {
	stride := roundUp(steps, groupStep) / groupStep
	panels := make([]quadA, roundUp(rows, tileRows)/tileRows*stride)
	for m := range rows {
		panel := panels[m/tileRows*stride:]
		for k := range steps {
			panel[k/groupStep][k%groupStep][m%tileRows] = at(m, k)
		}
	}
	return panels
}
