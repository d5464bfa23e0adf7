package imagefile

import (
	"encoding/binary"
	"math"
)

// An element is a number as a file stores it: so many bytes, and how to read them.
type element struct {
	bytes int
	value func(b []byte) float64
}

// elementOf names the type as NumPy does: i, u or f for integer, unsigned and float, then the bytes; b1 is a boolean. The
// second result is false for any other type.
func elementOf(name string, order binary.ByteOrder) (element, bool) {
	switch name {
	case "u1":
		return element{1, func(b []byte) float64 { return float64(b[0]) }}, true
	case "b1":
		return element{1, func(b []byte) float64 { return float64(min(b[0], 1)) }}, true
	case "i1":
		return element{1, func(b []byte) float64 { return float64(int8(b[0])) }}, true
	case "u2":
		return element{2, func(b []byte) float64 { return float64(order.Uint16(b)) }}, true
	case "i2":
		return element{2, func(b []byte) float64 { return float64(int16(order.Uint16(b))) }}, true
	case "u4":
		return element{4, func(b []byte) float64 { return float64(order.Uint32(b)) }}, true
	case "i4":
		return element{4, func(b []byte) float64 { return float64(int32(order.Uint32(b))) }}, true
	case "u8":
		return element{8, func(b []byte) float64 { return float64(order.Uint64(b)) }}, true
	case "i8":
		return element{8, func(b []byte) float64 { return float64(int64(order.Uint64(b))) }}, true
	case "f2":
		return element{2, func(b []byte) float64 { return half(order.Uint16(b)) }}, true
	case "f4":
		return element{4, func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }}, true
	case "f8":
		return element{8, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }}, true
	}
	return element{}, false
}

// half is the value of an IEEE 754 binary16 number.
func half(b uint16) float64 {
	sign := 1.0
	if b>>15 == 1 {
		sign = -1
	}
	exponent, fraction := int(b>>10&31), float64(b&1023)
	switch exponent {
	case 0:
		return sign * math.Ldexp(fraction, -24)
	case 31:
		if fraction != 0 {
			return math.NaN()
		}
		return math.Inf(int(sign))
	}
	return sign * math.Ldexp(1024+fraction, exponent-25)
}
