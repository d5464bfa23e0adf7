package tfevents

import (
	"math"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
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
var imageContent = appendInt(nil, 2, 1)

// event is the message Event. It has one of fileVersion, value (the only one of its summary) and sessionStart.
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

// appendEvent appends the protobuf encoding of e. Fields stand in the order of their numbers and zeros are left out, as protobuf
// libraries do it, so that the same event has the same bytes.
func appendEvent(b []byte, e event) []byte {
	// Whole seconds and the fraction are apart until the last sum: nanoseconds since 1970 do not fit a float64.
	if seconds := float64(e.wallTime.Unix()) + float64(e.wallTime.Nanosecond())/1e9; seconds != 0 {
		b = protowire.AppendFixed64(protowire.AppendTag(b, 1, protowire.Fixed64Type), math.Float64bits(seconds))
	}
	b = appendInt(b, 2, e.step)
	switch {
	case e.fileVersion != "":
		b = appendBytes(b, 3, e.fileVersion)
		b = appendBytes(b, 10, appendBytes(nil, 1, sourceWriter)) // SourceMetadata
	case e.value != nil:
		b = appendBytes(b, 5, appendBytes(nil, 1, e.value.encode())) // Summary
	case e.sessionStart:
		b = appendBytes(b, 7, appendInt(nil, 1, sessionStart)) // SessionLog
	}
	return b
}

func (v *value) encode() []byte {
	b := appendBytes(nil, 1, v.tag)
	switch v.plugin {
	case scalars: // simple_value, present even if zero
		b = protowire.AppendFixed32(protowire.AppendTag(b, 2, protowire.Fixed32Type), math.Float32bits(v.scalar))
	case images: // Summary.Image
		image := appendInt(nil, 1, int64(v.height))
		image = appendInt(image, 2, int64(v.width))
		image = appendInt(image, 3, int64(v.channels)) // "colorspace": 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA
		b = appendBytes(b, 4, appendBytes(image, 4, v.png))
	}
	if v.first {
		b = appendBytes(b, 9, metadata(v.plugin))
	}
	return b
}

// metadata is the SummaryMetadata of a tag: what TensorBoard would make up for a file without it, so that it does not have to guess.
func metadata(plugin string) []byte {
	class, data := int64(dataScalar), appendBytes(nil, 1, plugin) // PluginData
	if plugin == images {
		class, data = dataBlobSequence, appendBytes(data, 2, imageContent)
	}
	return appendInt(appendBytes(nil, 1, data), 4, class)
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
