package main

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

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
