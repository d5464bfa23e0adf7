package infer

import (
	"crypto/sha256"
	"encoding/binary"
	"keygan/infer/kernel"
	"math"
	"math/rand/v2"
)

// Seed determines noise: the same seed gives the same noise on every machine. A seed from crypto/rand gives noise that nobody can guess.
type Seed [32]byte

// StreamInput is the stream of a Seed for the latent numbers or the noise of the image. Layers that add noise have streams 1, 2, ….
const StreamInput = 0

// Noise returns the first n numbers of a stream: normally distributed, mean 0 and variance 1, independent of each other and
// of those in other streams. doc.go says how they are made. A larger n gives the same numbers first.
func Noise(seed Seed, stream, n int) []float32 {
	x := make([]float32, n)
	drawNoise(x, seed, stream)
	return x
}

// drawNoise fills x with the first numbers of a stream, by Marsaglia's polar method: a point (u, v), uniform in the unit disc, gives two.
func drawNoise(x []float32, seed Seed, stream int) {
	key := binary.BigEndian.AppendUint64(append([]byte("keygan noise 1\n"), seed[:]...), uint64(stream))
	source := rand.NewChaCha8(sha256.Sum256(key))
	for i := 0; i < len(x); {
		u, v := uniform(source.Uint64()), uniform(source.Uint64())
		s := float64(u*u) + float64(v*v)
		if s >= 1 || s == 0 {
			continue
		}
		f := math.Sqrt(float64(-2*logarithm(s)) / s)
		x[i] = float32(u * f)
		if i+1 < len(x) {
			x[i+1] = float32(v * f)
		}
		i += 2
	}
}

// uniform maps 64 random bits to [−1, 1), in steps of 2⁻⁵³: exactly.
func uniform(bits uint64) float64 { return float64(int64(bits)>>10) * 0x1p-53 }

// logSeries are the coefficients 1/(2k+1) of atanh(z)/z in z², highest first: to 1e-18 for z ≤ 3 − √8, which is 0.172.
var logSeries = [...]float64{1. / 23, 1. / 21, 1. / 19, 1. / 17, 1. / 15, 1. / 13, 1. / 11, 1. / 9, 1. / 7, 1. / 5, 1. / 3, 1}

// logarithm is the natural logarithm of a positive, normal x, to a few units of 1e-16, by + − × ÷ in float64, none of them fused:
//
//	ln x = n·ln 2 + 2·atanh((m − 1) / (m + 1)), x = m·2ⁿ, √½ ≤ m < √2
func logarithm(x float64) float64 {
	bits := math.Float64bits(x)
	n := int(bits>>52) - 1023
	m := math.Float64frombits(bits&(1<<52-1) | 1023<<52)
	if m >= math.Sqrt2 {
		m, n = m/2, n+1
	}
	z := (m - 1) / (m + 1)
	square := float64(z * z)
	p := logSeries[0]
	for _, c := range logSeries[1:] {
		p = float64(p*square) + c
	}
	return float64(float64(n)*kernel.Ln2High) + (float64(float64(n)*kernel.Ln2Low) + float64(2*float64(z*p)))
}
