package sp80022

import (
	"math"
	"math/bits"

	"gonum.org/v1/gonum/dsp/fourier"
)

// largestRadix is the largest prime factor of a length that the mixed-radix transform is used for: its time grows with the
// square of a prime factor.
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
