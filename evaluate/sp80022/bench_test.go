package sp80022

import "testing"

// BenchmarkBattery times the tests, each by itself and all together, on 10⁶ bits. The baseline is NIST's program, built with
// gcc -O2: 1.4 s for all, on one core of an AMD EPYC.
func BenchmarkBattery(b *testing.B) {
	bits := noise(1_000_000, 16, 128)
	b.Run("all", func(b *testing.B) {
		b.SetBytes(int64(bits.n / 8))
		for b.Loop() {
			Run(bits)
		}
	})
	for _, t := range battery {
		b.Run(t.name, func(b *testing.B) {
			b.SetBytes(int64(bits.n / 8))
			for b.Loop() {
				t.on(&sequence{Bits: bits})
			}
		})
	}
}

// BenchmarkLengths times FFT where the length has only small prime factors, a large one, or is a prime itself.
func BenchmarkLengths(b *testing.B) {
	bits := noise(1<<20, 18, 128)
	for _, c := range []struct {
		name string
		n    int
	}{{"2^20", 1 << 20}, {"10^6", 1_000_000}, {"8_times_prime", 8 * 124_987}, {"prime", 999_983}} {
		b.Run(c.name, func(b *testing.B) {
			prefix := bits.Prefix(c.n)
			b.SetBytes(int64(c.n / 8))
			for b.Loop() {
				fourierTest(prefix)
			}
		})
	}
}
