package sp80022

import (
	"encoding/binary"
	"fmt"
	"math/bits"
)

// Bits is a sequence of bits ε₀ … εₙ₋₁. The first is the most significant bit of the first byte.
type Bits struct {
	n     int
	words []uint64 // ε₀ is the top bit of words[0]; zeros after the last bit, at least one whole word of them
}

// FromBytes is the 8·len(p) bits of p, each byte from its most significant bit down.
func FromBytes(p []byte) *Bits {
	b := &Bits{8 * len(p), make([]uint64, len(p)/8+2)}
	i := 0
	for ; len(p) >= 8; i, p = i+1, p[8:] {
		b.words[i] = binary.BigEndian.Uint64(p)
	}
	for j, v := range p {
		b.words[i] |= uint64(v) << (56 - 8*j)
	}
	return b
}

// Len is the number of bits.
func (b *Bits) Len() int { return b.n }

// Prefix is the first n bits. It panics when there are fewer.
func (b *Bits) Prefix(n int) *Bits {
	if n < 0 || n > b.n {
		panic(fmt.Sprintf("sp80022: the first %d bits of %d", n, b.n))
	}
	words := make([]uint64, n/64+2)
	copy(words, b.words[:n/64+1])
	words[n/64] &^= ^uint64(0) >> (n % 64)
	return &Bits{n, words}
}

// bit is εᵢ.
func (b *Bits) bit(i int) uint64 { return b.words[i>>6] >> (63 - i&63) & 1 }

// from is the 64 bits from εᵢ on, i < n, with zeros after the last.
func (b *Bits) from(i int) uint64 {
	w, s := i>>6, uint(i&63)
	return b.words[w]<<s | b.words[w+1]>>1>>(63-s)
}

// window is count bits from εᵢ on, 1 ≤ count ≤ 64, in the top bits of a word whose others are 0.
func (b *Bits) window(i, count int) uint64 { return b.from(i) &^ (^uint64(0) >> 1 >> (count - 1)) }

// ones counts the ones among the bits [from, to).
func (b *Bits) ones(from, to int) int {
	n := 0
	for i := from; i < to; i += 64 {
		n += bits.OnesCount64(b.window(i, min(64, to-i)))
	}
	return n
}
