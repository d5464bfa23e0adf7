package sp80022

import (
	"math"
	"math/bits"

	"gonum.org/v1/gonum/dsp/fourier"
)

// fourierTest counts the moduli |X₀| … |X_{n/2−1}| of the Fourier transform of the bits, as ±1, that lie below the value that
// 95 % of them should (section 2.6), √(n ln 20); as in NIST's program, with ten digits of ln 20.
func fourierTest(b *Bits) float64 {
	n := float64(b.n)
	below := modulusCount(b, 2.995732274*n)
	d := (float64(below) - 0.95*n/2) / math.Sqrt(n/4*0.95*0.05)
	return math.Erfc(math.Abs(d) / math.Sqrt2)
}

// modulusCount is how many of |X₀|² … |X_{n/2−1}|² are below limit.
//
// The n = rows·columns bits are a matrix, filled row by row. With t = columns·t₁ + t₂ and k = k₁ + rows·k₂,
//
//	X_k = Σ_t₂ w^(t₂·k₁) (Σ_t₁ x_t e^(−2πi·t₁·k₁/rows)) e^(−2πi·t₂·k₂/columns),  w = e^(−2πi/n):
//
// a transform of each column, a rotation, a transform of each row, all short enough for the cache. As x is real, row k₁
// mirrors row −k₁, and only half of the rows are needed.
func modulusCount(b *Bits, limit float64) int {
	rows := middleDivisor(b.n)
	columns := b.n / rows
	half := rows/2 + 1
	x := transformColumns(b, rows, columns)
	t := newTransform(columns)
	count := 0
	for k1 := range half {
		row := x[k1*columns:][:columns]
		t.forward(row)
		mirrored := k1 != 0 && 2*k1 != rows // holds X_k for every k of this row and, as X_{n−k}, of row −k₁
		for k2, v := range row {
			k := k1 + rows*k2
			if mirrored && 2*k > b.n {
				k = b.n - k
			}
			if k < b.n/2 && real(v)*real(v)+imag(v)*imag(v) < limit {
				count++
			}
		}
	}
	return count
}

// batch is how many columns are worked on together, so that memory is written in runs.
const batch = 8

// transformColumns is the inner sum of modulusCount, rotated: [rows/2 + 1][columns].
func transformColumns(b *Bits, rows, columns int) []complex128 {
	half := rows/2 + 1
	x := make([]complex128, half*columns)
	t := newRealTransform(rows)
	turn := newRotation(b.n)
	var in [batch][]float64
	var out [batch][]complex128
	for i := range batch {
		in[i], out[i] = make([]float64, rows), make([]complex128, half)
	}
	for t2 := 0; t2 < columns; t2 += batch {
		size := min(batch, columns-t2)
		for t1 := range rows {
			w := b.from(t1*columns + t2)
			for i := range batch {
				in[i][t1] = float64(int(w>>(63-i)&1)*2 - 1)
			}
		}
		for i := range size {
			t.forward(out[i], in[i])
		}
		for k1 := range half {
			to := x[k1*columns+t2:][:size]
			for i := range to {
				to[i] = out[i][k1] * turn.by((t2+i)*k1)
			}
		}
	}
	return x
}

// middleDivisor is the largest divisor of n up to √n.
func middleDivisor(n int) int {
	best := 1
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			best = d
		}
	}
	return best
}

// largestPrime is the largest prime factor of n, or 1.
func largestPrime(n int) int {
	largest := 1
	for d := 2; d*d <= n; d++ {
		for n%d == 0 {
			largest, n = d, n/d
		}
	}
	return max(largest, n)
}

// largestRadix is the largest prime factor of a mixed-radix length: the time grows with the square of a prime factor.
const largestRadix = 31

// transform is a Fourier transform of complex sequences of one length, any length in O(n log n).
type transform struct {
	direct *fourier.CmplxFFT // for lengths without large prime factors; otherwise nil and:

	// Bluestein's algorithm: with t·k = (t² + k² − (k−t)²)/2 a transform of length n is a convolution with the chirp
	// c_t = e^(πi·t²/n), which transforms of a length that is a power of 2 make.
	convolve *fourier.CmplxFFT
	chirp    []complex128 // conjugate of c
	kernel   []complex128 // transform of c, for t from −n + 1 to n − 1, divided by its length
	buffer   []complex128
}

func newTransform(n int) *transform {
	if largestPrime(n) <= largestRadix {
		return &transform{direct: fourier.NewCmplxFFT(n)}
	}
	length := 1 << bits.Len(uint(2*n-2))
	t := &transform{
		convolve: fourier.NewCmplxFFT(length), chirp: make([]complex128, n),
		kernel: make([]complex128, length), buffer: make([]complex128, length),
	}
	for i := range n {
		// e^(πi·t²/n) has period 2n in t².
		sin, cos := math.Sincos(math.Pi * float64(uint64(i)*uint64(i)%uint64(2*n)) / float64(n))
		t.chirp[i] = complex(cos, -sin)
		c := complex(cos/float64(length), sin/float64(length))
		t.kernel[i] = c
		t.kernel[(length-i)%length] = c
	}
	t.convolve.Coefficients(t.kernel, t.kernel)
	return t
}

// forward replaces x by its transform.
func (t *transform) forward(x []complex128) {
	if t.direct != nil {
		t.direct.Coefficients(x, x)
		return
	}
	for i, c := range t.chirp {
		t.buffer[i] = x[i] * c
	}
	clear(t.buffer[len(x):])
	t.convolve.Coefficients(t.buffer, t.buffer)
	for i, k := range t.kernel {
		t.buffer[i] *= k
	}
	t.convolve.Sequence(t.buffer, t.buffer)
	for i, c := range t.chirp {
		x[i] = t.buffer[i] * c
	}
}

// realTransform is the first half, n/2 + 1 values, of the Fourier transform of real sequences of one length.
type realTransform struct {
	direct *fourier.FFT // nil for a length that is 1 or has large prime factors
	any    *transform
	buffer []complex128
}

func newRealTransform(n int) *realTransform {
	if n > 1 && largestPrime(n) <= largestRadix {
		return &realTransform{direct: fourier.NewFFT(n)}
	}
	return &realTransform{any: newTransform(n), buffer: make([]complex128, n)}
}

func (t *realTransform) forward(out []complex128, in []float64) {
	if t.direct != nil {
		t.direct.Coefficients(out, in)
		return
	}
	for i, v := range in {
		t.buffer[i] = complex(v, 0)
	}
	t.any.forward(t.buffer)
	copy(out, t.buffer)
}

// rotation holds the n-th roots of unity as products of two of 2√n, none of them worse than rounding.
type rotation struct {
	shift        uint
	fine, coarse []complex128 // e^(−2πi·k/n), e^(−2πi·k·2^shift/n)
}

func newRotation(n int) rotation {
	r := rotation{shift: uint(bits.Len(uint(n))+1) / 2}
	root := func(k int) complex128 {
		sin, cos := math.Sincos(-2 * math.Pi * float64(k) / float64(n))
		return complex(cos, sin)
	}
	for k := range 1 << r.shift {
		r.fine = append(r.fine, root(k))
	}
	for k := 0; k < n; k += 1 << r.shift {
		r.coarse = append(r.coarse, root(k))
	}
	return r
}

// by is e^(−2πi·k/n) for 0 ≤ k < n.
func (r rotation) by(k int) complex128 {
	return r.coarse[k>>r.shift] * r.fine[k&(len(r.fine)-1)]
}
