// Command asm writes the assembly of package cipher, which is an XOR, and with -turn that of package catmap, which transposes pixels of
// 1 to 4 bytes. go generate in those packages runs it.
package main

import (
	"flag"
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	turn := flag.Bool("turn", false, "write the transpositions")
	flag.Parse() // Generate adds its own flags earlier, when avo starts
	ConstraintExpr("amd64,!purego")
	if *turn {
		turnBytes()
		turnTriples()
		turnVectors("turnWords", "pixels of 2 bytes", 8, PUNPCKLWL, PUNPCKHWL)
		turnVectors("turnQuads", "pixels of 4 bytes", 4, PUNPCKLLQ, PUNPCKHLQ)
	} else {
		xorBlocks()
	}
	Generate()
}

// xorBlocks takes 128 bytes at a time, in four registers: enough that memory is what it waits for.
func xorBlocks() {
	TEXT("xorBlocks", NOSPLIT, "func(dst, a, b *byte, n int)")
	Pragma("noescape")
	Doc("xorBlocks sets n bytes of dst to those of a, each exclusive or that of b. n must be a positive multiple of 128. It takes AVX2.")
	dst, a, b := Load(Param("dst"), GP64()), Load(Param("a"), GP64()), Load(Param("b"), GP64())
	n := Load(Param("n"), GP64())
	Label("blocks")
	r := [4]VecVirtual{YMM(), YMM(), YMM(), YMM()}
	for i, v := range r {
		VMOVDQU(Mem{Base: a, Disp: 32 * i}, v)
	}
	for i, v := range r {
		VPXOR(Mem{Base: b, Disp: 32 * i}, v, v)
	}
	for i, v := range r {
		VMOVDQU(v, Mem{Base: dst, Disp: 32 * i})
	}
	for _, p := range []Register{dst, a, b} {
		SUBQ(I32(-128), p)
	}
	SUBQ(I32(128), n)
	JG(LabelRef("blocks"))
	VZEROUPPER()
	RET()
}

// mask is a constant for PSHUFB: byte i of the result is byte order[i] of the source, or 0 for −1.
func mask(name string, order [16]int) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	for i, o := range order {
		DATA(i, U8(o))
	}
	return m
}

// interleave takes the elements of a and b in turn: those of their low halves, and those of their high halves. a and b are used up.
func interleave(a, b VecVirtual, low, high func(Op, Op)) [2]VecVirtual {
	h := XMM()
	MOVO(a, h)
	low(b, a)
	high(b, h)
	return [2]VecVirtual{a, h}
}

// transposition is a kernel that transposes pixels, a block of n×n at a time, of size bytes in a row. begin does what comes before the loops,
// for rows that lie s bytes apart. It returns what does a block and goes on to the next.
func transposition(name, pixels string, n, size uint8, begin func(s Register) (block func(in, out Register)), doc ...string) {
	TEXT(name, NOSPLIT, "func(out, in *byte, stride, nx, ny int)")
	Pragma("noescape")
	about := fmt.Sprintf("%s transposes nx×ny %s, each rounded up to a multiple of %d. Rows lie stride bytes apart.", name, pixels, n)
	Doc(append([]string{about}, doc...)...)
	column := Load(Param("out"), GP64())
	row := Load(Param("in"), GP64())
	s := Load(Param("stride"), GP64())
	nx := Load(Param("nx"), GP64())
	block := begin(s)
	Label("rows")
	in, out, ny := GP64(), GP64(), Load(Param("ny"), GP64())
	MOVQ(row, in)
	MOVQ(column, out)
	Label("blocks")
	block(in, out)
	SUBQ(U8(n), ny)
	JG(LabelRef("blocks"))
	LEAQ(Mem{Base: row, Index: s, Scale: n}, row)
	ADDQ(U8(size), column)
	SUBQ(U8(n), nx)
	JG(LabelRef("rows"))
	RET()
}

// rowsAt finds row i of n, 4 or 8, that lie s bytes apart: at an odd multiple of s, times a power of two.
func rowsAt(s Register, n int) func(p Register, i int) Mem {
	odd := map[int]Register{1: s}
	for _, m := range [][3]int{{3, 1, 2}, {5, 1, 4}, {7, 3, 4}} {
		if m[0] < n {
			odd[m[0]] = GP64()
			LEAQ(Mem{Base: odd[m[1]], Index: s, Scale: uint8(m[2])}, odd[m[0]])
		}
	}
	return func(p Register, i int) Mem {
		if i == 0 {
			return Mem{Base: p}
		}
		power := i & -i
		return Mem{Base: p, Index: odd[i/power], Scale: uint8(power)}
	}
}

// turnVectors transposes blocks of n×n pixels of which n fill a register, with SSE2. To interleave the upper half of the rows with
// the lower half, each row with the one n/2 below it, moves the highest bit of the row's number to the lowest place of the column's;
// when that has been done once for each bit, rows are columns.
func turnVectors(name, pixels string, n int, low, high func(Op, Op)) {
	transposition(name, pixels, uint8(n), 16, func(s Register) func(in, out Register) {
		return func(in, out Register) {
			r, line := make([]VecVirtual, n), GP64()
			MOVQ(in, line)
			for i := range r {
				r[i] = XMM()
				MOVOU(Mem{Base: line}, r[i])
				ADDQ(s, line)
			}
			for bit := 1; bit < n; bit *= 2 {
				var next []VecVirtual
				for i := range n / 2 {
					pair := interleave(r[i], r[i+n/2], low, high)
					next = append(next, pair[:]...)
				}
				r = next
			}
			for _, v := range r {
				MOVOU(v, Mem{Base: out})
				ADDQ(s, out)
			}
			ADDQ(U8(16), in)
		}
	})
}

// turnTriples transposes blocks of 4×4 pixels of 3 bytes with SSSE3: pixels are spread to 4 bytes, then interleaved one by one and
// two by two, then put together again. Of the 16 bytes that a row of a block is loaded with, 4 do not count.
func turnTriples() {
	spread := mask("spread", [16]int{0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1})
	gather := mask("gather", [16]int{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1})
	transposition("turnTriples", "pixels of 3 bytes", 4, 12, func(s Register) func(in, out Register) {
		at := rowsAt(s, 4)
		spreading, gathering := XMM(), XMM()
		MOVOU(spread, spreading)
		MOVOU(gather, gathering)
		return func(in, out Register) {
			var r [4]VecVirtual
			for i := range r {
				r[i] = XMM()
				MOVOU(at(in, i), r[i])
				PSHUFB(spreading, r[i])
			}
			first := interleave(r[0], r[1], PUNPCKLLQ, PUNPCKHLQ)
			second := interleave(r[2], r[3], PUNPCKLLQ, PUNPCKHLQ)
			for i := range first {
				for j, v := range interleave(first[i], second[i], PUNPCKLQDQ, PUNPCKHQDQ) {
					PSHUFB(gathering, v)
					MOVQ(v, at(out, 2*i+j))
					PSRLDQ(U8(8), v)
					MOVSS(v, at(out, 2*i+j).Offset(8))
				}
			}
			ADDQ(U8(12), in)
			LEAQ(Mem{Base: out, Index: s, Scale: 4}, out)
		}
	}, "It reads 4 bytes past the end of a row.")
}

// turnBytes transposes blocks of 8×8 bytes with SSE2, which every amd64 processor has: rows are interleaved by bytes, then by
// pairs, then by fours, after which each half of a register is a column.
func turnBytes() {
	transposition("turnBytes", "bytes", 8, 8, func(s Register) func(in, out Register) {
		at := rowsAt(s, 8)
		return func(in, out Register) {
			var r [8]VecVirtual
			for i := range r {
				r[i] = XMM()
				MOVQ(at(in, i), r[i])
			}
			for i := 0; i < 8; i += 2 { // pairs: r[0], r[2], r[4], r[6]
				PUNPCKLBW(r[i+1], r[i])
			}
			// Columns 0 to 3 and 4 to 7, of rows 0 to 3 and of rows 4 to 7.
			upper := interleave(r[0], r[2], PUNPCKLWL, PUNPCKHWL)
			lower := interleave(r[4], r[6], PUNPCKLWL, PUNPCKHWL)
			for i := range upper {
				for j, v := range interleave(upper[i], lower[i], PUNPCKLLQ, PUNPCKHLQ) {
					MOVQ(v, at(out, 4*i+2*j))
					MOVHPS(v, at(out, 4*i+2*j+1))
				}
			}
			ADDQ(U8(8), in)
			LEAQ(Mem{Base: out, Index: s, Scale: 8}, out)
		}
	})
}
