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
			widen(row, line(y), line(y), 1, 0, 1, 2, 2)
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
			widen(row, line(y/2), line(c.beside(y)), 3, 1, 8, 7, 4)
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

// widen makes a row of n > 1 samples 2n wide. A column is a·near + b·next. In front of it goes the left of its two samples, with the
// rounding left, behind it the right one.
func widen(row, near, next []byte, a, b, left, right, shift int) {
	next = next[:len(near)]
	row = row[:2*len(near)]
	before := a*int(near[0]) + b*int(next[0])
	row[0] = byte((4*before + left) >> (shift & 7))
	x := 1
	for ; x < len(near); x++ {
		v := a*int(near[x]) + b*int(next[x])
		row[2*x-1] = byte((3*before + v + right) >> (shift & 7))
		row[2*x] = byte((3*v + before + left) >> (shift & 7))
		before = v
	}
	row[2*x-1] = byte((4*before + right) >> (shift & 7))
}
