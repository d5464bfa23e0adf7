package main

import (
	"math"
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vectorShape is a size of vector that the kernels besides the products are written for.
type vectorShape struct {
	suffix string
	vector func() VecVirtual
	bytes  int
}

var vectorShapes = []vectorShape{{"AVX2", YMM, 32}, {"AVX512", ZMM, 64}}

const winogradFields = "tiles frequency tileStride pixels row pixel count vectors scale"

// fields are a kernel's arguments in memory, 8 bytes each, in the order of the names.
type fields struct {
	base  Register
	names []string
}

func (f fields) at(name string) Mem {
	i := slices.Index(f.names, name)
	if i < 0 {
		panic("no argument " + name)
	}
	return Mem{Base: f.base, Disp: 8 * i}
}

func (f fields) load(name string) GPVirtual {
	r := GP64()
	MOVQ(f.at(name), r)
	return r
}

// arguments opens a kernel that takes a pointer to a struct with the named fields.
func arguments(name, doc string, attributes attr.Attribute, names string) fields {
	TEXT(name, attributes, "func(args *byte)")
	Pragma("noescape")
	Doc(name + " " + doc)
	return fields{Load(Param("args"), GP64()), strings.Fields(names)}
}

// broadcast fills a new vector with x.
func (s vectorShape) broadcast(x float32) VecVirtual {
	r, g, v := XMM(), GP32(), s.vector()
	MOVL(U32(math.Float32bits(x)), g)
	VMOVD(g, r)
	VBROADCASTSS(r, v)
	return v
}

// local is memory on the stack for n vectors, aligned to one.
func (s vectorShape) local(n int) func(i int) Mem {
	base := GP64()
	LEAQ(AllocLocal((n+1)*s.bytes), base)
	ADDQ(U8(s.bytes-1), base)
	ANDQ(I8(-s.bytes), base)
	return func(i int) Mem { return Mem{Base: base, Disp: i * s.bytes} }
}

// spaced addresses base + i·distance, i in 0 … 5.
func spaced(distance GPVirtual) func(base Register, i int) Mem {
	three, five := GP64(), GP64()
	LEAQ(Mem{Base: distance, Index: distance, Scale: 2}, three)
	LEAQ(Mem{Base: distance, Index: distance, Scale: 4}, five)
	return func(base Register, i int) Mem {
		switch i {
		case 0:
			return Mem{Base: base}
		case 3:
			return Mem{Base: base, Index: three, Scale: 1}
		case 5:
			return Mem{Base: base, Index: five, Scale: 1}
		}
		return Mem{Base: base, Index: distance, Scale: uint8(i)}
	}
}

func (s vectorShape) add(a, b VecVirtual) VecVirtual { return s.combine(VADDPS, a, b) }
func (s vectorShape) sub(a, b VecVirtual) VecVirtual { return s.combine(VSUBPS, a, b) }

func (s vectorShape) combine(instruction func(...Op), a, b VecVirtual) VecVirtual {
	r := s.vector()
	instruction(b, a, r)
	return r
}

// addProduct is a + x·y and subProduct a − x·y, in a new register; x·y is exact wherever they are used, so that it may be fused.
func (s vectorShape) addProduct(a, x, y VecVirtual) VecVirtual { return s.fused(VFMADD231PS, a, x, y) }
func (s vectorShape) subProduct(a, x, y VecVirtual) VecVirtual { return s.fused(VFNMADD231PS, a, x, y) }

func (s vectorShape) fused(instruction func(...Op), a, x, y VecVirtual) VecVirtual {
	r := s.vector()
	VMOVAPS(a, r)
	instruction(x, y, r)
	return r
}

// loop runs body count times, and count down to 0.
func loop(label string, count GPVirtual, body func()) {
	Label(label)
	body()
	DECQ(count)
	JNZ(LabelRef(label))
}

// winogradInput and winogradOutput follow inputLine and outputLine; see Winograd in winograd.go.
func (s vectorShape) winogradInput() {
	field := arguments("winogradInput"+s.suffix, "computes Bᵀ d B for a row of tiles.", 0, winogradFields)
	two, four := s.broadcast(2), s.broadcast(4)
	s.winograd(field, func(load func(i int) Mem, store func(i int) Mem) {
		d := make([]VecVirtual, 6)
		for i := range d {
			d[i] = s.vector()
			VMOVUPS(load(i), d[i])
		}
		c, e := s.sub(d[4], d[2]), s.sub(d[3], d[1])
		VMOVUPS(s.addProduct(c, four, s.sub(d[0], d[2])), store(0))
		VMOVUPS(s.subProduct(s.sub(d[5], d[3]), four, e), store(5))
		VMOVUPS(s.addProduct(c, two, e), store(3))
		VMOVUPS(s.subProduct(c, two, e), store(4))
		VFNMADD231PS(four, d[2], d[4])
		VFNMADD231PS(four, d[1], d[3])
		VMOVUPS(s.add(d[4], d[3]), store(1))
		VMOVUPS(s.sub(d[4], d[3]), store(2))
	}, true)
}

func (s vectorShape) winogradOutput() {
	field := arguments("winogradOutput"+s.suffix, "computes Aᵀ m A for a row of tiles.", 0, winogradFields)
	two, four, eight := s.broadcast(2), s.broadcast(4), s.broadcast(8)
	s.winograd(field, func(load func(i int) Mem, store func(i int) Mem) {
		m := make([]VecVirtual, 6)
		for i := range m {
			m[i] = s.vector()
			VMOVUPS(load(i), m[i])
		}
		sum, d := s.add(m[1], m[2]), s.sub(m[1], m[2])
		t, e := s.add(m[3], m[4]), s.sub(m[3], m[4])
		VMOVUPS(s.add(s.add(m[0], sum), t), store(0))
		VMOVUPS(s.addProduct(d, two, e), store(1))
		VFMADD231PS(four, t, sum)
		VMOVUPS(sum, store(2))
		VFMADD231PS(eight, e, d)
		VMOVUPS(s.add(d, m[5]), store(3))
	}, false)
}

// winograd loops over tiles and vectors of channels, and in each over its columns and then its rows.
func (s vectorShape) winograd(field fields, line func(load, store func(i int) Mem), input bool) {
	local := s.local(36)
	tiles, pixels, count := field.load("tiles"), field.load("pixels"), field.load("count")
	frequency, row, pixel := field.load("frequency"), field.load("row"), field.load("pixel")
	atFrequency, atRow := spaced(frequency), spaced(row)
	loop("tile", count, func() {
		vectors := field.load("vectors")
		loop("vector", vectors, func() {
			p := GP64()
			if input {
				MOVQ(pixels, p)
				for x := range 6 {
					line(func(y int) Mem { return atRow(p, y) }, func(i int) Mem { return local(6*i + x) })
					ADDQ(pixel, p)
				}
				MOVQ(tiles, p)
				for i := range 6 {
					line(func(x int) Mem { return local(6*i + x) }, func(j int) Mem { return atFrequency(p, j) })
					if i < 5 {
						LEAQ(Mem{Base: p, Index: frequency, Scale: 4}, p)
						LEAQ(Mem{Base: p, Index: frequency, Scale: 2}, p)
					}
				}
			} else {
				six := GP64() // a row of frequencies
				LEAQ(Mem{Base: frequency, Index: frequency, Scale: 2}, six)
				ADDQ(six, six)
				atSix := spaced(six)
				MOVQ(tiles, p)
				for j := range 6 {
					line(func(i int) Mem { return atSix(p, i) }, func(y int) Mem { return local(6*y + j) })
					ADDQ(frequency, p)
				}
				MOVQ(pixels, p)
				atPixel := spaced(pixel)
				for y := range 4 {
					line(func(j int) Mem { return local(6*y + j) }, func(x int) Mem { return atPixel(p, x) })
					ADDQ(row, p)
				}
			}
			ADDQ(U8(s.bytes), tiles)
			ADDQ(U8(s.bytes), pixels)
		})
		// On to the next tile, from behind the last vector.
		vectors = field.load("vectors")
		IMUL3Q(Imm(uint64(s.bytes)), vectors, vectors)
		SUBQ(vectors, tiles)
		SUBQ(vectors, pixels)
		ADDQ(field.at("tileStride"), tiles)
		LEAQ(Mem{Base: pixels, Index: pixel, Scale: 4}, pixels)
	})
	VZEROUPPER()
	RET()
}

// winogradWeights computes G g Gᵀ for count input channels and a vector of output channels: pixel apart, in frequencies tileStride.
func (s vectorShape) winogradWeights() {
	field := arguments("winogradWeights"+s.suffix, "computes G g Gᵀ for a vector of output channels.", 0, winogradFields)
	local := s.local(18)
	two, four := s.broadcast(2), s.broadcast(4)
	tiles, pixels, count := field.load("tiles"), field.load("pixels"), field.load("count")
	frequency, weight, scales := field.load("frequency"), field.load("pixel"), field.load("scale")
	next := field.load("tileStride")
	line := func(load func(i int) Mem, store func(i int, v VecVirtual)) {
		g := make([]VecVirtual, 3)
		for i := range g {
			g[i] = s.vector()
			VMOVUPS(load(i), g[i])
		}
		sum, t := s.add(g[0], g[2]), s.addProduct(g[0], four, g[2])
		store(0, g[0])
		store(1, s.add(sum, g[1]))
		store(2, s.sub(sum, g[1]))
		store(3, s.addProduct(t, two, g[1]))
		store(4, s.subProduct(t, two, g[1]))
		store(5, g[2])
	}
	loop("channel", count, func() {
		p, three := GP64(), GP64()
		MOVQ(pixels, p)
		LEAQ(Mem{Base: weight, Index: weight, Scale: 2}, three)
		atRow := spaced(three)
		for x := range 3 {
			line(func(y int) Mem { return atRow(p, y) }, func(i int, v VecVirtual) { VMOVAPS(v, local(3*i+x)) })
			ADDQ(weight, p)
		}
		MOVQ(tiles, p)
		for i := range 6 {
			line(func(x int) Mem { return local(3*i + x) }, func(j int, v VecVirtual) {
				r := s.vector()
				VBROADCASTSS(Mem{Base: scales, Disp: 4 * (6*i + j)}, r)
				VMULPS(r, v, r)
				VMOVUPS(r, Mem{Base: p})
				ADDQ(frequency, p)
			})
		}
		ADDQ(next, tiles)
		LEAQ(Mem{Base: pixels, Index: weight, Scale: 8}, pixels)
		ADDQ(weight, pixels)
	})
	VZEROUPPER()
	RET()
}
