package imagefile

import "encoding/binary"

// What a TIFF starts with, in little and in big endian.
const tiffLittle, tiffBig = "II*\x00", "MM\x00*"

// A tiffTree reads the directories of a TIFF, or of a part of another file that is laid out as one: EXIF (TIFF 6.0, section 2).
type tiffTree struct {
	e     *excerpts
	order binary.ByteOrder
	first int64 // offset of the first directory
}

// A tiffEntry is one field of a directory.
type tiffEntry struct {
	tag, kind uint16
	count     uint32
	at        int64 // of four bytes, which hold the values or, if those are longer, their offset
}

// The types of values that are numbers, or offsets of directories.
const tiffByte, tiffShort, tiffLong, tiffIFD = 1, 3, 4, 13

// newTIFFTree returns nil if there is no TIFF header.
func newTIFFTree(e *excerpts) *tiffTree {
	b := e.at(0, 8)
	switch {
	case startsWith(tiffLittle)(b):
		return &tiffTree{e, binary.LittleEndian, int64(binary.LittleEndian.Uint32(b[4:]))}
	case startsWith(tiffBig)(b):
		return &tiffTree{e, binary.BigEndian, int64(binary.BigEndian.Uint32(b[4:]))}
	}
	return nil
}

// directory visits the entries of the directory at an offset until the file ends.
func (t *tiffTree) directory(at int64, visit func(tiffEntry)) {
	n, _ := t.number(at, 2)
	for entry := at + 2; n > 0; entry, n = entry+12, n-1 {
		b := t.e.at(entry, 12)
		if b == nil {
			return
		}
		visit(tiffEntry{t.order.Uint16(b), t.order.Uint16(b[2:]), t.order.Uint32(b[4:]), entry + 8})
	}
}

// after returns the offset of the directory that follows the one at an offset, or 0 if none with an entry follows.
func (t *tiffTree) after(at int64) int64 {
	n, _ := t.number(at, 2)
	next, _ := t.number(at+2+12*int64(n), 4)
	if !t.holds(int64(next)) {
		return 0
	}
	return int64(next)
}

// holds reports whether there is a directory with an entry at an offset. The header is at 0.
func (t *tiffTree) holds(at int64) bool {
	n, _ := t.number(at, 2)
	return at != 0 && n > 0 && t.e.at(at, 2+12) != nil
}

// number reads a whole number of 1, 2 or 4 bytes.
func (t *tiffTree) number(at int64, size int) (v uint32, ok bool) {
	switch b := t.e.at(at, size); len(b) {
	case 1:
		return uint32(b[0]), true
	case 2:
		return uint32(t.order.Uint16(b)), true
	case 4:
		return t.order.Uint32(b), true
	}
	return 0, false
}

// value returns value i of an entry whose values are whole numbers.
func (t *tiffTree) value(entry tiffEntry, i int) (v uint32, ok bool) {
	size := map[uint16]int{tiffByte: 1, tiffShort: 2, tiffLong: 4, tiffIFD: 4}[entry.kind]
	if size == 0 || i < 0 || uint32(i) >= entry.count {
		return 0, false
	}
	at := entry.at
	if int64(size)*int64(entry.count) > 4 {
		offset, _ := t.number(at, 4)
		at = int64(offset)
	}
	return t.number(at+int64(size*i), size)
}

// values returns the first 8 values of an entry. No pixel that ReadImage takes has more samples.
func (t *tiffTree) values(entry tiffEntry) (all []uint32) {
	for i := range 8 {
		if v, ok := t.value(entry, i); ok {
			all = append(all, v)
		}
	}
	return all
}
