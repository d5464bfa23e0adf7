package imagefile

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The axes along which a volume may be sliced: seen from the feet, from the front, from the left.
const Axial, Coronal, Sagittal = "axial", "coronal", "sagittal"

var AxisNames = []string{Axial, Coronal, Sagittal}

// An orientation gives the voxel axis nearest to each direction (right, forward, up), running with it (+1) or against it (−1).
type orientation [3]struct{ axis, sign int }

// A walk is a way through the voxels: count steps of stride elements from start.
type walk struct{ start, stride, count int }

func (w walk) at(i int) int { return w.start + i*w.stride }

// walks returns the walks through a volume of dim voxels from slice to slice, from row to row and from column to column.
func (o orientation) walks(axis string, dim [3]int) (slice, row, column walk, err error) {
	const right, forward, up = 0, 1, 2
	along := func(direction, sign int) walk {
		a := o[direction]
		w := walk{0, 1, dim[a.axis]}
		for i := range a.axis {
			w.stride *= dim[i]
		}
		if a.sign*sign < 0 {
			w.start, w.stride = (w.count-1)*w.stride, -w.stride
		}
		return w
	}
	switch axis {
	case Axial:
		return along(up, 1), along(forward, -1), along(right, -1), nil
	case Coronal:
		return along(forward, 1), along(up, -1), along(right, -1), nil
	case Sagittal:
		return along(right, 1), along(up, -1), along(forward, -1), nil
	}
	return walk{}, walk{}, walk{}, fmt.Errorf("unknown axis %q: it must be axial, coronal or sagittal", axis)
}

// niftiOrientation takes the sform if there is one, else the qform, else the format's default: x to the right, y forward, z up.
func niftiOrientation(b []byte, order binary.ByteOrder) orientation {
	float := func(at int) float64 { return float64(math.Float32frombits(order.Uint32(b[at:]))) }
	m := [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}} // from voxel steps (columns) to right, forward, up (rows)
	switch {
	case order.Uint16(b[254:]) > 0: // sform_code
		for r := range 3 {
			for c := range 3 {
				m[r][c] = float(280 + 16*r + 4*c)
			}
		}
	case order.Uint16(b[252:]) > 0: // qform_code
		m = quaternionMatrix(float(256), float(260), float(264))
		if float(76) < 0 { // pixdim[0], qfac: the third axis is mirrored
			for r := range 3 {
				m[r][2] = -m[r][2]
			}
		}
	}
	return nearestOrientation(m)
}

// quaternionMatrix is the rotation of the unit quaternion (a, b, c, d), with a from the length of 1.
func quaternionMatrix(b, c, d float64) [3][3]float64 {
	a := math.Sqrt(max(0, 1-(b*b+c*c+d*d)))
	return [3][3]float64{
		{a*a + b*b - c*c - d*d, 2 * (b*c - a*d), 2 * (b*d + a*c)},
		{2 * (b*c + a*d), a*a + c*c - b*b - d*d, 2 * (c*d - a*b)},
		{2 * (b*d - a*c), 2 * (c*d + a*b), a*a + d*d - c*c - b*b},
	}
}

// nearestOrientation finds the axes that m's columns, made equally long, agree with most. Zeros and NaN give the identity.
func nearestOrientation(m [3][3]float64) orientation {
	for c := range 3 {
		length := math.Sqrt(m[0][c]*m[0][c] + m[1][c]*m[1][c] + m[2][c]*m[2][c])
		for r := range 3 {
			m[r][c] /= length
		}
	}
	best, order := 0.0, [3]int{0, 1, 2}
	for _, p := range [][3]int{{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}} {
		if sum := math.Abs(m[0][p[0]]) + math.Abs(m[1][p[1]]) + math.Abs(m[2][p[2]]); sum > best {
			best, order = sum, p
		}
	}
	var o orientation
	for r := range o {
		o[r].axis, o[r].sign = order[r], 1
		if m[r][order[r]] < 0 {
			o[r].sign = -1
		}
	}
	return o
}
