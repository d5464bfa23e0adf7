package tfevents

import (
	"encoding/binary"
	"hash/crc32"
)

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
func maskedCRC(b []byte) uint32 {
	return maskCRC(crc32.Checksum(b, castagnoli))
}

func maskCRC(crc uint32) uint32 {
	return (crc>>15 | crc<<17) + 0xa282ead8
}
