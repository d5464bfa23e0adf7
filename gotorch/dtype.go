package gotorch

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

// itemSize is the number of bytes of an element.
func itemSize(dtype int8) (bytes int64, ok bool) {
	switch dtype {
	case Byte, Char, Bool:
		return 1, true
	case Short, Half, BFloat16:
		return 2, true
	case Int, Float, ComplexHalf:
		return 4, true
	case Long, Double, ComplexFloat:
		return 8, true
	case ComplexDouble:
		return 16, true
	}
	return 0, false
}
