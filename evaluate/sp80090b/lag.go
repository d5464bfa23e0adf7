package sp80090b

import (
	"encoding/binary"
	"math/bits"
)

const lags = 128

// lag is section 6.3.8: predictor d expects the symbol d places back, d in [1, 128].
func lag(t *text) float64 {
	predict := lagSymbols
	if t.k == 2 {
		predict = lagBits
	}
	return predict(t.s).minEntropy(len(t.s)-1, t.k)
}

func lagSymbols(symbols []byte) *board {
	b := &board{scores: make([]int, lags)}
	const everyByte, low7 = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	// Eight lags are compared at once: the word of the symbols i−d−7 … i−d has the nearest in its highest byte. What is before the
	// first symbol equals none.
	s := append(make([]byte, lags), symbols...)
	for i := 1; i < len(symbols); i++ {
		at := lags + i
		c := s[at]
		b.counted(s[at-1-b.leader] == c)
		same := uint64(c) * everyByte
		for d := 0; d < min(lags, i); d += 8 {
			x := binary.LittleEndian.Uint64(s[at-d-8:]) ^ same
			equal := ^((x&low7 + low7) | x | low7) // the top bit of each byte that is zero
			for equal != 0 {
				z := bits.LeadingZeros64(equal)
				equal &^= 1 << 63 >> z
				if j := d + z/8; j < i {
					b.scored(j)
				}
			}
		}
	}
	return b
}
