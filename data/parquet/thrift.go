package parquet

import (
	"cmp"
	"errors"

	"github.com/parquet-go/parquet-go/encoding/thrift"
)

var errThrift = errors.New("damaged metadata")

// unmarshal decodes the Thrift struct at the start of b, which v may refer to afterwards. It returns the bytes that the struct takes.
func unmarshal(b []byte, v any) (length int, err error) {
	r := &boundedReader{new(thrift.CompactProtocol).NewReaderFromBytes(b), 1 << 17}
	if thrift.NewDecoder(r).Decode(v) != nil {
		return 0, errThrift
	}
	return r.BytesRead(), nil
}

// A boundedReader bounds the room that the decoder makes for lists (up to a kilobyte an element) and the depth of its stack.
type boundedReader struct {
	thrift.BytesReader
	left int // elements of lists, sets and maps, and structs in structs, still allowed
}

func (r *boundedReader) take(n int32) error {
	if n < 0 || int(n) > r.left {
		return errThrift
	}
	r.left -= int(n)
	return nil
}

func (r *boundedReader) ReadList() (thrift.List, error) {
	l, err := r.BytesReader.ReadList()
	return l, cmp.Or(err, r.take(l.Size))
}

func (r *boundedReader) ReadSet() (thrift.Set, error) {
	s, err := r.BytesReader.ReadSet()
	return s, cmp.Or(err, r.take(s.Size))
}

func (r *boundedReader) ReadMap() (thrift.Map, error) {
	m, err := r.BytesReader.ReadMap()
	return m, cmp.Or(err, r.take(m.Size))
}

func (r *boundedReader) ReadField() (thrift.Field, error) {
	f, err := r.BytesReader.ReadField()
	if f.Type == thrift.STRUCT {
		err = cmp.Or(err, r.take(1))
	}
	return f, err
}

// Discard is what the decoder skips with.
func (r *boundedReader) Discard(n int) (int, error) {
	return r.BytesReader.(interface{ Discard(int) (int, error) }).Discard(n)
}
