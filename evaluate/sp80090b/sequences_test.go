package sp80090b

import (
	"math"
	"math/rand/v2"
	"strings"

	"keygan/cipher"
)

// sequence is a string whose estimates by NIST's program are in testdata.
type sequence struct {
	name      string
	bits      int // the program is told; 0: nothing
	firstBits int
	symbols   []byte
}

// drawn is n symbols, each made of 64 random bits.
func drawn(n int, symbol func(r uint64) byte) []byte {
	source := rand.NewChaCha8([32]byte([]byte("known answers of min-entropy ...")))
	s := make([]byte, n)
	for i := range s {
		s[i] = symbol(source.Uint64())
	}
	return s
}

// chance is a random number in [0, 1).
func chance(r uint64) float64 { return float64(r>>11) / (1 << 53) }

// sequences are the strings, small enough for a test and different enough to reach all branches.
func sequences() []sequence {
	low := func(n uint) func(uint64) byte { return func(r uint64) byte { return byte(r >> (64 - n)) } }
	logistic, err := cipher.LogisticKeystream(60_000, 0.3, 3.99)
	if err != nil {
		panic(err)
	}
	at := func(n int, f func(i int) byte) []byte {
		s := make([]byte, n)
		for i := range s {
			s[i] = f(i)
		}
		return s
	}
	rare := drawn(20_000, func(r uint64) byte { return byte(r >> 56) })
	return []sequence{
		{"random-8", 0, 0, drawn(130_000, low(8))},
		{"random-8-first-million-bits", 0, 1_000_000, drawn(130_000, low(8))},
		{"random-8-short", 0, 0, drawn(FewestSymbols, low(8))},
		{"random-4", 0, 0, drawn(60_000, low(4))},
		{"random-4-of-8", 8, 0, drawn(30_000, low(4))},
		{"random-2", 0, 0, drawn(60_000, low(2))},
		{"random-1", 0, 0, drawn(100_000, low(1))},
		{"random-1-short", 0, 0, drawn(FewestBits, low(1))},
		{"two-bytes", 0, 0, drawn(20_000, func(r uint64) byte { return 0xF0 * byte(r>>63) })},
		{"biased-bits", 0, 0, drawn(50_000, func(r uint64) byte {
			if chance(r) < 0.9 {
				return 1
			}
			return 0
		})},
		{"biased-bytes", 0, 0, drawn(50_000, func(r uint64) byte { return byte(r) & byte(r>>8) })},
		{"normal", 0, 0, drawn(50_000, func(r uint64) byte {
			return byte((r&0xFF + r>>8&0xFF + r>>16&0xFF + r>>24&0xFF + r>>32&0xFF + r>>40&0xFF) / 6)
		})},
		{"three-symbols", 0, 0, drawn(40_000, func(r uint64) byte { return []byte{3, 77, 200}[r%3] })},
		{"logistic", 0, 0, logistic},
		{"sine", 0, 0, at(30_000, func(i int) byte { return byte(128 + 100*math.Sin(float64(i)/7)) })},
		{"period-2", 0, 0, at(20_000, func(i int) byte { return byte(i % 2) })},
		{"period-3-bytes", 0, 0, at(20_000, func(i int) byte { return byte(i%3) * 100 })},
		{"counter", 0, 0, at(30_000, func(i int) byte { return byte(i) })},
		{"nearly-constant", 0, 0, at(20_000, func(i int) byte { return []byte{7, 9}[max(0, i-19_998)] })},
		{"ones-after-zeros", 0, 0, at(20_000, func(i int) byte { return byte(i / 10_000) })},
		{"text", 0, 0, []byte(strings.Repeat("It is never above Shannon entropy, and it sees what a histogram hides. ", 300))},
		{"walk", 0, 0, at(30_000, func(i int) byte { return rare[i/2] >> (i % 3) })},
	}
}
