package main

import (
	"fmt"
	"math"

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

// seriesTerms is the number of coefficients in expSeries.
const seriesTerms = 13

// tanh follows Tanh line by line, on as many float64 as a vector has. It corrects numbers beyond the end, and NaN, last.
func (s vectorShape) tanh() {
	field := arguments("tanh"+s.suffix, "computes the hyperbolic tangent.", attr.NOSPLIT, "x vectors series")
	half := YMM // x, in float32
	if s.bytes == 32 {
		half = XMM
	}
	constant := func(bits uint64) VecVirtual {
		g, r, v := GP64(), XMM(), s.vector()
		MOVQ(U64(bits), g)
		VMOVQ(g, r)
		VBROADCASTSD(r, v)
		return v
	}
	number := func(x float64) VecVirtual { return constant(math.Float64bits(x)) }
	x, vectors, series := field.load("x"), field.load("vectors"), field.load("series")
	one, two, end := number(1), number(2), number(20)
	magnitude, bias := constant(1<<63-1), constant(1023)
	loop("next", vectors, func() {
		in, y, n, p, t := s.vector(), s.vector(), s.vector(), s.vector(), s.vector()
		whole, small := half(), half()
		VCVTPS2PD(Mem{Base: x}, in)
		if s.bytes == 64 {
			VPANDQ(magnitude, in, y)
		} else {
			VPAND(magnitude, in, y)
		}
		VMULPD(two, y, y)
		c := number(1 / math.Ln2)
		VMULPD(c, y, t)
		c = number(0.5)
		VADDPD(c, t, t)
		if s.bytes == 64 {
			VCVTTPD2DQ(t, whole)
		} else {
			VCVTTPD2DQY(t, whole)
		}
		VCVTDQ2PD(whole, n)
		c = number(6.93147180369123816490e-01)
		VMULPD(c, n, t)
		VSUBPD(t, y, y)
		c = number(1.90821492927058770002e-10)
		VMULPD(c, n, t)
		VSUBPD(t, y, y)
		VBROADCASTSD(Mem{Base: series}, p)
		for i := 1; i < seriesTerms; i++ {
			VMULPD(y, p, p)
			c := s.vector()
			VBROADCASTSD(Mem{Base: series, Disp: 8 * i}, c)
			VADDPD(c, p, p)
		}
		VPMOVSXDQ(whole, n)
		VPADDQ(bias, n, n)
		VPSLLQ(U8(52), n, n) // 2ⁿ
		VMULPD(y, p, p)
		VMULPD(p, n, p)
		VSUBPD(one, n, t)
		VADDPD(t, p, t)
		VADDPD(two, t, y)
		VDIVPD(y, t, t)
		// Beyond the end 1; below zero the negative; NaN as it came.
		zero(s.bytes, n)
		if s.bytes == 64 {
			VPANDQ(magnitude, in, y)
			k := K()
			VCMPPD(U8(lessThan), end, y, k)
			VBLENDMPD(t, one, k, t)
			k = K()
			VCMPPD(U8(lessThan), n, in, k)
			VSUBPD(t, n, k, t)
			k = K()
			VCMPPD(U8(unordered), in, in, k)
			VBLENDMPD(in, t, k, t)
			VCVTPD2PS(t, small)
		} else {
			VPAND(magnitude, in, y)
			VCMPPD(U8(lessThan), end, y, y)
			VBLENDVPD(y, t, one, t)
			VSUBPD(t, n, p)
			VCMPPD(U8(lessThan), n, in, y)
			VBLENDVPD(y, p, t, t)
			VCMPPD(U8(unordered), in, in, y)
			VBLENDVPD(y, in, t, t)
			VCVTPD2PSY(t, small)
		}
		VMOVUPS(small, Mem{Base: x})
		ADDQ(U8(s.bytes/2), x)
	})
	VZEROUPPER()
	RET()
}

// Predicates of VCMPPD.
const (
	lessThan  = 1
	unordered = 3
)
