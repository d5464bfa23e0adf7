package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// productShape is the shape of a product kernel. It holds a tile of C in registers while it walks along k: at each step it loads the
// columns of B, and for each row broadcasts an element of A. It has enough rows to hide the latency of sums, and not too many to fit.
type productShape struct {
	name    string
	vector  func() VecVirtual // a new vector register
	bytes   int               // of a vector
	perRow  int               // vectors of C in a row
	panels  int               // of B, 16 columns each, that the row spans
	maxRows int
}

const (
	unroll     = 2  // steps of k in the body of the loop
	panelBytes = 64 // one step of a panel
)

var productShapes = []productShape{
	{"product2AVX512", ZMM, 64, 2, 2, 14},
	{"product1AVX512", ZMM, 64, 1, 1, 14},
	{"product1AVX2", YMM, 32, 2, 1, 6},
}

// product writes a kernel: a body for each number of rows that it may be asked for.
func product(s productShape) {
	field := arguments(s.name, fmt.Sprintf("computes a tile of up to %d rows and %d columns.", s.maxRows, 16*s.panels), attr.NOSPLIT,
		"c cRow a aRow offsets segments run b panel next rows")
	rows := field.load("rows")
	for m := 1; m < s.maxRows; m++ {
		CMPQ(rows, U8(m))
		JEQ(LabelRef(fmt.Sprintf("rows%d", m)))
	}
	for m := s.maxRows; m >= 1; m-- {
		Label(fmt.Sprintf("rows%d", m))
		s.body(m, field)
	}
}

func (s productShape) body(m int, field fields) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, m) }
	acc := make([][]VecVirtual, m)
	for i := range acc {
		for range s.perRow {
			r := s.vector()
			zero(s.bytes, r)
			acc[i] = append(acc[i], r)
		}
	}

	// Multiples of the distance between rows of A, for every odd one that an address of x86 cannot make: i = odd·2ⁿ.
	a, b, panel := GP64(), field.load("b"), GPVirtual(nil)
	if s.panels > 1 {
		panel = field.load("panel")
	}
	odd := map[int]GPVirtual{}
	if m > 1 {
		odd[1] = field.load("aRow")
		for i := 3; i < m; i += 2 {
			odd[i] = GP64()
			LEAQ(Mem{Base: odd[i-2], Index: odd[1], Scale: 2}, odd[i])
		}
	}
	row := func(i, step int) Mem {
		mem := Mem{Base: a, Disp: 4 * step}
		if i > 0 {
			n, scale := i, 1
			for n%2 == 0 {
				n, scale = n/2, scale*2
			}
			mem.Index, mem.Scale = odd[n], uint8(scale)
		}
		return mem
	}
	bs := []VecVirtual{}
	var next GPVirtual
	if s.panels > 1 {
		next = field.load("next") // panels that come after these, to be fetched meanwhile
	}
	for range s.perRow {
		bs = append(bs, s.vector())
	}
	step := func(u int) {
		if s.panels > 1 {
			for j := range 2 {
				PREFETCHT0(Mem{Base: next, Disp: (2*u + j) * panelBytes})
			}
		}
		for j, r := range bs {
			mem := Mem{Base: b, Disp: u*panelBytes + j*s.bytes}
			if s.panels > 1 && j == 1 {
				mem = Mem{Base: b, Disp: u * panelBytes, Index: panel, Scale: 1}
			}
			VMOVUPS(mem, r)
		}
		for i := range acc {
			if s.perRow == 1 {
				VFMADD231PS_BCST(row(i, u), bs[0], acc[i][0])
				continue
			}
			x := s.vector()
			VBROADCASTSS(row(i, u), x)
			for j, r := range bs {
				VFMADD231PS(x, r, acc[i][j])
			}
		}
	}
	advance := func(steps int) {
		ADDQ(U8(4*steps), a)
		ADDQ(Imm(uint64(panelBytes*steps)), b)
		if s.panels > 1 {
			ADDQ(U32(2*panelBytes*steps), next)
		}
	}

	offsets, segments, k := field.load("offsets"), field.load("segments"), GP64()
	Label(label("segment"))
	MOVQ(Mem{Base: offsets}, a)
	SHLQ(U8(2), a)
	ADDQ(field.at("a"), a)
	ADDQ(U8(8), offsets)
	MOVQ(field.at("run"), k)
	SUBQ(U8(unroll), k)
	JLT(LabelRef(label("tail")))
	Label(label("loop"))
	for u := range unroll {
		step(u)
	}
	advance(unroll)
	SUBQ(U8(unroll), k)
	JGE(LabelRef(label("loop")))
	Label(label("tail"))
	ADDQ(U8(unroll), k)
	JZ(LabelRef(label("next")))
	Label(label("single"))
	step(0)
	advance(1)
	DECQ(k)
	JNZ(LabelRef(label("single")))
	Label(label("next"))
	DECQ(segments)
	JNZ(LabelRef(label("segment")))

	c, cRow := field.load("c"), field.load("cRow")
	for i := range acc {
		for j, r := range acc[i] {
			VMOVUPS(r, Mem{Base: c, Disp: j * s.bytes})
		}
		if i < m-1 {
			ADDQ(cRow, c)
		}
	}
	VZEROUPPER()
	RET()
}

// zero clears a register, with nothing beyond AVX2 and AVX512F.
func zero(bytes int, r VecVirtual) {
	if bytes == 64 {
		VPXORD(r, r, r)
	} else {
		VPXOR(r, r, r)
	}
}
