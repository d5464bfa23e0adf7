// Package catmap moves the pixels of an image with a generalised cat map, which is Arnold's map on squares.
//
//	moved := catmap.Apply(plain, 1, 1, 30)
//	plain = catmap.Invert(moved, 1, 1, 30)
//
// The map is a permutation of the pixels. It has no key but its parameters, leaves the histogram as it is, and never moves pixel (0, 0).
// So it hides nothing by itself.
//
// A caller that maps many images of one size prepares the map once ([NewPasses]) and applies it to bytes. On amd64 assembly
// transposes the pixels; elsewhere, and under the build tag purego, plain Go does. Both give the same bytes.
package catmap

import (
	"fmt"
	"slices"

	"keygan/data/raster"
)

// Apply moves every pixel of m with iterations of a cat map and returns the result. The samples do not change.
//
// One iteration takes the pixel in row x, column y to row x′, column y′, by two shears:
//
//	x′ = (x + a·y)  mod Height
//	y′ = (y + b·x′) mod Width
//
// On a square with a = b = 1 this is Arnold's map, [[1, 1], [1, 2]]. Each shear can be undone, so the map is a bijection for every shape
// and every a and b.
//
// On squares all iterations take the time of one. Elsewhere the time grows with the iterations. A negative count panics.
func Apply(m *raster.Image, a, b, iterations int) *raster.Image {
	return mapped(m, NewPasses(m.Height, m.Width, a, b, iterations))
}

// Invert undoes Apply with the same parameters.
func Invert(m *raster.Image, a, b, iterations int) *raster.Image {
	return mapped(m, NewInversePasses(m.Height, m.Width, a, b, iterations))
}

func mapped(m *raster.Image, p Passes) *raster.Image {
	out := raster.NewImage(m.Width, m.Height, m.Channels, m.Depth)
	p.Apply(out.Pix, m.Pix, m.Height, m.Width, m.Channels*m.Depth/8)
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

// Spreads says whether the map moves pixels well apart: on squares, whether the pixels of each row go to all rows; elsewhere, whether
// the pixel in row 0, column 1 leaves its place.
func Spreads(height, width, a, b, iterations int) bool {
	if height == width {
		_, ok := inverse(catMatrix(width, a, b).pow(iterations).b, width)
		return ok
	}
	x, y := 0, 1
	for range iterations {
		x = (x + a*y) % height
		y = (y + b*x) % width
	}
	return x != 0 || y != 1
}

// NewPasses returns the cat map on height×width pixels. On squares it has two passes, or four, whatever the iterations.
func NewPasses(height, width, a, b, iterations int) Passes {
	if height == width {
		return catMatrix(width, a, b).pow(iterations).passes()
	}
	return slices.Repeat(Passes{{scale: 1, after: a}, {scale: 1, after: b}}, iterations)
}

// NewInversePasses returns the passes that undo NewPasses.
func NewInversePasses(height, width, a, b, iterations int) Passes {
	if height == width {
		return catMatrix(width, a, b).pow(iterations).inverse().passes()
	}
	return slices.Repeat(Passes{{before: -b, scale: 1, after: -a}, {scale: 1}}, iterations)
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
	if k < 0 {
		panic(fmt.Sprintf("catmap: %d iterations of the cat map", k))
	}
	p := identity(m.n)
	for ; k > 0; k >>= 1 {
		if k&1 == 1 {
			p = p.times(m)
		}
		m = m.times(m)
	}
	return p
}

// inverse is that of a matrix of determinant 1.
func (m matrix) inverse() matrix {
	return matrix{m.d, mod(-m.b, m.n), mod(-m.c, m.n), m.a, m.n}
}

// passes takes a matrix of determinant 1 apart. Where b has an inverse modulo n, it is three shears, of which the rightmost is
// done first:
//
//	[a b]   [    1      0] [1 b] [    1      0]
//	[c d] = [(d − 1)/b  1]·[0 1]·[(a − 1)/b  1].
//
// Where a has one, it is two shears and a scaling of rows and columns between them, which costs nothing:
//
//	[a b]   [ 1   0] [a   0 ] [1 b/a]
//	[c d] = [c/a  1]·[0  1/a]·[0  1 ].
//
// One of the two is always so where n is a power of a prime. Where neither is, b + a·t has an inverse for some t, because a, b and n have
// no common divisor. A shear of the columns by t puts b + a·t in the place of b.
func (m matrix) passes() Passes {
	if m == identity(m.n) {
		return nil
	}
	if inv, ok := inverse(m.b, m.n); ok {
		return Passes{{before: (m.a - 1) * inv, scale: 1, after: m.b}, {scale: 1, after: (m.d - 1) * inv}}
	}
	if inv, ok := inverse(m.a, m.n); ok {
		return Passes{{scale: inv, after: m.b}, {scale: m.a, after: m.c * inv}}
	}
	for t := 1; ; t++ {
		sum := m.times(matrix{1, t, 0, 1, m.n})
		if _, ok := inverse(sum.b, m.n); ok {
			return append(Passes{{scale: 1, after: -t}, {scale: 1}}, sum.passes()...)
		}
	}
}

// inverse finds i with v·i = 1 modulo n, by Euclid's algorithm; v is in [0, n).
func inverse(v, n int) (i int, ok bool) {
	r, next := n, v
	i, step := 0, 1
	for next != 0 {
		q := r / next
		r, next = next, r-q*next
		i, step = step, i-q*step
	}
	return mod(i, n), r == 1
}

// mod is v modulo n, in [0, n) for negative v too.
func mod(v, n int) int { return (v%n + n) % n }
