package statedict

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strings"
)

const (
	maxProtocol = 5
	maxLong     = 255     // bytes of an integer; the number that begins the older format has 10
	maxPickle   = 1 << 24 // bytes; a tensor takes about a hundred, an empty dict one, and about a hundred in memory
)

var errCut = errors.New("its pickle is cut short")

// machine runs one pickle. Every instruction adds a bounded number of bytes for each byte of the pickle; large values are not copied.
type machine struct {
	rest    []byte // of the pickle
	stack   []any
	marks   []int // heights of the stack
	memo    map[uint32]any
	storage func(id storageID) (*storage, error) // finds the numbers that a tensor shows; nil where a file of PyTorch has none
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
			m.fail(fmt.Errorf("its pickle has an instruction that keygan does not know (0x%02x)", op))
		}
		run(&m)
	}
}

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

// opProto begins a pickle, opStop ends it.
const (
	opProto = 0x80
	opStop  = '.'
)

// instructions are those of protocols 2 to 5 that a state dict is made of, with their names in Python's pickletools.
var instructions = map[byte]func(m *machine){
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

func refuseObject(name string) func(m *machine) {
	return func(m *machine) { m.fail(&RefusedError{"its pickle makes an object of a class (" + name + ")"}) }
}

func (m *machine) protocol() {
	if version := m.takeNumber(1); version > maxProtocol {
		m.fail(fmt.Errorf("its pickle has protocol %d, newer than %d, the newest that this keygan reads", version, maxProtocol))
	}
}

// pushText pushes a string whose length stands before it, in sizeBytes.
func pushText(sizeBytes uint64) func(m *machine) {
	return func(m *machine) { m.push(string(m.take(m.takeNumber(sizeBytes)))) }
}

// pushInteger pushes an integer whose length stands before it, in sizeBytes: two's complement, little-endian, an int64 if it fits.
func pushInteger(sizeBytes uint64) func(m *machine) {
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

func (m *machine) remember(number uint64) { m.memo[uint32(number)] = m.top() }

func (m *machine) recall(number uint64) {
	v, ok := m.memo[uint32(number)]
	if !ok {
		m.fail(fmt.Errorf("its pickle recalls number %d, which it did not remember", number))
	}
	m.push(v)
}

// The values that a pickle can make here, besides nil, bool, int64, float64 and string, which stands for bytes as well.
type (
	global string // the name of a function or class, never more than the name
	long   string // an integer of more than 64 bits: its bytes, little-endian, two's complement

	list  struct{ items []any }
	tuple struct{ items []any }
	dict  struct{ items []item } // in the order in which they were put in; a key may be of any type, and there twice
	item  struct{ key, value any }
)

func (d *dict) get(key string) any {
	for _, e := range slices.Backward(d.items) {
		if e.key == key {
			return e.value
		}
	}
	return nil
}

// hasTensors says whether d may be a state dict: one of its values is a tensor.
func (d *dict) hasTensors() bool {
	return slices.ContainsFunc(d.items, func(e item) bool {
		_, ok := e.value.(*tensor)
		return ok
	})
}

func (d *dict) describe() string {
	names := make([]string, 0, len(d.items))
	for _, e := range d.items {
		if name, ok := e.key.(string); ok {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "no entries with a name"
	}
	return firstOf(names, 12)
}

// firstOf lists the first names, at most most, quoted and cut to what fits a line.
func firstOf(names []string, most int) string {
	var quoted []string
	for _, name := range names[:min(most, len(names))] {
		quoted = append(quoted, fmt.Sprintf("%.40q", name))
	}
	if len(names) > most {
		quoted = append(quoted, "…")
	}
	return strings.Join(quoted, ", ")
}

func kind(v any) string {
	switch v.(type) {
	case nil:
		return "None"
	case bool:
		return "a bool"
	case int64, long:
		return "an integer"
	case float64:
		return "a float"
	case string:
		return "a string"
	case *list:
		return "a list"
	case *tuple:
		return "a tuple"
	case *dict:
		return "a dict"
	case *tensor:
		return "a tensor"
	case *storage:
		return "a storage"
	}
	return "a class"
}

// integers returns v as integers, if it is a tuple or list of at most maxDims of them.
func integers(v any) ([]int64, bool) {
	var items []any
	switch v := v.(type) {
	case *tuple:
		items = v.items
	case *list:
		items = v.items
	default:
		return nil, false
	}
	if len(items) > maxDims {
		return nil, false
	}
	n := make([]int64, len(items))
	for i, item := range items {
		var ok bool
		if n[i], ok = item.(int64); !ok {
			return nil, false
		}
	}
	return n, true
}
