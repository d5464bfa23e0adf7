package sp80022

import (
	"math"
	"math/cmplx"
	"testing"
)

// TestModuli compares the moduli with those of the plain sum, for lengths of every kind: small, prime, with large and with small
// prime factors, odd and even. Each limit lies between two neighbouring moduli, so that the count must be the rank.
func TestModuli(t *testing.T) {
	for _, n := range []int{2, 3, 4, 5, 8, 9, 15, 16, 31, 37, 64, 74, 97, 100, 101, 111, 128, 143, 222, 243, 256, 361, 500, 512, 625, 37 * 41, 8 * 127} {
		b := noise(n, uint64(n), 120)
		var power []float64
		for k := range n / 2 {
			sum := complex(0, 0)
			for i := range n {
				sum += complex(float64(2*b.bit(i))-1, 0) * cmplx.Rect(1, -2*math.Pi*float64(i*k%n)/float64(n))
			}
			power = append(power, real(sum)*real(sum)+imag(sum)*imag(sum))
		}
		for _, p := range power {
			for _, limit := range []float64{p + 1e-6, p - 1e-6} {
				want := 0
				for _, q := range power {
					if q < limit {
						want++
					}
				}
				if got := modulusCount(b, limit); got != want {
					t.Fatalf("%d bits: %d moduli below %g, want %d", n, got, math.Sqrt(limit), want)
				}
			}
		}
	}
}
