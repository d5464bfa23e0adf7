package pngstream

import "fmt"

// A rowFilter predicts each byte of a row from its neighbours, so that the rest compresses better (PNG specification,
// section 9). It tries all five filters on each row and keeps the one whose differences are smallest in sum.
type rowFilter struct {
	pixel    int    // bytes a pixel
	previous []byte // the row above, zero above the first
	rows     [5][]byte
}

func newRowFilter(stride, pixel int) *rowFilter {
	f := &rowFilter{pixel: pixel, previous: make([]byte, stride)}
	for i := range f.rows {
		f.rows[i] = make([]byte, 1+stride)
		f.rows[i][0] = byte(i)
	}
	return f
}

// filter returns the filter's number followed by the filtered row; the result is valid until the next call.
func (f *rowFilter) filter(row []byte) []byte {
	var sums [5]int
	n := min(f.pixel, len(row))
	zeros := [8]byte{} // to the left of the first pixel, and above that
	f.predict(&sums, 0, row[:n], zeros[:n], f.previous[:n], zeros[:n])
	f.predict(&sums, n, row[n:], row, f.previous[n:], f.previous)
	best := 0
	for i, sum := range sums {
		if sum < sums[best] {
			best = i
		}
	}
	copy(f.previous, row)
	return f.rows[best]
}

// predict filters bytes of a row, from byte at on, in all five ways, and adds the sizes of the differences to sums.
func (f *rowFilter) predict(sums *[5]int, at int, row, left, above, corner []byte) {
	n := len(row)
	left, above, corner = left[:n], above[:n], corner[:n]
	none, sub, up := f.rows[0][1+at:][:n], f.rows[1][1+at:][:n], f.rows[2][1+at:][:n]
	average, paeth := f.rows[3][1+at:][:n], f.rows[4][1+at:][:n]
	var s0, s1, s2, s3, s4 int
	for i, v := range row {
		l, u := left[i], above[i]
		d1, d2, d3, d4 := v-l, v-u, v-byte((int(l)+int(u))/2), v-paethPredictor(l, u, corner[i])
		none[i], sub[i], up[i], average[i], paeth[i] = v, d1, d2, d3, d4
		s0 += magnitude(v)
		s1 += magnitude(d1)
		s2 += magnitude(d2)
		s3 += magnitude(d3)
		s4 += magnitude(d4)
	}
	for i, s := range [5]int{s0, s1, s2, s3, s4} {
		sums[i] += s
	}
}

// magnitude is the size of a difference taken as a signed byte.
func magnitude(v byte) int {
	s := int(int8(v))
	return max(s, -s)
}

// paethPredictor returns the neighbour nearest to left + above − corner, ties in that order. Noise would defeat a branch predictor.
func paethPredictor(left, above, corner byte) byte {
	a, b, c := int(left), int(above), int(corner)
	pa, pb, pc := b-c, a-c, a+b-2*c
	pa, pb, pc = max(pa, -pa), max(pb, -pb), max(pc, -pc)
	nearest := c
	if pb <= pc {
		nearest = b
	}
	if pa <= min(pb, pc) {
		nearest = a
	}
	return byte(nearest)
}

// unfilter undoes the filter of a row. above is the row above it, or zeros.
func unfilter(row, above []byte, filter byte, pixel int) error {
	above = above[:len(row)]
	switch filter {
	case 0:
	case 1:
		for i := pixel; i < len(row); i++ {
			row[i] += row[i-pixel]
		}
	case 2:
		for i, v := range above {
			row[i] += v
		}
	case 3:
		for i, v := range above {
			left := 0
			if i >= pixel {
				left = int(row[i-pixel])
			}
			row[i] += byte((left + int(v)) / 2)
		}
	case 4:
		for i := range min(pixel, len(row)) {
			row[i] += above[i]
		}
		for i := pixel; i < len(row); i++ {
			row[i] += paethPredictor(row[i-pixel], above[i], above[i-pixel])
		}
	default:
		return fmt.Errorf("a row has the filter %d; PNG has 0 to 4", filter)
	}
	return nil
}
