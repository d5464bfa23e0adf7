package catmap

import "encoding/binary"

//go:generate go -C ../_asm run . -turn -out ../catmap/kernels_amd64.s -stubs ../catmap/kernelstubs_amd64.go -pkg catmap

// The functions below transpose the tile in into the tile out, a block of pixels at a time in 64-bit registers, one for each
// pixel size. A block's rows are loaded as little-endian numbers, so that its first pixel is the lowest. Sides of tiles are
// multiples of 8, so that blocks at the edge of an image may reach over it but never out of the tile.

// turn1: 8×8 pixels of 1 byte, by exchanging halves, then quarters, then neighbours.
func (t *Tiles) turn1(nx, ny int) {
	const (
		low4 = 0x00000000ffffffff
		low2 = 0x0000ffff0000ffff
		low1 = 0x00ff00ff00ff00ff
	)
	s := t.stride
	for x := 0; x < nx; x += 8 {
		for y := 0; y < ny; y += 8 {
			in, out := t.in[x*s+y:], t.out[y*s+x:]
			in, out = in[:7*s+8], out[:7*s+8]
			r0, r1, r2, r3 := u64(in), u64(in[s:]), u64(in[2*s:]), u64(in[3*s:])
			r4, r5, r6, r7 := u64(in[4*s:]), u64(in[5*s:]), u64(in[6*s:]), u64(in[7*s:])
			r0, r4 = r0&low4|r4<<32, r0>>32|r4&^low4
			r1, r5 = r1&low4|r5<<32, r1>>32|r5&^low4
			r2, r6 = r2&low4|r6<<32, r2>>32|r6&^low4
			r3, r7 = r3&low4|r7<<32, r3>>32|r7&^low4
			r0, r2 = exchange(r0, r2, 16, low2)
			r1, r3 = exchange(r1, r3, 16, low2)
			r4, r6 = exchange(r4, r6, 16, low2)
			r5, r7 = exchange(r5, r7, 16, low2)
			r0, r1 = exchange(r0, r1, 8, low1)
			r2, r3 = exchange(r2, r3, 8, low1)
			r4, r5 = exchange(r4, r5, 8, low1)
			r6, r7 = exchange(r6, r7, 8, low1)
			put64(out, r0)
			put64(out[s:], r1)
			put64(out[2*s:], r2)
			put64(out[3*s:], r3)
			put64(out[4*s:], r4)
			put64(out[5*s:], r5)
			put64(out[6*s:], r6)
			put64(out[7*s:], r7)
		}
	}
}

// exchange swaps the parts of a that low leaves out with the parts of b that it keeps, shift bits away.
func exchange(a, b uint64, shift uint, low uint64) (uint64, uint64) {
	d := (a>>shift ^ b) & low
	return a ^ d<<shift, b ^ d
}

// turn2: 4×4 pixels of 2 bytes.
func (t *Tiles) turn2(nx, ny int) {
	const low4, low2 = 0x00000000ffffffff, 0x0000ffff0000ffff
	s := t.stride
	for x := 0; x < nx; x += 4 {
		for y := 0; y < ny; y += 4 {
			in, out := t.in[x*s+2*y:], t.out[y*s+2*x:]
			in, out = in[:3*s+8], out[:3*s+8]
			r0, r1, r2, r3 := u64(in), u64(in[s:]), u64(in[2*s:]), u64(in[3*s:])
			r0, r2 = r0&low4|r2<<32, r0>>32|r2&^low4
			r1, r3 = r1&low4|r3<<32, r1>>32|r3&^low4
			r0, r1 = exchange(r0, r1, 16, low2)
			r2, r3 = exchange(r2, r3, 16, low2)
			put64(out, r0)
			put64(out[s:], r1)
			put64(out[2*s:], r2)
			put64(out[3*s:], r3)
		}
	}
}

// turn3: 8 pixels of 3 bytes, one from each of 8 rows, fill three numbers.
func (t *Tiles) turn3(nx, ny int) {
	const pixel = 1<<24 - 1
	s := t.stride
	for x := 0; x < nx; x += 8 {
		for y := range ny {
			in, out := t.in[x*s+3*y:], t.out[y*s+3*x:]
			in, out = in[:7*s+4], out[:24]
			p0, p1, p2, p3 := u32(in)&pixel, u32(in[s:])&pixel, u32(in[2*s:]), u32(in[3*s:])&pixel
			p4, p5, p6, p7 := u32(in[4*s:])&pixel, u32(in[5*s:]), u32(in[6*s:])&pixel, u32(in[7*s:])
			put64(out, p0|p1<<24|p2<<48)
			put64(out[8:], p2&pixel>>16|p3<<8|p4<<32|p5<<56)
			put64(out[16:], p5&pixel>>8|p6<<16|p7<<40)
		}
	}
}

// turn4: 2×2 pixels of 4 bytes.
func (t *Tiles) turn4(nx, ny int) {
	s := t.stride
	for x := 0; x < nx; x += 2 {
		for y := 0; y < ny; y += 2 {
			in, out := t.in[x*s+4*y:], t.out[y*s+4*x:]
			r0, r1 := u64(in), u64(in[s:])
			put64(out, r0&(1<<32-1)|r1<<32)
			put64(out[s:], r0>>32|r1>>32<<32)
		}
	}
}

// turn6: 4 pixels of 6 bytes, one from each of 4 rows, fill three numbers.
func (t *Tiles) turn6(nx, ny int) {
	const pixel = 1<<48 - 1
	s := t.stride
	for x := 0; x < nx; x += 4 {
		for y := range ny {
			in, out := t.in[x*s+6*y:], t.out[y*s+6*x:]
			in, out = in[:3*s+8], out[:24]
			p0, p1, p2, p3 := u64(in)&pixel, u64(in[s:])&pixel, u64(in[2*s:])&pixel, u64(in[3*s:])
			put64(out, p0|p1<<48)
			put64(out[8:], p1>>16|p2<<32)
			put64(out[16:], p2>>32|p3<<16)
		}
	}
}

// turn8: single pixels of 8 bytes.
func (t *Tiles) turn8(nx, ny int) {
	s := t.stride
	for x := range nx {
		for y := range ny {
			put64(t.out[y*s+8*x:], u64(t.in[x*s+8*y:]))
		}
	}
}

func u32(b []byte) uint64      { return uint64(binary.LittleEndian.Uint32(b)) }
func u64(b []byte) uint64      { return binary.LittleEndian.Uint64(b) }
func put64(b []byte, v uint64) { binary.LittleEndian.PutUint64(b, v) }
