package statedict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
)

// instruction is what one opcode of a pickle does.
type instruction func(m *machine)

// opProto begins a pickle, opStop ends it.
const (
	opProto = 0x80
	opStop  = '.'
)

// instructions are those of protocols 2 to 5 that a state dict is made of, with their names in Python's pickletools.
var instructions = map[byte]instruction{
	opProto: (*machine).protocol,                                                                     // PROTO
	0x95:    func(m *machine) { m.takeNumber(8) },                                                    // FRAME: how much could be read ahead
	'N':     func(m *machine) { m.push(nil) },                                                        // NONE
	0x88:    func(m *machine) { m.push(true) },                                                       // NEWTRUE
	0x89:    func(m *machine) { m.push(false) },                                                      // NEWFALSE
	'J':     func(m *machine) { m.push(int64(int32(m.takeNumber(4)))) },                              // BININT
	'K':     func(m *machine) { m.push(int64(m.takeNumber(1))) },                                     // BININT1
	'M':     func(m *machine) { m.push(int64(m.takeNumber(2))) },                                     // BININT2
	'G':     func(m *machine) { m.push(math.Float64frombits(bits.ReverseBytes64(m.takeNumber(8)))) }, // BINFLOAT, big-endian
	0x8a:    pushInteger(1),                                                                          // LONG1
	0x8b:    pushInteger(4),                                                                          // LONG4

	0x8c: pushText(1), // SHORT_BINUNICODE
	'X':  pushText(4), // BINUNICODE
	0x8d: pushText(8), // BINUNICODE8
	'U':  pushText(1), // SHORT_BINSTRING
	'T':  pushText(4), // BINSTRING
	'C':  pushText(1), // SHORT_BINBYTES
	'B':  pushText(4), // BINBYTES
	0x8e: pushText(8), // BINBYTES8

	'(': func(m *machine) { m.marks = append(m.marks, len(m.stack)) }, // MARK
	'0': (*machine).drop,                                              // POP
	'1': func(m *machine) { m.popMark() },                             // POP_MARK
	'2': func(m *machine) { m.push(m.top()) },                         // DUP

	')':  func(m *machine) { m.push(&emptyTuple) },         // EMPTY_TUPLE
	0x85: func(m *machine) { m.push(&tuple{m.pop(1)}) },    // TUPLE1
	0x86: func(m *machine) { m.push(&tuple{m.pop(2)}) },    // TUPLE2
	0x87: func(m *machine) { m.push(&tuple{m.pop(3)}) },    // TUPLE3
	't':  func(m *machine) { m.push(&tuple{m.popMark()}) }, // TUPLE
	']':  func(m *machine) { m.push(&list{}) },             // EMPTY_LIST
	'l':  func(m *machine) { m.push(&list{m.popMark()}) },  // LIST
	'}':  func(m *machine) { m.push(&dict{}) },             // EMPTY_DICT
	'd':  (*machine).dict,                                  // DICT
	'a':  func(m *machine) { m.appendItems(m.pop(1)) },     // APPEND
	'e':  func(m *machine) { m.appendItems(m.popMark()) },  // APPENDS
	's':  func(m *machine) { m.putItems(m.pop(2)) },        // SETITEM
	'u':  func(m *machine) { m.putItems(m.popMark()) },     // SETITEMS

	'q':  func(m *machine) { m.remember(m.takeNumber(1)) },     // BINPUT
	'r':  func(m *machine) { m.remember(m.takeNumber(4)) },     // LONG_BINPUT
	0x94: func(m *machine) { m.remember(uint64(len(m.memo))) }, // MEMOIZE
	'h':  func(m *machine) { m.recall(m.takeNumber(1)) },       // BINGET
	'j':  func(m *machine) { m.recall(m.takeNumber(4)) },       // LONG_BINGET

	'c':  (*machine).global,      // GLOBAL
	0x93: (*machine).stackGlobal, // STACK_GLOBAL
	'R':  (*machine).reduce,      // REDUCE
	'b':  (*machine).build,       // BUILD
	'Q':  (*machine).persist,     // BINPERSID

	// These make objects of classes in another way than by a call.
	'i':  refuseObject("INST"),
	'o':  refuseObject("OBJ"),
	0x81: refuseObject("NEWOBJ"),
	0x92: refuseObject("NEWOBJ_EX"),
	0x82: refuseObject("EXT1"),
	0x83: refuseObject("EXT2"),
	0x84: refuseObject("EXT4"),
}

var emptyTuple tuple // shared: a tuple never changes

func refuseObject(name string) instruction {
	return func(m *machine) { m.fail(&RefusedError{"its pickle makes an object of a class (" + name + ")"}) }
}

func (m *machine) protocol() {
	if version := m.takeNumber(1); version > maxProtocol {
		m.fail(fmt.Errorf("its pickle has protocol %d, newer than %d, the newest known here", version, maxProtocol))
	}
}

// pushText pushes a string whose length stands before it, in sizeBytes.
func pushText(sizeBytes uint64) instruction {
	return func(m *machine) { m.push(string(m.take(m.takeNumber(sizeBytes)))) }
}

// pushInteger pushes an integer whose length stands before it, in sizeBytes: two's complement, little-endian, an int64 if it fits.
func pushInteger(sizeBytes uint64) instruction {
	return func(m *machine) {
		n := m.takeNumber(sizeBytes)
		if n > maxLong {
			m.fail(fmt.Errorf("its pickle has an integer of %d bytes", n))
		}
		b := m.take(n)
		if n > 8 {
			m.push(long(b))
			return
		}
		var all [8]byte
		if n > 0 && b[n-1] >= 0x80 {
			binary.LittleEndian.PutUint64(all[:], math.MaxUint64)
		}
		copy(all[:], b)
		m.push(int64(binary.LittleEndian.Uint64(all[:])))
	}
}

// drop drops the top of the stack, which may be a mark.
func (m *machine) drop() {
	if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
		m.popMark()
	} else {
		m.pop(1)
	}
}

func (m *machine) dict() {
	items := m.popMark()
	m.push(&dict{})
	m.putItems(items)
}

// appendItems adds items to the list on top of the stack.
func (m *machine) appendItems(items []any) {
	l, ok := m.top().(*list)
	if !ok {
		m.fail(fmt.Errorf("its pickle puts something into %s", kind(m.top())))
	}
	l.items = append(l.items, items...)
}

// putItems adds keys and values, which take turns, to the dict on top of the stack.
func (m *machine) putItems(items []any) {
	d, ok := m.top().(*dict)
	if !ok {
		m.fail(fmt.Errorf("its pickle puts something into %s", kind(m.top())))
	}
	if len(items)%2 != 0 {
		m.fail(errors.New("its pickle has a dict with a key and no value"))
	}
	for i := 0; i < len(items); i += 2 {
		d.items = append(d.items, item{items[i], items[i+1]})
	}
}

// remember puts the top of the stack into the memo.
func (m *machine) remember(number uint64) { m.memo[uint32(number)] = m.top() }

// recall pushes what was remembered.
func (m *machine) recall(number uint64) {
	v, ok := m.memo[uint32(number)]
	if !ok {
		m.fail(fmt.Errorf("its pickle recalls number %d, which it did not remember", number))
	}
	m.push(v)
}
