package jpeg

import (
	"encoding/binary"
	"errors"
)

// lookBits is how many bits of a code are looked up at once. Longer codes are rare.
const lookBits = 10

// A huffman table decodes the codes of one DHT table (T.81, annex C).
type huffman struct {
	// look is indexed by the next bits. An entry has the code's length in bits 0 to 3, 0 if it is longer than lookBits; the symbol in 8 to 15;
	// and, if the bits of the number that follows the code fit, their length with the code's in 4 to 7 and the number in 16 to 31.
	look [1 << lookBits]uint32

	symbols []byte    // in the order of their codes
	end     [17]int32 // of each length, one more than the largest code, aligned to 16 bits; not growing with unused lengths
	offset  [17]int32 // of each length, the index in symbols less the code
	largest byte
}

// huffmanTables reads a DHT segment (T.81, B.2.4.2): class and number, the numbers of codes of 1 to 16 bits, the symbols; and again.
func (d *decoder) huffmanTables(b []byte) error {
	for len(b) > 0 {
		if len(b) < 17 || b[0]>>4 > 1 || b[0]&15 > 3 {
			return errors.New("a Huffman table is damaged")
		}
		n := 0
		for _, count := range b[1:17] {
			n += int(count)
		}
		if n > 256 || n > len(b)-17 {
			return errors.New("a Huffman table is damaged")
		}
		h, err := newHuffman(b[1:17], b[17:17+n])
		if err != nil {
			return err
		}
		if b[0]>>4 == 0 {
			d.dc[b[0]&15] = h
		} else {
			d.ac[b[0]&15] = h
		}
		b = b[17+n:]
	}
	return nil
}

func newHuffman(counts, symbols []byte) (*huffman, error) {
	h := &huffman{symbols: symbols}
	code, index := 0, 0
	for length := 1; length <= 16; length++ {
		h.offset[length] = int32(index - code)
		for range counts[length-1] {
			h.largest = max(h.largest, symbols[index])
			if length <= lookBits && code < 1<<length {
				h.enter(code, length, symbols[index])
			}
			code++
			index++
		}
		if code > 1<<length {
			return nil, errors.New("a Huffman table has more codes than there can be")
		}
		h.end[length] = int32(code << (16 - length))
		code <<= 1
	}
	return h, nil
}

// enter fills the part of the look-up table that starts with a code.
func (h *huffman) enter(code, length int, symbol byte) {
	free := lookBits - length
	size := int(symbol & 15) // of the number that follows
	for rest := range 1 << free {
		entry := uint32(symbol)<<8 | uint32(length)
		if size > 0 && size <= free {
			number := extend(rest>>(free-size), size)
			entry |= uint32(number)<<16 | uint32(length+size)<<4
		}
		h.look[code<<free|rest] = entry
	}
}

// extend gives the number that bits of a size stand for (T.81, figure F.12): half are negative.
func extend(bits, size int) int {
	if bits < 1<<size>>1 {
		return bits - 1<<size + 1
	}
	return bits
}

// A bitReader reads the bits of coded data, with the first on top. It stops at a marker or the end, and gives zeros from there on.
type bitReader struct {
	data   []byte
	at     int    // the next byte
	bits   uint64 // left-aligned; below the first n bits may be more of the data
	n      int
	zeros  int // of the n bits, how many at the end are not in the data
	broken bool
}

// fill makes n at least 56.
func (r *bitReader) fill() {
	if r.at+8 <= len(r.data) {
		w := binary.BigEndian.Uint64(r.data[r.at:])
		if const80 := uint64(0x8080808080808080); (^w-const80>>7)&w&const80 == 0 { // no byte is 0xff
			r.bits |= w >> r.n
			whole := (63 - r.n) >> 3
			r.at += whole
			r.n += 8 * whole
			return
		}
	}
	for ; r.n <= 56; r.n += 8 {
		switch {
		case r.at < len(r.data) && r.data[r.at] != 0xff:
			r.bits |= uint64(r.data[r.at]) << (56 - r.n)
			r.at++
		case r.at+1 < len(r.data) && r.data[r.at+1] == 0: // a byte 0xff is followed by a zero
			r.bits |= 0xff << (56 - r.n)
			r.at += 2
		default:
			r.zeros += 8
		}
	}
}

// exhausted reports whether bits were taken that are not in the data.
func (r *bitReader) exhausted() bool { return r.n < r.zeros }

// take returns the next bits, at most 16.
func (r *bitReader) take(size int) int {
	if r.n < 16 {
		r.fill()
	}
	v := int(r.bits >> 1 >> (63 - size))
	r.bits <<= size
	r.n -= size
	return v
}

// symbol decodes the next symbol. A code that the table lacks gives 0, and broken is set.
func (r *bitReader) symbol(h *huffman) byte {
	if r.n < 16 {
		r.fill()
	}
	if e := h.look[r.bits>>(64-lookBits)]; e&15 != 0 {
		r.bits <<= e & 15
		r.n -= int(e & 15)
		return byte(e >> 8)
	}
	return r.longSymbol(h)
}

func (r *bitReader) longSymbol(h *huffman) byte {
	next := int32(r.bits >> 48)
	for length := lookBits + 1; length <= 16; length++ {
		if next < h.end[length] {
			r.bits <<= length
			r.n -= length
			return h.symbols[next>>(16-length)+h.offset[length]]
		}
	}
	r.broken = true
	return 0
}
