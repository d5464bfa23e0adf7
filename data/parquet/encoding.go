package parquet

import (
	"encoding/binary"
	"math"
	"slices"
)

// plainFloats decodes PLAIN values: little endian, 4 or 8 bytes each.
func plainFloats(b []byte, size int, out []float32) error {
	if len(b) < len(out)*size {
		return errTruncated
	}
	for i := range out {
		if size == 4 {
			out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		} else {
			out[i] = float32(math.Float64frombits(binary.LittleEndian.Uint64(b[8*i:])))
		}
	}
	return nil
}

// hybrid decodes n numbers of width bits from runs, each one number repeated or several packed
// (https://parquet.apache.org/docs/file-format/data-pages/encodings, RLE). No run makes it give more than n.
func hybrid(b []byte, width, n int, put func(i int, v uint32)) error {
	for i := 0; i < n; {
		head, used := binary.Uvarint(b)
		if used <= 0 {
			return errTruncated
		}
		b = b[used:]
		left := uint64(n - i)
		if head&1 == 0 {
			bytes := (width + 7) / 8
			if len(b) < bytes {
				return errTruncated
			}
			var word [4]byte
			copy(word[:], b[:bytes])
			b = b[bytes:]
			for range min(head>>1, left) {
				put(i, binary.LittleEndian.Uint32(word[:]))
				i++
			}
			continue
		}
		groups := min(head>>1, (left+7)/8) // of 8 numbers in width bytes
		packed := int(groups) * width
		if len(b) < packed {
			return errTruncated
		}
		bits := slices.Concat(b[:packed], make([]byte, 8)) // so that 8 bytes can be read anywhere
		for k := range min(8*groups, left) {
			at := int(k) * width
			put(i, uint32(binary.LittleEndian.Uint64(bits[at/8:])>>(at%8)&(1<<width-1)))
			i++
		}
		b = b[packed:]
	}
	return nil
}
