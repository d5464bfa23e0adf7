package statedict

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// The format of PyTorch before 1.6 is five pickles in a row: a number, the version of the protocol, what machine wrote it, the
// content, and the keys of the storages. The storages follow in that order, each after its length in 64 bits.
const (
	legacyMagic    long  = "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
	legacyProtocol int64 = 1001
)

// legacy collects the storages that the content asks for.
type legacy struct {
	asked map[string]*storage
	bytes int64 // of the file
}

func readLegacy(b []byte) (any, error) {
	l := legacy{asked: map[string]*storage{}, bytes: int64(len(b))}
	var err error // the first
	next := func(storage func(storageID) (*storage, error)) (v any) {
		if err == nil {
			v, b, err = unpickle(b, storage)
		}
		return v
	}
	if magic := next(nil); err == nil && magic != any(legacyMagic) {
		err = fmt.Errorf("a pickle of %s, not a PyTorch file", kind(magic))
	}
	if protocol := next(nil); err == nil && protocol != any(legacyProtocol) {
		err = fmt.Errorf("its format version is not %d, the only one that keygan reads", legacyProtocol)
	}
	if d, ok := next(nil).(*dict); err == nil && (!ok || d.get("little_endian") != true) {
		err = errors.New("it was not written by a little-endian machine")
	}
	root, keys := next(l.storage), next(nil)
	if err != nil {
		return nil, err
	}
	return root, l.load(keys, b)
}

// storage makes one whose numbers come later.
func (l *legacy) storage(s storageID) (*storage, error) {
	if s.length < 0 || s.length > l.bytes/s.dtype.size {
		return nil, fmt.Errorf("storage %.40q: %d numbers of %s are declared, in a file of %d bytes",
			s.key, s.length, s.dtype.name, l.bytes)
	}
	old := l.asked[s.key]
	if old == nil {
		old = &storage{s.dtype, s.length, &record{}}
		l.asked[s.key] = old
	}
	if old.dtype != s.dtype || old.length != s.length {
		return nil, fmt.Errorf("storage %.40q: appears twice", s.key)
	}
	return old, nil
}

// load gives each storage its part of b, in the order of keys.
func (l *legacy) load(keys any, b []byte) error {
	order, ok := keys.(*list)
	if !ok {
		return fmt.Errorf("the keys of its storages are %s, not a list", kind(keys))
	}
	for _, key := range order.items {
		name, ok := key.(string)
		s := l.asked[name]
		switch {
		case !ok || s == nil || s.record.body != nil:
			return fmt.Errorf("storage %.40q: appears twice, or is not needed", name)
		case len(b) >= 8 && binary.LittleEndian.Uint64(b) != uint64(s.length):
			return fmt.Errorf("storage %.40q: %d numbers are declared, but %d are there", name, s.length, binary.LittleEndian.Uint64(b))
		case len(b) < 8 || s.length > int64(len(b)-8)/s.dtype.size:
			return fmt.Errorf("storage %.40q: cut short", name)
		}
		s.record.body = b[8:][:s.length*s.dtype.size]
		b = b[8+len(s.record.body):]
	}
	return nil
}
