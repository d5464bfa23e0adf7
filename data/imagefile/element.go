package imagefile

import (
	"encoding/binary"
	"math"
)

// An element is the way in which a file stores a number.
type element struct {
	bytes int
	value func(b []byte) float64
}

// elementOf returns the element of a NumPy name: i, u or f for integer, unsigned and float, then the number of bytes, or b1, a boolean.
func elementOf(name string, order binary.ByteOrder) (element, bool) {
	e, ok := map[string]element{
		"u1": {1, func(b []byte) float64 { return float64(b[0]) }},
		"b1": {1, func(b []byte) float64 { return float64(min(b[0], 1)) }},
		"i1": {1, func(b []byte) float64 { return float64(int8(b[0])) }},
		"u2": {2, func(b []byte) float64 { return float64(order.Uint16(b)) }},
		"i2": {2, func(b []byte) float64 { return float64(int16(order.Uint16(b))) }},
		"u4": {4, func(b []byte) float64 { return float64(order.Uint32(b)) }},
		"i4": {4, func(b []byte) float64 { return float64(int32(order.Uint32(b))) }},
		"u8": {8, func(b []byte) float64 { return float64(order.Uint64(b)) }},
		"i8": {8, func(b []byte) float64 { return float64(int64(order.Uint64(b))) }},
		"f2": {2, func(b []byte) float64 { return half(order.Uint16(b)) }},
		"f4": {4, func(b []byte) float64 { return float64(math.Float32frombits(order.Uint32(b))) }},
		"f8": {8, func(b []byte) float64 { return math.Float64frombits(order.Uint64(b)) }},
	}[name]
	return e, ok
}

// half is the value of an IEEE 754 binary16 number.
func half(b uint16) float64 {
	bits := uint32(b&0x7fff) << 13
	if b>>10&31 == 31 {
		bits |= 0xff << 23 // infinities and NaN
	}
	sign, magnitude := 1-2*float64(b>>15), float64(math.Float32frombits(bits))
	return sign * magnitude * 0x1p112 // the exponents' zeros differ by 127 − 15
}
