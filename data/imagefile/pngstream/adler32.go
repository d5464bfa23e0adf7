package pngstream

import "encoding/binary"

// Adler-32 (RFC 1950, section 9) is two sums modulo 65521: a is 1 plus all bytes, b is the sum of a after each byte. The standard
// library adds byte by byte. Here eight bytes go through one register, in lanes of 16 bits, which is three times as fast.
const (
	adlerModulus = 65521

	// adlerRun is how many words of 8 bytes the lanes take before they could overflow: 255·(0 + 1 + … + 15)·2 < 2¹⁶.
	adlerRun = 16

	// adlerMost is how many bytes are added between two reductions, far below where the sums of 64 bits could overflow.
	adlerMost = 1 << 16
)

// adler32 continues the checksum sum with p. The checksum of nothing is 1.
func adler32(sum uint32, p []byte) uint32 {
	a, b := uint64(sum&0xffff), uint64(sum>>16)
	for len(p) > 0 {
		part := p[:min(len(p), adlerMost)]
		p = p[len(part):]
		for len(part) >= 8*adlerRun {
			a, b = adlerLanes(a, b, (*[8 * adlerRun]byte)(part))
			part = part[8*adlerRun:]
		}
		for _, v := range part {
			a += uint64(v)
			b += a
		}
		a %= adlerModulus
		b %= adlerModulus
	}
	return uint32(b<<16 | a)
}

// adlerLanes adds a run to the sums. Byte i of word k of n counts n·8 − 8k − i = 8·(n−1−k) + (8−i) times in b: the first term is
// what before collects, the sums before each word; the second weighs the sums of each byte's place.
func adlerLanes(a, b uint64, p *[8 * adlerRun]byte) (uint64, uint64) {
	const low16, low32 = 0x00ff00ff00ff00ff, 0x0000ffff0000ffff
	var even, odd, before uint64 // four lanes of 16 bits: bytes 0, 2, 4, 6 of each word; 1, 3, 5, 7; and both
	for k := 0; k < len(p); k += 8 {
		before += even + odd
		w := binary.LittleEndian.Uint64(p[k : k+8])
		even += w & low16
		odd += w >> 8 & low16
	}
	// Pairs of lanes of 32 bits: a product's upper lane is the sum of both lanes, each times its weight.
	b += uint64(len(p)) * a
	b += 8 * ((before&low32 + before>>16&low32) * (1<<32 + 1) >> 32)
	b += (even & low32) * (8<<32 + 4) >> 32       // bytes 0 and 4
	b += (even >> 16 & low32) * (6<<32 + 2) >> 32 // bytes 2 and 6
	b += (odd & low32) * (7<<32 + 3) >> 32        // bytes 1 and 5
	b += (odd >> 16 & low32) * (5<<32 + 1) >> 32  // bytes 3 and 7
	sums := even + odd
	a += (sums&low32 + sums>>16&low32) * (1<<32 + 1) >> 32
	return a, b
}
