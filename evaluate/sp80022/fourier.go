package sp80022

import "math"

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
