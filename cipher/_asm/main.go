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

// turnVectors transposes blocks of n×n pixels of which n fill a register, with SSE2. To interleave the upper half of the rows with
// the lower half, each row with the one n/2 below it, moves the highest bit of the row's number to the lowest place of the column's;
// when that has been done once for each bit, rows are columns.
func turnVectors(name, pixels string, n int, low, high func(Op, Op)) {
	TEXT(name, NOSPLIT, "func(out, in *byte, stride, nx, ny int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s transposes nx×ny %s, each rounded up to a multiple of %d. Rows lie stride bytes apart.", name, pixels, n))
	column := Load(Param("out"), GP64())
	row := Load(Param("in"), GP64())
	s := Load(Param("stride"), GP64())
	nx := Load(Param("nx"), GP64())
	Label("rows")
	in, out, ny := GP64(), GP64(), Load(Param("ny"), GP64())
	MOVQ(row, in)
	MOVQ(column, out)
	Label("blocks")
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
	SUBQ(U8(n), ny)
	JG(LabelRef("blocks"))
	LEAQ(Mem{Base: row, Index: s, Scale: uint8(n)}, row)
	ADDQ(U8(16), column)
	SUBQ(U8(n), nx)
	JG(LabelRef("rows"))
	RET()
}

// turnTriples transposes blocks of 4×4 pixels of 3 bytes with SSSE3: pixels are spread to 4 bytes, then interleaved one by one and
// two by two, then put together again. Of the 16 bytes that a row of a block is loaded with, 4 do not count.
func turnTriples() {
	spread := mask("spread", [16]int{0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1})
	gather := mask("gather", [16]int{0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1})
	TEXT("turnTriples", NOSPLIT, "func(out, in *byte, stride, nx, ny int)")
	Pragma("noescape")
	Doc("turnTriples transposes nx×ny pixels of 3 bytes, each rounded up to a multiple of 4. Rows lie stride bytes apart. It reads 4 bytes",
		"past the end of a row.")
	column := Load(Param("out"), GP64())
	row := Load(Param("in"), GP64())
	s := Load(Param("stride"), GP64())
	nx := Load(Param("nx"), GP64())
	s3 := GP64()
	LEAQ(Mem{Base: s, Index: s, Scale: 2}, s3)
	at := func(p Register, i int) Mem {
		return [4]Mem{{Base: p}, {Base: p, Index: s, Scale: 1}, {Base: p, Index: s, Scale: 2}, {Base: p, Index: s3, Scale: 1}}[i]
	}
	spreading, gathering := XMM(), XMM()
	MOVOU(spread, spreading)
	MOVOU(gather, gathering)

	Label("rows")
	in, out, ny := GP64(), GP64(), Load(Param("ny"), GP64())
	MOVQ(row, in)
	MOVQ(column, out)
	Label("blocks")
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
	SUBQ(U8(4), ny)
	JG(LabelRef("blocks"))
	LEAQ(Mem{Base: row, Index: s, Scale: 4}, row)
	ADDQ(U8(12), column)
	SUBQ(U8(4), nx)
	JG(LabelRef("rows"))
	RET()
}

// turnBytes transposes blocks of 8×8 bytes with SSE2, which every amd64 processor has: rows are interleaved by bytes, then by
// pairs, then by fours, after which each half of a register is a column.
func turnBytes() {
	TEXT("turnBytes", NOSPLIT, "func(out, in *byte, stride, nx, ny int)")
	Pragma("noescape")
	Doc("turnBytes transposes nx×ny bytes, each rounded up to a multiple of 8. Rows lie stride bytes apart.")
	column := Load(Param("out"), GP64())
	row := Load(Param("in"), GP64())
	s := Load(Param("stride"), GP64())
	nx := Load(Param("nx"), GP64())
	s3, s5, s7 := GP64(), GP64(), GP64()
	LEAQ(Mem{Base: s, Index: s, Scale: 2}, s3)
	LEAQ(Mem{Base: s, Index: s, Scale: 4}, s5)
	LEAQ(Mem{Base: s3, Index: s, Scale: 4}, s7)
	at := func(p Register, i int) Mem {
		switch i {
		case 0:
			return Mem{Base: p}
		case 1, 2, 4:
			return Mem{Base: p, Index: s, Scale: uint8(i)}
		case 3, 6:
			return Mem{Base: p, Index: s3, Scale: uint8(i / 3)}
		case 5:
			return Mem{Base: p, Index: s5, Scale: 1}
		}
		return Mem{Base: p, Index: s7, Scale: 1}
	}

	Label("rows")
	in, out, ny := GP64(), GP64(), Load(Param("ny"), GP64())
	MOVQ(row, in)
	MOVQ(column, out)
	Label("blocks")
	var r [8]VecVirtual
	for i := range r {
		r[i] = XMM()
		MOVQ(at(in, i), r[i])
	}
	for i := 0; i < 8; i += 2 { // pairs: r[0], r[2], r[4], r[6]
		PUNPCKLBW(r[i+1], r[i])
	}
	// Columns 0 to 3 of rows 0 to 3 and 4 to 7, then columns 4 to 7.
	high := func(a, b VecVirtual) (VecVirtual, VecVirtual) {
		h := XMM()
		MOVO(a, h)
		PUNPCKLWL(b, a)
		PUNPCKHWL(b, h)
		return a, h
	}
	lowA, highA := high(r[0], r[2])
	lowB, highB := high(r[4], r[6])
	for i, pair := range [][2]VecVirtual{{lowA, lowB}, {highA, highB}} {
		h := XMM()
		MOVO(pair[0], h)
		PUNPCKLLQ(pair[1], pair[0])
		PUNPCKHLQ(pair[1], h)
		for j, v := range []VecVirtual{pair[0], h} {
			MOVQ(v, at(out, 4*i+2*j))
			MOVHPS(v, at(out, 4*i+2*j+1))
		}
	}
	ADDQ(U8(8), in)
	LEAQ(Mem{Base: out, Index: s, Scale: 8}, out)
	SUBQ(U8(8), ny)
	JG(LabelRef("blocks"))
	LEAQ(Mem{Base: row, Index: s, Scale: 8}, row)
	ADDQ(U8(8), column)
	SUBQ(U8(8), nx)
	JG(LabelRef("rows"))
	RET()
}
