package sp80022

import (
	"syscall"
	"testing"
	"time"
)

// BenchmarkBattery times the tests, each by itself and all together, on 10⁶ bits. scripts/bench-evaluate sets NIST's program beside it.
func BenchmarkBattery(b *testing.B) {
	bits := noise(1_000_000, 16, 128)
	b.Run("all", func(b *testing.B) { benchmark(b, func() { Run(bits) }) })
	for _, t := range battery {
		b.Run(t.name, func(b *testing.B) { benchmark(b, func() { t.on(&sequence{Bits: bits}) }) })
	}
}

// benchmark reports the processor time of the whole process, garbage collection included, which other programs disturb less.
func benchmark(b *testing.B, f func()) {
	best := time.Duration(1<<63 - 1)
	for b.Loop() {
		start := processorTime()
		f()
		best = min(best, processorTime()-start)
	}
	b.ReportMetric(float64(best.Microseconds())/1000, "cpu-ms/op")
}

func processorTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
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
