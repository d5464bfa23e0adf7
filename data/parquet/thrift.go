package parquet

import (
	"encoding/binary"
	"errors"
	"math"
)

// The header of a parquet file is a Thrift struct in the compact protocol
// (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). The library that decodes it makes room
// for as many list elements, and for strings as long, as the bytes claim; so the bytes are walked through first.

const (
	thriftElements = 1 << 17 // list elements in one struct, all told: a decoded one takes up to a kilobyte
	thriftDepth    = 24      // structs in structs
)

// Types in the compact protocol.
const (
	thriftTrue = iota + 1
	thriftFalse
	thriftByte
	thriftI16
	thriftI32
	thriftI64
	thriftDouble
	thriftBinary
	thriftList
	thriftSet
	thriftMap
	thriftStruct
)

var errThrift = errors.New("damaged metadata")

// thriftLength returns the bytes that the struct at the start of b takes, once every length in it is known to be honest.
func thriftLength(b []byte) (int, error) {
	w := thriftWalk{b: b, elements: thriftElements}
	w.structure(thriftDepth)
	if w.bad {
		return 0, errThrift
	}
	return w.at, nil
}

type thriftWalk struct {
	b        []byte
	at       int
	elements int // still allowed
	bad      bool
}

func (w *thriftWalk) skip(n uint64) {
	if n > uint64(len(w.b)-w.at) {
		w.bad = true
		return
	}
	w.at += int(n)
}

func (w *thriftWalk) byte() byte {
	if w.skip(1); w.bad {
		return 0
	}
	return w.b[w.at-1]
}

func (w *thriftWalk) varint() uint64 {
	v, n := binary.Uvarint(w.b[w.at:])
	if n <= 0 {
		w.bad = true
		return 0
	}
	w.at += n
	return v
}

func (w *thriftWalk) structure(depth int) {
	for !w.bad && depth > 0 {
		head := w.byte()
		if head == 0 {
			return
		}
		if head>>4 == 0 {
			w.varint() // the field's number, written out
		}
		if kind := head & 15; kind > thriftFalse { // a boolean field is its type
			w.value(kind, depth-1)
		}
	}
	w.bad = true
}

func (w *thriftWalk) value(kind byte, depth int) {
	switch kind {
	case thriftTrue, thriftFalse, thriftByte:
		w.skip(1)
	case thriftI16, thriftI32, thriftI64:
		w.varint()
	case thriftDouble:
		w.skip(8)
	case thriftBinary:
		w.skip(w.varint())
	case thriftList, thriftSet:
		head := w.byte()
		n := uint64(head >> 4)
		if n == 15 {
			n = w.varint()
		}
		w.repeat(n, depth, head&15)
	case thriftMap:
		if n := w.varint(); n > 0 {
			kinds := w.byte()
			w.repeat(n, depth, kinds>>4, kinds&15)
		}
	case thriftStruct:
		w.structure(depth)
	default:
		w.bad = true
	}
}

// repeat walks through n elements, each a value of every kind given.
func (w *thriftWalk) repeat(n uint64, depth int, kinds ...byte) {
	if n > math.MaxInt32 || int(n) > w.elements {
		w.bad = true
		return
	}
	w.elements -= int(n)
	for range n {
		for _, kind := range kinds {
			if w.bad {
				return
			}
			w.value(kind, depth)
		}
	}
}
