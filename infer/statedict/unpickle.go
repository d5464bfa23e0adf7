package statedict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

const (
	maxProtocol = 5

	// maxLong bounds an integer, in bytes. The number that begins the older format has 10.
	maxLong = 255

	// maxPickle bounds a pickle, in bytes. A tensor takes about a hundred, because its numbers are elsewhere. An empty dict takes one
	// in the pickle and about a hundred in memory.
	maxPickle = 1 << 24
)

var errCut = errors.New("its pickle is cut short")

// machine runs one pickle. Every instruction adds a bounded number of bytes for each byte of the pickle: it reads no more than is
// there, and refers to large values instead of copying them.
type machine struct {
	rest  []byte // of the pickle
	stack []any
	marks []int // heights of the stack
	memo  map[uint32]any

	// storage finds the numbers that a tensor shows; nil where a file of PyTorch has none.
	storage func(id storageID) (*storage, error)
}

// failure is what a machine panics with where an instruction cannot go on; unpickle returns its error.
type failure struct{ err error }

func (m *machine) fail(err error) { panic(failure{err}) }

// unpickle runs the pickle that b starts with, and returns what it leaves on top of the stack, and what of b follows it.
func unpickle(b []byte, storage func(storageID) (*storage, error)) (value any, rest []byte, err error) {
	m := machine{rest: b[:min(len(b), maxPickle)], memo: map[uint32]any{}, storage: storage}
	after := b[len(m.rest):]
	defer func() {
		switch f := recover().(type) {
		case nil:
		case failure:
			if err = f.err; err == errCut && len(after) > 0 {
				err = fmt.Errorf("its pickle is longer than %d bytes", maxPickle)
			}
		default:
			panic(f)
		}
	}()
	for {
		op := m.take(1)[0]
		if op == opStop {
			return m.pop(1)[0], b[len(b)-len(after)-len(m.rest):], nil
		}
		run := instructions[op]
		if run == nil {
			m.fail(fmt.Errorf("its pickle has an instruction that is not known here (0x%02x)", op))
		}
		run(&m)
	}
}

// take returns the next n bytes.
func (m *machine) take(n uint64) []byte {
	if n > uint64(len(m.rest)) {
		m.fail(errCut)
	}
	b := m.rest[:n]
	m.rest = m.rest[n:]
	return b
}

// takeNumber returns the number in the next n bytes, at most 8, little-endian.
func (m *machine) takeNumber(n uint64) uint64 {
	var all [8]byte
	copy(all[:], m.take(n))
	return binary.LittleEndian.Uint64(all[:])
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// room fails unless n values are above the last mark: what lies below is out of reach.
func (m *machine) room(n int) {
	bottom := 0
	if len(m.marks) > 0 {
		bottom = m.marks[len(m.marks)-1]
	}
	if len(m.stack)-bottom < n {
		m.fail(errors.New("its pickle takes from an empty stack"))
	}
}

// top is the topmost value.
func (m *machine) top() any {
	m.room(1)
	return m.stack[len(m.stack)-1]
}

// pop takes the n topmost values, the lowest first.
func (m *machine) pop(n int) []any {
	m.room(n)
	return m.cut(len(m.stack) - n)
}

// popMark takes the last mark and all values above it.
func (m *machine) popMark() []any {
	if len(m.marks) == 0 {
		m.fail(errors.New("its pickle takes a mark that is not there"))
	}
	at := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	return m.cut(at)
}

// cut takes the values from a height of the stack on.
func (m *machine) cut(at int) []any {
	items := slices.Clone(m.stack[at:])
	clear(m.stack[at:])
	m.stack = m.stack[:at]
	return items
}
