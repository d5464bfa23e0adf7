package tfevents

import (
	"encoding/binary"
	"hash/crc32"
	"math"
	"math/bits"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
)

// fileVersion is the content of a file's first event. From version 2 on, TensorBoard goes by session starts to find the steps that a
// resumed run makes again.
const fileVersion = "brain.Event:2"

// plugin is a TensorBoard plugin that shows what we write.
type plugin struct {
	name    string
	class   int64  // the kind of data that it takes (DataClass in summary.proto)
	content []byte // its own metadata
}

var (
	scalars = plugin{name: "scalars", class: 1}
	// A tag's values are Summary.Image messages: in ImagePluginData, converted_to_tensor (field 2) is true, which is what TensorBoard
	// itself sets when it reads such a value.
	images = plugin{name: "images", class: 3, content: appendInt(nil, 2, 1)}
)

// event encodes the message Event, with its field 3, 5 or 7. Fields stand in the order of their numbers and zeros are left out, as
// protobuf libraries do it, so that the same event has the same bytes.
func event(at time.Time, step int64, field protowire.Number, content []byte) (b []byte) {
	// Whole seconds and the fraction are apart until the last sum: nanoseconds since 1970 do not fit a float64.
	if seconds := float64(at.Unix()) + float64(at.Nanosecond())/1e9; seconds != 0 {
		b = protowire.AppendFixed64(protowire.AppendTag(b, 1, protowire.Fixed64Type), math.Float64bits(seconds))
	}
	return appendBytes(appendInt(b, 2, step), field, content)
}

// head encodes the event that every file begins with.
func head(at time.Time) []byte {
	return appendBytes(event(at, 0, 3, []byte(fileVersion)), 10, appendBytes(nil, 1, "keygan/train/tfevents")) // SourceMetadata: its writer
}

// session encodes a SessionLog: START.
func session(at time.Time, firstStep int64) []byte {
	return event(at, firstStep, 7, appendInt(nil, 1, 1))
}

// summary encodes an event with one value of a tag. The tag's first value in a file carries its SummaryMetadata: what TensorBoard would
// make up without it, so that it does not have to guess.
func summary(at time.Time, step int64, tag string, value []byte, p plugin, first bool) []byte {
	b := append(appendBytes(nil, 1, tag), value...)
	if first {
		data := appendBytes(nil, 1, p.name) // PluginData
		if p.content != nil {
			data = appendBytes(data, 2, p.content)
		}
		b = appendBytes(b, 9, appendInt(appendBytes(nil, 1, data), 4, p.class))
	}
	return event(at, step, 5, appendBytes(nil, 1, b))
}

// scalarValue is simple_value, present even if zero.
func scalarValue(x float32) []byte {
	return protowire.AppendFixed32(protowire.AppendTag(nil, 2, protowire.Fixed32Type), math.Float32bits(x))
}

// imageValue is a Summary.Image. Its "colorspace" is 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
func imageValue(png []byte, width, height, channels int) []byte {
	b := appendInt(nil, 1, int64(height))
	b = appendInt(b, 2, int64(width))
	b = appendInt(b, 3, int64(channels))
	return appendBytes(nil, 4, appendBytes(b, 4, png))
}

// appendInt appends an int32, int64, enum or bool field. x is not negative.
func appendInt(b []byte, field protowire.Number, x int64) []byte {
	if x == 0 {
		return b
	}
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(x))
}

// appendBytes appends a string, bytes or message field.
func appendBytes[T string | []byte](b []byte, field protowire.Number, x T) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), []byte(x))
}

// TFRecord framing, all numbers little-endian (TensorFlow's record_writer.cc):
//
//	uint64  n, the length of the data
//	uint32  masked CRC-32C of the eight bytes of n
//	byte    data[n]
//	uint32  masked CRC-32C of the data
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendRecord appends one record.
func appendRecord(b, data []byte) []byte {
	start := len(b)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(data)))
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(b[start:]))
	b = append(b, data...)
	return binary.LittleEndian.AppendUint32(b, maskedCRC(data))
}

// maskedCRC is the CRC-32C of b, turned and offset: a CRC over data that holds CRCs of its own is weak without that (TensorFlow's
// crc32c.h).
func maskedCRC(b []byte) uint32 { return maskCRC(crc32.Checksum(b, castagnoli)) }

func maskCRC(crc uint32) uint32 { return bits.RotateLeft32(crc, 17) + 0xa282ead8 }
