package infer

import (
	"encoding/binary"
	"math"
)

// message is a protobuf message in the making: fields, each a number with a wire type and a value. Field numbers are those of
// onnx.proto (github.com/onnx/onnx), which never change.
type message []byte

// Wire types of protobuf.
const (
	wireVarint = 0
	wireBytes  = 2
	wire32     = 5
)

func (m *message) tag(field, wire int) {
	*m = binary.AppendUvarint(*m, uint64(field)<<3|uint64(wire))
}

func (m *message) int(field int, v int64) {
	m.tag(field, wireVarint)
	*m = binary.AppendUvarint(*m, uint64(v))
}

// ints writes a repeated field, one by one, as proto2 does.
func (m *message) ints(field int, all []int) {
	for _, v := range all {
		m.int(field, int64(v))
	}
}

func (m *message) float(field int, v float32) {
	m.tag(field, wire32)
	*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(v))
}

func (m *message) string(field int, s string) {
	m.tag(field, wireBytes)
	*m = binary.AppendUvarint(*m, uint64(len(s)))
	*m = append(*m, s...)
}

func (m *message) message(field int, v message) {
	m.tag(field, wireBytes)
	*m = binary.AppendUvarint(*m, uint64(len(v)))
	*m = append(*m, v...)
}

// floats writes numbers as bytes, little-endian.
func (m *message) floats(field int, x []float32) {
	m.tag(field, wireBytes)
	*m = binary.AppendUvarint(*m, uint64(4*len(x)))
	for _, v := range x {
		*m = binary.LittleEndian.AppendUint32(*m, math.Float32bits(v))
	}
}
