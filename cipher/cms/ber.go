package cms

import (
	"bufio"
	"errors"
	"io"
	"math"

	"golang.org/x/crypto/cryptobyte"
	cbasn1 "golang.org/x/crypto/cryptobyte/asn1"
)

// The tags that CMS uses, each in one byte: class, whether it is constructed, number.
const (
	tagInteger     = 0x02
	tagOctets      = 0x04
	tagOID         = 0x06
	tagSequence    = 0x30
	tagSet         = 0x31
	tagContext     = 0x80 // primitive, number 0
	tagConstructed = 0x20
)

const (
	indefinite = -1
	maxDepth   = 32      // of elements in elements
	maxSmall   = 2 << 20 // bytes of all elements together that are kept in memory: certificates, recipients, signatures
)

var errBER = errors.New("not in BER")

// A berReader reads BER (X.690) from a stream, one element after the other. It believes a length only as far as the element around it
// reaches, keeps no more than maxSmall bytes, and takes tags of one byte. After the first error all calls return it.
type berReader struct {
	r     *bufio.Reader
	at    int64 // bytes read
	open  []level
	small int // bytes kept so far
	err   error
}

// A level is a constructed element that is being read.
type level struct {
	indefinite bool
	end        int64 // where it ends or, if that is not known, where it must end at the latest
}

func newBERReader(r io.Reader) *berReader {
	return &berReader{r: bufio.NewReaderSize(r, 1<<16), open: []level{{end: math.MaxInt64}}}
}

func (b *berReader) fail() { b.failWith(errBER) }

func (b *berReader) failWith(err error) {
	if b.err == nil {
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = errBER
		}
		b.err = err
	}
}

func (b *berReader) byte() byte {
	if b.err != nil {
		return 0
	}
	c, err := b.r.ReadByte()
	if err != nil {
		b.failWith(err)
		return 0
	}
	b.at++
	return c
}

// header reads a tag and a length.
func (b *berReader) header() (tag byte, length int64) {
	tag = b.byte()
	first := b.byte()
	switch {
	case tag&0x1f == 0x1f:
		b.fail()
	case first < 0x80:
		length = int64(first)
	case first == 0x80 && tag&tagConstructed != 0:
		return tag, indefinite
	case first == 0x80 || first > 0x88:
		b.fail()
	default:
		for range first - 0x80 {
			if length > math.MaxInt64>>8 {
				b.fail()
				return tag, 0
			}
			length = length<<8 | int64(b.byte())
		}
	}
	if end := b.open[len(b.open)-1].end; length > end-b.at {
		b.fail()
	}
	return tag, length
}

// more reports whether another element follows in the one that is being read.
func (b *berReader) more() bool {
	top := b.open[len(b.open)-1]
	switch {
	case b.err != nil:
		return false
	case !top.indefinite:
		return b.at < top.end
	}
	next, err := b.r.Peek(2)
	if err != nil {
		b.failWith(err)
		return false
	}
	return next[0] != 0 || next[1] != 0
}

// is reports whether an element with this tag follows.
func (b *berReader) is(tag byte) bool {
	if !b.more() {
		return false
	}
	next, err := b.r.Peek(1)
	if err != nil {
		b.failWith(err)
	}
	return err == nil && next[0] == tag
}

// enter begins to read a constructed element.
func (b *berReader) enter(want byte) {
	tag, length := b.header()
	if tag != want {
		b.fail()
	}
	b.push(length) // even then, so that leave has something to leave
}

func (b *berReader) push(length int64) {
	l := level{indefinite: length == indefinite, end: b.open[len(b.open)-1].end}
	if !l.indefinite {
		l.end = b.at + length
	}
	if b.open = append(b.open, l); len(b.open) > maxDepth {
		b.fail()
	}
}

// leave ends it. There must be nothing left in it.
func (b *berReader) leave() {
	if b.more() {
		b.fail()
	}
	if b.open[len(b.open)-1].indefinite {
		b.byte()
		b.byte()
	}
	b.open = b.open[:len(b.open)-1]
}

// end ends all elements. There must be nothing left in them, nor after them.
func (b *berReader) end() error {
	for len(b.open) > 1 {
		b.leave()
	}
	if _, err := b.r.Peek(1); err != io.EOF {
		b.fail()
	}
	return b.err
}

// element reads a whole element and returns it in DER, as far as lengths go.
func (b *berReader) element() []byte {
	tag, length := b.header()
	var content []byte
	switch {
	case b.err != nil:
		return nil
	case tag&tagConstructed != 0:
		b.push(length)
		for b.more() {
			content = append(content, b.element()...)
		}
		b.leave()
	case length > maxSmall:
		b.fail()
	case b.keep(int(length)):
		content = make([]byte, length)
		n, err := io.ReadFull(b.r, content)
		b.at += int64(n)
		if err != nil {
			b.failWith(err)
		}
	}
	if b.err != nil || !b.keep(8) {
		return nil
	}
	return append(derHeader(tag, int64(len(content))), content...)
}

// keep counts bytes that are kept in memory.
func (b *berReader) keep(n int) bool {
	if b.small += n; b.small > maxSmall {
		b.fail()
	}
	return b.err == nil
}

// der is element for cryptobyte.
func (b *berReader) der() *cryptobyte.String {
	s := cryptobyte.String(b.element())
	return &s
}

// octets reads the bytes of an OCTET STRING, or of a tag that stands for it, in one piece or in many.
func (b *berReader) octets(tag byte) io.Reader {
	got, length := b.header()
	switch {
	case b.err != nil:
	case got == tag:
		return &octets{b: b, left: length}
	case got == tag|tagConstructed:
		b.push(length)
		return &octets{b: b, pieces: true}
	}
	b.fail()
	return &octets{b: b}
}

type octets struct {
	b      *berReader
	left   int64 // bytes of this piece
	pieces bool  // another may follow
}

func (o *octets) Read(p []byte) (int, error) {
	for o.left == 0 && o.pieces && o.b.err == nil {
		if !o.b.more() {
			o.b.leave()
			o.pieces = false
			break
		}
		tag, length := o.b.header()
		if tag != tagOctets {
			o.b.fail()
		}
		o.left = length
	}
	switch {
	case o.b.err != nil:
		return 0, o.b.err
	case o.left == 0:
		return 0, io.EOF
	}
	n, err := o.b.r.Read(p[:min(int64(len(p)), o.left)])
	o.left -= int64(n)
	o.b.at += int64(n)
	if err != nil {
		o.b.failWith(err)
		err = o.b.err
	}
	return n, err
}

// derHeader is a tag and a length in DER.
func derHeader(tag byte, length int64) []byte {
	if length < 0x80 {
		return []byte{tag, byte(length)}
	}
	n := byte(0)
	for l := length; l > 0; l >>= 8 {
		n++
	}
	h := []byte{tag, 0x80 | n}
	for ; n > 0; n-- {
		h = append(h, byte(length>>(8*(n-1))))
	}
	return h
}

// der puts parts into an element.
func der(tag byte, parts ...[]byte) []byte {
	length := 0
	for _, p := range parts {
		length += len(p)
	}
	e := derHeader(tag, int64(length))
	for _, p := range parts {
		e = append(e, p...)
	}
	return e
}

// context is cryptobyte's name of a tag that a type's definition numbers.
func context(number uint8) cbasn1.Tag { return cbasn1.Tag(number).ContextSpecific() }
