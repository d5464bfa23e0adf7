package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The offsets of the fields of sumsArgs.
const (
	argSum = 8 * iota
	argSquare
	argX
	argWidth
	argStride
	argGroups // of as many channels as a vector has float64
)

// rowSums walks along the row once for each lane, and adds the lanes up as soon as there are two to add: see RowSums.
func (s vectorShape) rowSums() {
	field := arguments("rowSums"+s.suffix, "adds up a row and its squares in float64.", attr.NOSPLIT)
	sum, square, x := field.load(argSum), field.load(argSquare), field.load(argX)
	stride, far, groups := field.load(argStride), field.load(argStride), field.load(argGroups)
	SHLQ(U8(4), far)
	nothing := s.vector()
	zero(s.bytes, nothing)
	loop("group", groups, func() {
		type pair struct{ s, q VecVirtual }
		lane := func(l int) pair {
			p := pair{s.vector(), s.vector()}
			VMOVAPD(nothing, p.s)
			VMOVAPD(nothing, p.q)
			left, at := field.load(argWidth), GP64()
			done, next := fmt.Sprintf("done%d", l), fmt.Sprintf("next%d", l)
			SUBQ(U8(l), left)
			JLE(LabelRef(done))
			IMUL3Q(Imm(uint64(l)), stride, at)
			ADDQ(x, at)
			Label(next)
			v := s.vector()
			VCVTPS2PD(Mem{Base: at}, v)
			VADDPD(v, p.s, p.s)
			VFMADD231PD(v, v, p.q)
			ADDQ(far, at)
			SUBQ(U8(16), left)
			JG(LabelRef(next))
			Label(done)
			return p
		}
		var tree func(first, step int) pair // of lanes first, first + step, …, below 16
		tree = func(first, step int) pair {
			if step == 16 {
				return lane(first)
			}
			a, b := tree(first, 2*step), tree(first+step, 2*step)
			VADDPD(b.s, a.s, a.s)
			VADDPD(b.q, a.q, a.q)
			return a
		}
		p := tree(0, 1)
		VMOVUPD(p.s, Mem{Base: sum})
		VMOVUPD(p.q, Mem{Base: square})
		ADDQ(U8(s.bytes), sum)
		ADDQ(U8(s.bytes), square)
		ADDQ(U8(s.bytes/2), x)
	})
	VZEROUPPER()
	RET()
}

// The offsets of the fields of affineArgs.
const (
	affineX = 8 * iota
	affineStride
	affinePixels
	affineVectors
	affineMean
	affineScale
	affineAdd
	affineAddStride
	affineReLU
)

// affine has a loop for each of what may follow the scale.
func (s vectorShape) affine() {
	field := arguments("affine"+s.suffix, "computes (x − mean)·scale, + add, ReLU.", attr.NOSPLIT)
	relu, add := field.load(affineReLU), field.load(affineAdd)
	TESTQ(add, add)
	JZ(LabelRef("alone"))
	TESTQ(relu, relu)
	JZ(LabelRef("add"))
	s.affineLoop("addReLU", field, true, true)
	Label("add")
	s.affineLoop("addOnly", field, true, false)
	Label("alone")
	TESTQ(relu, relu)
	JZ(LabelRef("neither"))
	s.affineLoop("reluOnly", field, false, true)
	Label("neither")
	s.affineLoop("plain", field, false, false)
}

func (s vectorShape) affineLoop(name string, field fields, add, relu bool) {
	x, mean, scale := field.load(affineX), field.load(affineMean), field.load(affineScale)
	pixels, vectors := field.load(affinePixels), field.load(affineVectors)
	bytes, at := GP64(), GP64()
	IMUL3Q(Imm(uint64(s.bytes)), vectors, bytes)
	var plus GPVirtual
	if add {
		plus = field.load(affineAdd)
	}
	nothing := s.vector()
	zero(s.bytes, nothing)
	loop(name, pixels, func() {
		XORQ(at, at)
		Label(name + "Vector")
		v := s.vector()
		VMOVUPS(Mem{Base: x, Index: at, Scale: 1}, v)
		VSUBPS(Mem{Base: mean, Index: at, Scale: 1}, v, v)
		VMULPS(Mem{Base: scale, Index: at, Scale: 1}, v, v)
		if add {
			VADDPS(Mem{Base: plus, Index: at, Scale: 1}, v, v)
		}
		if relu {
			VMAXPS(v, nothing, v) // of two zeros the first operand here, which keeps −0 and NaN
		}
		VMOVUPS(v, Mem{Base: x, Index: at, Scale: 1})
		ADDQ(U8(s.bytes), at)
		CMPQ(at, bytes)
		JLT(LabelRef(name + "Vector"))
		ADDQ(field.at(affineStride), x)
		if add {
			ADDQ(field.at(affineAddStride), plus)
		}
	})
	VZEROUPPER()
	RET()
}
