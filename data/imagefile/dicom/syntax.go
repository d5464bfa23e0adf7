package dicom

import (
	"encoding/binary"
	"slices"
)

// A syntax is one of DICOM's transfer syntaxes: how the data set and its pixels are encoded (PS3.5, annex A).
type syntax struct {
	uid, name string
	big       bool // byte order
	deflated  bool

	// decode decodes a frame of encapsulated pixels. perByte is how many pixels a byte of it holds at most.
	decode  func(f *File, frame []byte, out []int32) error
	perByte int64
	refusal string // if keygan cannot decode it, a hint on what can
}

// Indexes of syntaxes.
const implicit, littleEndian, bigEndian = 0, 1, 2

const gdcmconv = "gdcmconv --raw IN.dcm OUT.dcm makes a copy that keygan reads"

var syntaxes = []syntax{
	implicit:     {uid: "1.2.840.10008.1.2", name: "Implicit VR Little Endian"},
	littleEndian: {uid: "1.2.840.10008.1.2.1", name: "Explicit VR Little Endian"},
	bigEndian:    {uid: "1.2.840.10008.1.2.2", name: "Explicit VR Big Endian", big: true},
	{uid: "1.2.840.10008.1.2.1.99", name: "Deflated Explicit VR Little Endian", deflated: true},
	{uid: "1.2.840.10008.1.2.5", name: "RLE Lossless", decode: decodeRLE, perByte: 64},
	{uid: "1.2.840.10008.1.2.4.50", name: "JPEG Baseline (Process 1)", decode: decodeJPEG, perByte: 64 * 8},
	{uid: "1.2.840.10008.1.2.4.51", name: "JPEG Extended (Process 2 and 4)", decode: decodeJPEG, perByte: 64 * 8},
	{uid: "1.2.840.10008.1.2.4.57", name: "JPEG Lossless (Process 14)", decode: decodeLossless, perByte: 8},
	{uid: "1.2.840.10008.1.2.4.70", name: "JPEG Lossless (Process 14, Selection Value 1)", decode: decodeLossless, perByte: 8},
	{uid: "1.2.840.10008.1.2.4.80", name: "JPEG-LS Lossless", decode: decodeJPEGLS, perByte: 1 << 12},
	{uid: "1.2.840.10008.1.2.4.81", name: "JPEG-LS Near-Lossless", decode: decodeJPEGLS, perByte: 1 << 12},
	{uid: "1.2.840.10008.1.2.4.90", name: "JPEG 2000 Lossless", refusal: gdcmconv},
	{uid: "1.2.840.10008.1.2.4.91", name: "JPEG 2000", refusal: gdcmconv},
	{uid: "1.2.840.10008.1.2.4.92", name: "JPEG 2000 Part 2 Lossless", refusal: gdcmconv},
	{uid: "1.2.840.10008.1.2.4.93", name: "JPEG 2000 Part 2", refusal: gdcmconv},
	{uid: "1.2.840.10008.1.2.4.100", name: "MPEG2 Main Profile", refusal: film},
	{uid: "1.2.840.10008.1.2.4.101", name: "MPEG2 High Profile", refusal: film},
	{uid: "1.2.840.10008.1.2.4.102", name: "MPEG-4 AVC/H.264", refusal: film},
	{uid: "1.2.840.10008.1.2.4.103", name: "MPEG-4 AVC/H.264 for Blu-ray", refusal: film},
	{uid: "1.2.840.10008.1.2.4.201", name: "High-Throughput JPEG 2000 Lossless", refusal: highThroughput},
	{uid: "1.2.840.10008.1.2.4.202", name: "High-Throughput JPEG 2000 Lossless RPCL", refusal: highThroughput},
	{uid: "1.2.840.10008.1.2.4.203", name: "High-Throughput JPEG 2000", refusal: highThroughput},
}

const (
	film           = "export the frames of the film as images"
	highThroughput = "decompress it with a program that knows High-Throughput JPEG 2000"
)

func (s *syntax) order() binary.ByteOrder {
	if s.big {
		return binary.BigEndian
	}
	return binary.LittleEndian
}

func syntaxOf(uid string) *syntax {
	if i := slices.IndexFunc(syntaxes, func(s syntax) bool { return s.uid == uid }); i >= 0 {
		return &syntaxes[i]
	}
	return nil
}
