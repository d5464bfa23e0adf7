package gotorch

import "reflect"

// The types of a tensor's elements.
const (
	Byte   int8 = iota // uint8
	Char               // int8
	Short              // int16
	Int                // int32
	Long               // int64
	Half               // 16-bit floating point
	Float              // float32
	Double             // float64
	ComplexHalf
	ComplexFloat
	ComplexDouble
	Bool
	QInt8
	QUInt8
	QInt32
	BFloat16
	Invalid = -1
)

// dtypeOfKind maps Go's element types to dtypes. Go has no 16-bit floating point: a uint16 holds the bits of a [Half].
var dtypeOfKind = map[reflect.Kind]int8{
	reflect.Bool: Bool, reflect.Uint8: Byte, reflect.Int8: Char, reflect.Int16: Short, reflect.Int32: Int, reflect.Int64: Long,
	reflect.Uint16: Half, reflect.Float32: Float, reflect.Float64: Double,
}

// itemSize is the size of an element in bytes.
var itemSize = map[int8]uintptr{
	Byte: 1, Char: 1, Bool: 1, Short: 2, Half: 2, BFloat16: 2, Int: 4, Float: 4, ComplexHalf: 4, Long: 8, Double: 8, ComplexFloat: 8,
}
