package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// rowSums walks along the row once for each lane, and adds two lanes as soon as it has them. A group is a vector of channels in float64.
func (s vectorShape) rowSums() {
	field := arguments("rowSums"+s.suffix, "adds up a row and its squares in float64.", attr.NOSPLIT, "sum square x width stride groups")
	sum, square, x := field.load("sum"), field.load("square"), field.load("x")
	stride, far, groups := field.load("stride"), field.load("stride"), field.load("groups")
	SHLQ(U8(4), far)
	nothing := s.vector()
	zero(s.bytes, nothing)
	loop("group", groups, func() {
		type pair struct{ s, q VecVirtual }
		lane := func(l int) pair {
			p := pair{s.vector(), s.vector()}
			VMOVAPD(nothing, p.s)
			VMOVAPD(nothing, p.q)
			left, at := field.load("width"), GP64()
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

// affine branches in its inner loop over everything that may be missing: always the same way, and while it waits for memory.
func (s vectorShape) affine() {
	field := arguments("affine"+s.suffix, "computes what follows a convolution.", attr.NOSPLIT,
		"x stride pixels vectors mean scale shift leakyBefore add addStride activation noise noiseScale")
	x, mean, scale, shift := field.load("x"), field.load("mean"), field.load("scale"), field.load("shift")
	add, noise, noiseScale := field.load("add"), field.load("noise"), field.load("noiseScale")
	activation, leaky := field.load("activation"), field.load("leakyBefore")
	pixels, bytes, at := field.load("pixels"), field.load("vectors"), GP64()
	IMUL3Q(Imm(uint64(s.bytes)), bytes, bytes)
	nothing, slope, plane := s.vector(), s.broadcast(0.2), s.vector()
	zero(s.bytes, nothing)
	zero(s.bytes, plane)
	here := func(base Register) Mem { return Mem{Base: base, Index: at, Scale: 1} }
	unless := func(flag GPVirtual, name string, body func()) {
		TESTQ(flag, flag)
		JZ(LabelRef("no" + name))
		body()
		Label("no" + name)
	}
	loop("pixel", pixels, func() {
		unless(noise, "Plane", func() {
			VBROADCASTSS(Mem{Base: noise}, plane)
			ADDQ(U8(4), noise)
		})
		XORQ(at, at)
		Label("vector")
		v, t := s.vector(), s.vector()
		VMOVUPS(here(x), v)
		VSUBPS(here(mean), v, v)
		VMULPS(here(scale), v, v)
		unless(shift, "Shift", func() { VADDPS(here(shift), v, v) })
		leakyReLU := func() {
			VMULPS(slope, v, t)
			VMAXPS(t, v, v)
		}
		unless(leaky, "LeakyBefore", leakyReLU)
		unless(add, "Add", func() { VADDPS(here(add), v, v) })
		unless(activation, "Activation", func() {
			CMPQ(activation, U8(1))
			JNE(LabelRef("leaky"))
			VMAXPS(v, nothing, v) // of two zeros the first operand here, which keeps −0 and NaN
			JMP(LabelRef("noActivation"))
			Label("leaky")
			leakyReLU()
		})
		unless(noise, "Noise", func() {
			VMULPS(here(noiseScale), plane, t)
			VADDPS(t, v, v)
		})
		VMOVUPS(v, here(x))
		ADDQ(U8(s.bytes), at)
		CMPQ(at, bytes)
		JLT(LabelRef("vector"))
		ADDQ(field.at("stride"), x)
		unless(add, "AddRow", func() { ADDQ(field.at("addStride"), add) })
	})
	VZEROUPPER()
	RET()
}
