package parquet

import (
	"errors"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

// The metadata of a parquet file is a Thrift struct. The library that decodes it makes room for as many list elements as the bytes claim,
// so this walk counts them first.

const (
	thriftElements = 1 << 17 // list elements in one struct, all told; a decoded one takes up to a kilobyte
	thriftDepth    = 32      // values in values
)

var errThrift = errors.New("damaged metadata")

// unmarshal decodes the struct at the start of b, once every length in it is known to be honest. It returns the bytes that it takes.
func unmarshal(b []byte, v any) (length int, err error) {
	w := thriftWalk{new(thrift.CompactProtocol).NewReaderFromBytes(b), thriftElements}
	if w.skip(thrift.STRUCT, thriftDepth) != nil {
		return 0, errThrift
	}
	length = w.BytesRead()
	return length, thrift.Unmarshal(new(thrift.CompactProtocol), b[:length], v)
}

type thriftWalk struct {
	thrift.Reader
	elements int // still allowed
}

// skip reads a value. Depth bounds the values in it.
func (w *thriftWalk) skip(kind thrift.Type, depth int) (err error) {
	if depth == 0 {
		return errThrift
	}
	switch kind {
	case thrift.TRUE, thrift.FALSE, thrift.I8:
		_, err = w.ReadInt8()
	case thrift.I16, thrift.I32, thrift.I64:
		_, err = w.ReadInt64()
	case thrift.DOUBLE:
		_, err = w.ReadFloat64()
	case thrift.BINARY:
		_, err = w.ReadBytes()
	case thrift.LIST, thrift.SET:
		l, err := w.ReadList()
		if err != nil {
			return err
		}
		return w.skipAll(l.Size, depth, l.Type)
	case thrift.MAP:
		m, err := w.ReadMap()
		if err != nil {
			return err
		}
		return w.skipAll(m.Size, depth, m.Key, m.Value)
	case thrift.STRUCT:
		return w.skipFields(depth)
	default:
		return errThrift
	}
	return err
}

func (w *thriftWalk) skipFields(depth int) error {
	for {
		f, err := w.ReadField()
		if err != nil || f.Type == thrift.STOP {
			return err
		}
		if f.Type == thrift.TRUE || f.Type == thrift.FALSE {
			continue // the type is the value
		}
		if err := w.skip(f.Type, depth-1); err != nil {
			return err
		}
	}
}

// skipAll reads n elements, each a value of every kind given.
func (w *thriftWalk) skipAll(n int32, depth int, kinds ...thrift.Type) error {
	if n < 0 || int(n) > w.elements {
		return errThrift
	}
	w.elements -= int(n)
	for range n {
		for _, kind := range kinds {
			if err := w.skip(kind, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}
