package statedict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

const (
	maxProtocol = 5

	// maxLong bounds an integer, in bytes. The number that begins the older format has 10.
	maxLong = 255

	// maxPickle bounds a pickle, in bytes. A tensor takes some hundred, its numbers are elsewhere; an empty dict, which takes one, is
	// some hundred in memory.
	maxPickle = 1 << 24
)

var (
	errCut       = errors.New("its pickle is cut short")
	errUnderflow = errors.New("its pickle takes from an empty stack")
)

// machine runs one pickle. Every instruction adds a bounded number of bytes for each byte of the pickle: what is counted is
// there, and what is large already is referred to, not copied.
type machine struct {
	rest  []byte // of the pickle
	stack []any
	marks []int // heights of the stack
	memo  map[uint32]any

	// persistent makes what a persistent id stands for.
	persistent func(id []any) (any, error)
}

// unpickle runs the pickle that b starts with, and returns what it makes and what of b follows it.
func unpickle(b []byte, persistent func(id []any) (any, error)) (value any, rest []byte, err error) {
	m := machine{rest: b[:min(len(b), maxPickle)], memo: map[uint32]any{}, persistent: persistent}
	after := b[len(m.rest):]
	value, err = m.run()
	if err == errCut && len(after) > 0 {
		err = fmt.Errorf("its pickle is longer than %d bytes", maxPickle)
	}
	return value, b[len(b)-len(after)-len(m.rest):], err
}

// run runs all instructions up to the end, and returns what is then on top of the stack.
func (m *machine) run() (any, error) {
	for {
		op, err := m.take(1)
		if err != nil {
			return nil, err
		}
		if op[0] == opStop {
			return m.pop()
		}
		if err := m.step(op[0]); err != nil {
			return nil, err
		}
	}
}

// step runs one instruction.
func (m *machine) step(op byte) error {
	switch op {
	case opProto:
		b, err := m.take(1)
		if err == nil && b[0] > maxProtocol {
			err = fmt.Errorf("its pickle has protocol %d, newer than %d, the newest known here", b[0], maxProtocol)
		}
		return err
	case opFrame: // it says how much could be read ahead
		_, err := m.take(8)
		return err
	case opNone:
		m.push(nil)
	case opNewTrue, opNewFalse:
		m.push(op == opNewTrue)
	case opBinInt, opBinInt1, opBinInt2, opLong1, opLong4, opBinFloat:
		return m.number(op)
	case opBinUnicode, opShortBinUnicode, opBinUnicode8, opBinString, opShortBinString, opBinBytes, opShortBinBytes, opBinBytes8:
		return m.text(op)
	case opEmptyDict:
		m.push(&dict{})
	case opEmptyList:
		m.push(&list{})
	case opEmptyTuple:
		m.push(&emptyTuple)
	case opMark:
		m.marks = append(m.marks, len(m.stack))
	case opPop, opPopMark, opDup:
		return m.shuffle(op)
	case opTuple, opTuple1, opTuple2, opTuple3, opList, opDict:
		return m.collect(op)
	case opAppend, opAppends, opSetItem, opSetItems:
		return m.fill(op)
	case opBinPut, opLongBinPut, opMemoize, opBinGet, opLongBinGet:
		return m.remember(op)
	case opGlobal, opStackGlobal:
		return m.global(op)
	case opReduce:
		return m.reduce()
	case opBuild:
		return m.build()
	case opBinPersID:
		return m.persist()
	default:
		if name, ok := foreign[op]; ok {
			return &RefusedError{"its pickle makes an object of a class (" + name + ")"}
		}
		return fmt.Errorf("its pickle has an instruction that is not known here (0x%02x)", op)
	}
	return nil
}

var emptyTuple tuple // shared: a tuple never changes

// take returns the next n bytes.
func (m *machine) take(n uint64) ([]byte, error) {
	if n > uint64(len(m.rest)) {
		return nil, errCut
	}
	b := m.rest[:n]
	m.rest = m.rest[n:]
	return b, nil
}

// takeSize returns the number in the next n bytes, 1, 2, 4 or 8.
func (m *machine) takeSize(n uint64) (uint64, error) {
	b, err := m.take(n)
	if err != nil {
		return 0, err
	}
	var all [8]byte
	copy(all[:], b)
	return binary.LittleEndian.Uint64(all[:]), nil
}

func (m *machine) push(v any) { m.stack = append(m.stack, v) }

// pop takes the top of the stack; what lies below the last mark is out of reach.
func (m *machine) pop() (any, error) {
	n := len(m.stack)
	if n == 0 || (len(m.marks) > 0 && n == m.marks[len(m.marks)-1]) {
		return nil, errUnderflow
	}
	v := m.stack[n-1]
	m.stack[n-1], m.stack = nil, m.stack[:n-1]
	return v, nil
}

// popN takes the top n values, the lowest first.
func (m *machine) popN(n int) ([]any, error) {
	items := make([]any, n)
	for i := n - 1; i >= 0; i-- {
		var err error
		if items[i], err = m.pop(); err != nil {
			return nil, err
		}
	}
	return items, nil
}

// popMark takes the last mark and all values above it.
func (m *machine) popMark() ([]any, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("its pickle takes a mark that is not there")
	}
	at := m.marks[len(m.marks)-1]
	m.marks = m.marks[:len(m.marks)-1]
	items := append([]any(nil), m.stack[at:]...)
	clear(m.stack[at:])
	m.stack = m.stack[:at]
	return items, nil
}

// number pushes an integer or a float.
func (m *machine) number(op byte) error {
	size := uint64(4)
	switch op {
	case opBinInt1, opLong1:
		size = 1
	case opBinInt2:
		size = 2
	case opBinFloat:
		size = 8
	}
	n, err := m.takeSize(size)
	if err != nil {
		return err
	}
	switch op {
	case opBinInt:
		m.push(int64(int32(n)))
	case opBinInt1, opBinInt2:
		m.push(int64(n))
	case opBinFloat: // big-endian, unlike all else
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], n)
		m.push(math.Float64frombits(binary.BigEndian.Uint64(b[:])))
	default:
		if n > maxLong {
			return fmt.Errorf("its pickle has an integer of %d bytes", n)
		}
		b, err := m.take(n)
		if err != nil {
			return err
		}
		m.push(integer(b))
	}
	return nil
}

// integer reads two's complement, little-endian: an int64 if it fits.
func integer(b []byte) any {
	if len(b) > 8 {
		return long(b)
	}
	var all [8]byte
	if n := copy(all[:], b); n > 0 && b[n-1] >= 0x80 {
		for i := n; i < 8; i++ {
			all[i] = 0xff
		}
	}
	return int64(binary.LittleEndian.Uint64(all[:]))
}

// text pushes a string, or bytes.
func (m *machine) text(op byte) error {
	size := uint64(4)
	switch op {
	case opShortBinUnicode, opShortBinString, opShortBinBytes:
		size = 1
	case opBinUnicode8, opBinBytes8:
		size = 8
	}
	n, err := m.takeSize(size)
	if err != nil {
		return err
	}
	b, err := m.take(n)
	if err != nil {
		return err
	}
	m.push(string(b))
	return nil
}

// shuffle drops or doubles the top of the stack.
func (m *machine) shuffle(op byte) error {
	if op == opPopMark || (op == opPop && len(m.marks) > 0 && m.marks[len(m.marks)-1] == len(m.stack)) {
		_, err := m.popMark()
		return err
	}
	v, err := m.pop()
	if err == nil && op == opDup {
		m.push(v)
		m.push(v)
	}
	return err
}

// collect pushes a container of what is on the stack.
func (m *machine) collect(op byte) error {
	var items []any
	var err error
	switch op {
	case opTuple1, opTuple2, opTuple3:
		items, err = m.popN(int(op-opTuple1) + 1)
	default:
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	switch op {
	case opList:
		m.push(&list{items})
	case opDict:
		d := &dict{}
		m.push(d)
		return d.put(items)
	default:
		m.push(&tuple{items})
	}
	return nil
}

// fill adds to the list or dict below what is on the stack.
func (m *machine) fill(op byte) error {
	var items []any
	var err error
	switch op {
	case opAppend:
		items, err = m.popN(1)
	case opSetItem:
		items, err = m.popN(2)
	default:
		items, err = m.popMark()
	}
	if err != nil {
		return err
	}
	container, err := m.pop()
	if err != nil {
		return err
	}
	m.push(container)
	switch c := container.(type) {
	case *list:
		if op == opAppend || op == opAppends {
			c.items = append(c.items, items...)
			return nil
		}
	case *dict:
		if op == opSetItem || op == opSetItems {
			return c.put(items)
		}
	}
	return fmt.Errorf("its pickle puts something into %s", kind(container))
}

// put adds keys and values, which take turns.
func (d *dict) put(items []any) error {
	if len(items)%2 != 0 {
		return errors.New("its pickle has a dict with a key and no value")
	}
	for i := 0; i < len(items); i += 2 {
		d.items = append(d.items, item{items[i], items[i+1]})
	}
	return nil
}

// remember puts the top of the stack into the memo, or pushes what is there.
func (m *machine) remember(op byte) error {
	n := uint64(len(m.memo))
	if op != opMemoize {
		size := uint64(1)
		if op == opLongBinPut || op == opLongBinGet {
			size = 4
		}
		var err error
		if n, err = m.takeSize(size); err != nil {
			return err
		}
	}
	if op == opBinGet || op == opLongBinGet {
		v, ok := m.memo[uint32(n)]
		if !ok {
			return fmt.Errorf("its pickle recalls number %d, which it did not remember", n)
		}
		m.push(v)
		return nil
	}
	v, err := m.pop()
	if err != nil {
		return err
	}
	m.push(v)
	m.memo[uint32(n)] = v
	return nil
}
