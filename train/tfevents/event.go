package tfevents

import (
	"encoding/binary"
	"math"
	"slices"
	"time"
)

// fileVersion is the content of a file's first event. From version 2 on, TensorBoard goes by session starts to find the
// steps that a resumed run makes again.
const fileVersion = "brain.Event:2"

// sourceWriter is what the first event says of the program that made the file.
const sourceWriter = "keygan/train/tfevents"

// Names of the TensorBoard plugins that show what we write, and the kinds of data they take (DataClass in summary.proto).
const (
	scalars = "scalars"
	images  = "images"

	dataScalar       = 1
	dataBlobSequence = 3
)

// sessionStart is SessionLog.START.
const sessionStart = 1

// imageContent is the ImagePluginData of a tag whose values are Summary.Image messages: converted_to_tensor (field 2) is
// true, which is what TensorBoard itself sets when it reads such a value.
var imageContent = []byte{2<<3 | wireVarint, 1}

// event is the message Event, of which it has one of fileVersion, value (the only one of its summary) and sessionStart.
type event struct {
	wallTime     time.Time
	step         int64
	fileVersion  string
	value        *value
	sessionStart bool
}

// value is the message Summary.Value: a scalar or an image.
type value struct {
	tag    string
	plugin string // scalars or images: which of the following fields count
	first  bool   // the tag's first value in the file, which carries its metadata

	scalar                  float32
	png                     []byte
	width, height, channels int
}

// appendEvent appends the protobuf encoding of e. Fields stand in the order of their numbers and zeros are left out, as
// protobuf libraries do it, so that the same event has the same bytes.
func appendEvent(b []byte, e event) []byte {
	b = appendFixed64(b, 1, math.Float64bits(unixSeconds(e.wallTime)))
	b = appendInt(b, 2, e.step)
	switch {
	case e.fileVersion != "":
		b = appendBytes(b, 3, e.fileVersion)
		b = appendMessage(b, 10, func(b []byte) []byte { // SourceMetadata
			return appendBytes(b, 1, sourceWriter)
		})
	case e.value != nil:
		b = appendMessage(b, 5, func(b []byte) []byte { // Summary
			return appendMessage(b, 1, func(b []byte) []byte { return appendValue(b, *e.value) })
		})
	case e.sessionStart:
		b = appendMessage(b, 7, func(b []byte) []byte { // SessionLog
			return appendInt(b, 1, sessionStart)
		})
	}
	return b
}

// unixSeconds keeps the whole seconds and the fraction apart until the last sum: nanoseconds since 1970 do not fit a
// float64.
func unixSeconds(t time.Time) float64 {
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}

func appendValue(b []byte, v value) []byte {
	b = appendBytes(b, 1, v.tag)
	switch v.plugin {
	case scalars: // simple_value, present even if zero
		b = appendKey(b, 2, wireFixed32)
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v.scalar))
	case images: // Summary.Image
		b = appendMessage(b, 4, func(b []byte) []byte {
			b = appendInt(b, 1, int64(v.height))
			b = appendInt(b, 2, int64(v.width))
			b = appendInt(b, 3, int64(v.channels)) // "colorspace": 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
			return appendBytes(b, 4, v.png)
		})
	}
	if v.first {
		b = appendMessage(b, 9, func(b []byte) []byte { return appendMetadata(b, v.plugin) })
	}
	return b
}

// appendMetadata appends the SummaryMetadata of a tag: what TensorBoard would make up for a file without it, so that it
// does not have to guess.
func appendMetadata(b []byte, plugin string) []byte {
	class, content := int64(dataScalar), []byte(nil)
	if plugin == images {
		class, content = dataBlobSequence, imageContent
	}
	b = appendMessage(b, 1, func(b []byte) []byte { // PluginData
		b = appendBytes(b, 1, plugin)
		if len(content) == 0 {
			return b
		}
		return appendBytes(b, 2, content)
	})
	return appendInt(b, 4, class)
}

// The wire types of the protobuf encoding, the low three bits of a field's key.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

func appendKey(b []byte, field, wire int) []byte {
	return binary.AppendUvarint(b, uint64(field<<3|wire))
}

// appendInt appends an int32, int64, enum or bool field, none of which we have negative.
func appendInt(b []byte, field int, x int64) []byte {
	if x == 0 {
		return b
	}
	return binary.AppendUvarint(appendKey(b, field, wireVarint), uint64(x))
}

func appendFixed64(b []byte, field int, x uint64) []byte {
	if x == 0 {
		return b
	}
	return binary.LittleEndian.AppendUint64(appendKey(b, field, wireFixed64), x)
}

// appendBytes appends a string or bytes field.
func appendBytes[T string | []byte](b []byte, field int, x T) []byte {
	b = binary.AppendUvarint(appendKey(b, field, wireBytes), uint64(len(x)))
	return append(b, x...)
}

// appendMessage appends a message field, whose length stands before it and is known after it.
func appendMessage(b []byte, field int, body func([]byte) []byte) []byte {
	b = appendKey(b, field, wireBytes)
	start := len(b)
	b = body(b)
	return slices.Insert(b, start, binary.AppendUvarint(nil, uint64(len(b)-start))...)
}
