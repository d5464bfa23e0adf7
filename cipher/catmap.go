package cipher

import (
	"fmt"

	"keygan/data"
)

// CatMap moves every pixel of m with iterations of a cat map and returns the result; samples do not change.
//
// One iteration takes the pixel in row x, column y to row x′, column y′, by two shears:
//
//	x′ = (x + a·y)  mod Height
//	y′ = (y + b·x′) mod Width
//
// new[x′, y′] = old[x, y]. As in the published code x is the row and y the column. On a square with a = b = 1 this is
// Arnold's map, [[1, 1], [1, 2]]. Each shear can be undone, so the map is a bijection for every shape and every a and b,
// and pixel (0, 0) never moves.
//
// On squares the map is linear modulo the side, and all iterations are one pass with a matrix power. Elsewhere the time
// grows with the iterations. A negative count is a programmer's mistake and panics.
func CatMap(m *data.Image, a, b, iterations int) *data.Image {
	out := data.NewImage(m.Width, m.Height, m.Channels, m.Depth)
	eachRow(m, a, b, iterations, func(row int, to []int) {
		scatter(out.Pix, m.Pix, row, to, m.Channels*m.Depth/8)
	})
	return out
}

// InverseCatMap undoes CatMap with the same parameters.
func InverseCatMap(m *data.Image, a, b, iterations int) *data.Image {
	out := data.NewImage(m.Width, m.Height, m.Channels, m.Depth)
	eachRow(m, a, b, iterations, func(row int, to []int) {
		gather(out.Pix, m.Pix, row, to, m.Channels*m.Depth/8)
	})
	return out
}

// Period is the smallest count k ≥ 1 for which k iterations of the map leave every side×side image as it was: the order
// of the matrix [[1, a], [b, 1 + a·b]] modulo side. For a = b = 1 it is at most 3·side; 192 for a side of 256.
func Period(side, a, b int) int {
	step := catMatrix(side, a, b)
	one := identity(side)
	k := 1
	for m := step; m != one; k++ {
		m = m.times(step)
	}
	return k
}

// eachRow calls f for every row of m with the pixel indices (row·Width + column) to which the row's pixels go.
func eachRow(m *data.Image, a, b, iterations int, f func(row int, to []int)) {
	if iterations < 0 {
		panic(fmt.Sprintf("cipher: %d iterations of the cat map", iterations))
	}
	to := make([]int, m.Width)
	if m.Width == m.Height {
		power := catMatrix(m.Width, a, b).pow(iterations)
		for x := range m.Height {
			power.targets(x, to)
			f(x, to)
		}
		return
	}
	for x := range m.Height {
		shearTargets(x, to, m.Height, mod(a, m.Height), mod(b, m.Width), iterations)
		f(x, to)
	}
}

// shearTargets computes where the pixels of row x go on a rectangle, one iteration after the other.
func shearTargets(x int, to []int, height, a, b, iterations int) {
	width := len(to)
	for y := range to {
		row, column := x, y
		for range iterations {
			row = (row + a*column) % height
			column = (column + b*row) % width
		}
		to[y] = row*width + column
	}
}

// scatter copies the pixels of one row of src to where the map takes them. A pixel is size bytes.
func scatter(dst, src []byte, row int, to []int, size int) {
	line := src[row*len(to)*size:][:len(to)*size]
	switch size {
	case 1:
		for y, t := range to {
			dst[t] = line[y]
		}
	case 3:
		for y, t := range to {
			d, s := dst[3*t:3*t+3:3*t+3], line[3*y:3*y+3:3*y+3]
			d[0], d[1], d[2] = s[0], s[1], s[2]
		}
	default:
		for y, t := range to {
			copy(dst[t*size:(t+1)*size], line[y*size:])
		}
	}
}

// gather is the inverse of scatter: it fetches the pixels of one row of dst from where the map took them.
func gather(dst, src []byte, row int, to []int, size int) {
	line := dst[row*len(to)*size:][:len(to)*size]
	switch size {
	case 1:
		for y, t := range to {
			line[y] = src[t]
		}
	case 3:
		for y, t := range to {
			d, s := line[3*y:3*y+3:3*y+3], src[3*t:3*t+3:3*t+3]
			d[0], d[1], d[2] = s[0], s[1], s[2]
		}
	default:
		for y, t := range to {
			copy(line[y*size:(y+1)*size], src[t*size:])
		}
	}
}

// A matrix is [[a, b], [c, d]] modulo n, with entries in [0, n). It maps row x, column y to row a·x + b·y, column c·x + d·y.
type matrix struct{ a, b, c, d, n int }

func identity(n int) matrix { return matrix{1 % n, 0, 0, 1 % n, n} }

// catMatrix is one iteration on an n×n square: the second shear after the first.
func catMatrix(n, a, b int) matrix {
	a, b = mod(a, n), mod(b, n)
	return matrix{1 % n, a, b, (1 + a*b) % n, n}
}

func (m matrix) times(o matrix) matrix {
	return matrix{
		(m.a*o.a + m.b*o.c) % m.n, (m.a*o.b + m.b*o.d) % m.n,
		(m.c*o.a + m.d*o.c) % m.n, (m.c*o.b + m.d*o.d) % m.n, m.n,
	}
}

// pow is m multiplied k times, by squaring.
func (m matrix) pow(k int) matrix {
	p := identity(m.n)
	for ; k > 0; k >>= 1 {
		if k&1 == 1 {
			p = p.times(m)
		}
		m = m.times(m)
	}
	return p
}

// targets fills in where the pixels of row x go. From one column to the next both coordinates grow by a constant below n,
// so that no division is needed.
func (m matrix) targets(x int, to []int) {
	row, column := m.a*x%m.n, m.c*x%m.n
	for y := range to {
		to[y] = row*m.n + column
		if row += m.b; row >= m.n {
			row -= m.n
		}
		if column += m.d; column >= m.n {
			column -= m.n
		}
	}
}

// mod is v modulo n, in [0, n) for negative v too.
func mod(v, n int) int { return (v%n + n) % n }
