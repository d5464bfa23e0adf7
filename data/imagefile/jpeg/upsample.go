package jpeg

// upsampler returns the function that gives row y of the picture from a component's plane. A component of half the width or height is
// interpolated: each sample lies at the middle of those it stands for, so that a new one is 3/4 of the nearest and 1/4 of the next. Ties
// are rounded up and down in turns. At the edges of the plane, the nearest sample stands for the next. Other components, and those of one
// or two columns that have half the width, are repeated.
func (d *decoder) upsampler(c *component) func(y int) []byte {
	wider, higher := d.hMost/c.h, d.vMost/c.v
	line := func(y int) []byte { return c.plane[y*8*c.stride:][:c.width] }
	row := make([]byte, c.width*wider)
	switch {
	case wider == 1 && higher == 1:
		return line
	case wider == 2 && higher == 1 && c.width > 2:
		return func(y int) []byte {
			widen(row, line(y))
			return row
		}
	case wider == 1 && higher == 2:
		return func(y int) []byte {
			near, next, up := line(y/2), line(c.beside(y)), 1+y%2
			for x := range row {
				row[x] = byte((3*int(near[x]) + int(next[x]) + up) >> 2)
			}
			return row
		}
	case wider == 2 && higher == 2 && c.width > 2:
		return func(y int) []byte {
			widenBetween(row, line(y/2), line(c.beside(y)))
			return row
		}
	}
	return func(y int) []byte {
		for x, v := range line(y / higher) {
			for i := range wider {
				row[x*wider+i] = v
			}
		}
		return row
	}
}

// beside gives the second nearest of a plane's rows for row y of a picture that is twice as high.
func (c *component) beside(y int) int {
	if y%2 == 0 {
		return max(0, y/2-1)
	}
	return min(c.height-1, y/2+1)
}

// widen interpolates a row of n > 1 samples to 2n.
func widen(row, line []byte) {
	last := len(line) - 1
	row[0], row[2*last+1] = line[0], line[last]
	for x := range last {
		a, b := int(line[x]), int(line[x+1])
		row[2*x+1] = byte((3*a + b + 2) >> 2)
		row[2*x+2] = byte((3*b + a + 1) >> 2)
	}
}

// widenBetween interpolates between two rows of n > 1 samples to 2n, on the nearer one's side.
func widenBetween(row, near, next []byte) {
	last := len(near) - 1
	next = next[:len(near)]
	row = row[:2*len(near)]
	a := 3*int(near[0]) + int(next[0])
	row[0] = byte((4*a + 8) >> 4)
	for x := range last {
		b := 3*int(near[x+1]) + int(next[x+1])
		row[2*x+1] = byte((3*a + b + 7) >> 4)
		row[2*x+2] = byte((3*b + a + 8) >> 4)
		a = b
	}
	row[2*last+1] = byte((4*a + 7) >> 4)
}
