package data

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
	up := f.previous
	none, sub, above, average, paeth := f.rows[0][1:], f.rows[1][1:], f.rows[2][1:], f.rows[3][1:], f.rows[4][1:]
	var sums [5]int
	for i, v := range row {
		var left, corner byte
		if i >= f.pixel {
			left, corner = row[i-f.pixel], up[i-f.pixel]
		}
		none[i] = v
		sub[i] = v - left
		above[i] = v - up[i]
		average[i] = v - byte((int(left)+int(up[i]))/2)
		paeth[i] = v - paethPredictor(left, up[i], corner)
		sums[0] += magnitude(v)
		sums[1] += magnitude(sub[i])
		sums[2] += magnitude(above[i])
		sums[3] += magnitude(average[i])
		sums[4] += magnitude(paeth[i])
	}
	best := 0
	for i, sum := range sums {
		if sum < sums[best] {
			best = i
		}
	}
	copy(f.previous, row)
	return f.rows[best]
}

// magnitude is the size of a difference taken as a signed byte.
func magnitude(v byte) int {
	s := int(int8(v))
	return max(s, -s)
}

// paethPredictor returns whichever neighbour is nearest to left + above − corner, ties in that order.
func paethPredictor(left, above, corner byte) byte {
	a, b, c := int(left), int(above), int(corner)
	pa, pb, pc := b-c, a-c, a+b-2*c
	pa, pb, pc = max(pa, -pa), max(pb, -pb), max(pc, -pc)
	switch {
	case pa <= pb && pa <= pc:
		return left
	case pb <= pc:
		return above
	}
	return corner
}

// unfilter gives a filtered row its bytes back. above is the row above it, zeros above the first.
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
		return fmt.Errorf("a row has the filter %d, there are 0 to 4", filter)
	}
	return nil
}
