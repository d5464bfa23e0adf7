package dicom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Tag names an attribute: its group in the upper 16 bits, its element in the lower.
type Tag uint32

func (t Tag) String() string { return fmt.Sprintf("(%04X,%04X)", uint32(t)>>16, uint32(t)&0xffff) }

func (t Tag) group() uint32 { return uint32(t) >> 16 }

// The tags that give a data set its structure (PS3.5, section 7.5).
const (
	tagItem        Tag = 0xfffee000
	tagItemEnd     Tag = 0xfffee00d
	tagSequenceEnd Tag = 0xfffee0dd
)

const (
	undefined = 0xffffffff // the length of what ends with a delimiter
	maxDepth  = 64         // sequences in sequences
)

// An element is an attribute of a data set that is kept.
type element struct {
	tag   Tag
	at    int // its offset in bytes
	vr    string
	value []byte
	items []dataset // of a sequence
}

// A dataset holds the elements that are kept, each tag once.
type dataset []element

func (d dataset) find(tag Tag) *element {
	for i := range d {
		if d[i].tag == tag {
			return &d[i]
		}
	}
	return nil
}

// put adds an element, or replaces the one of the same tag.
func (d *dataset) put(e element) {
	if old := d.find(e.tag); old != nil {
		*old = e
		return
	}
	*d = append(*d, e)
}

// A fault is an error at an element. It says nothing of the element's value, which may tell who the patient is.
func fault(tag Tag, at int, format string, args ...any) error {
	return fmt.Errorf("%v at byte %d: %w", tag, at, fmt.Errorf(format, args...))
}

func (e *element) fault(format string, args ...any) error { return fault(e.tag, e.at, format, args...) }

// A parser reads data sets (PS3.5, section 7). It keeps the elements in kept and skips the others, so that it takes little memory.
type parser struct {
	data     []byte
	order    binary.ByteOrder
	implicit bool // without value representations

	pixels   *element // the pixel data, where the parser stops; its value is all that follows if it is encapsulated
	pixelsAt int      // the offset of that value
	packed   bool     // the pixel data are encapsulated
	short    error    // why the pixel data are not whole, if they are not
}

var errPastEnd = errors.New("truncated: its length runs past the end of the file")

// A header is what precedes the value of an element.
type header struct {
	tag    Tag
	vr     string
	at     int // its offset
	value  int // the offset of the value
	length int
}

// longVR are the value representations whose length has 32 bits (PS3.5, table 7.1-1).
const longVR = "OB OD OF OL OV OW SQ SV UC UN UR UT UV"

// header reads the header at an offset, of an element that must end before end.
func (p *parser) header(at, end int, implicit bool) (h header, err error) {
	if end-at < 8 {
		return h, fmt.Errorf("truncated: %d bytes at byte %d are no element", end-at, at)
	}
	b := p.data[at:end]
	h = header{tag: Tag(p.order.Uint16(b))<<16 | Tag(p.order.Uint16(b[2:])), at: at, value: at + 8}
	switch {
	case implicit || h.tag.group() == 0xfffe:
		h.length = int(p.order.Uint32(b[4:]))
	case !isVR(b[4:6]):
		return h, fault(h.tag, at, "no value representation of two letters")
	case strings.Contains(longVR, string(b[4:6])):
		if len(b) < 12 {
			return h, fault(h.tag, at, "%w", errPastEnd)
		}
		h.vr, h.value, h.length = string(b[4:6]), at+12, int(p.order.Uint32(b[8:]))
	default:
		h.vr, h.length = string(b[4:6]), int(p.order.Uint16(b[6:]))
	}
	return h, nil
}

func isVR(b []byte) bool { return b[0] >= 'A' && b[0] <= 'Z' && b[1] >= 'A' && b[1] <= 'Z' }

// elements reads the elements from an offset to end, or to the delimiter of an item, and returns where it stopped. Of those at depth 0, the
// pixel data are the last.
func (p *parser) elements(at, end, depth int, implicit, delimited bool) (d dataset, next int, err error) {
	if depth > maxDepth {
		return nil, 0, fmt.Errorf("more than %d nested sequences at byte %d", maxDepth, at)
	}
	for at < end {
		h, err := p.header(at, end, implicit)
		if err != nil {
			if depth == 0 && zeros(p.data[at:end]) { // padding
				return d, end, nil
			}
			return d, at, err
		}
		switch {
		case delimited && h.tag == tagItemEnd:
			return d, h.value, nil
		case h.tag.group() == 0xfffe:
			return d, at, fault(h.tag, at, "a delimiter that ends nothing")
		case depth == 0 && isPixels(h.tag):
			return d, at, p.pixelData(h, end)
		}
		e := element{tag: h.tag, at: at, vr: h.vr}
		kept := kept[h.tag]
		switch {
		case h.length == undefined:
			// An unknown value of undefined length is a sequence with implicit representations (PS3.5, 6.2.2).
			if !implicit && h.vr != "SQ" && h.vr != "UN" {
				return d, at, e.fault("an undefined length, which only sequences may have")
			}
			e.items, at, err = p.sequence(h, end, depth, implicit || h.vr == "UN", kept)
		case h.length > end-h.value:
			return d, at, e.fault("%w", errPastEnd)
		case kept && (h.vr == "SQ" || implicit && isSequence(h.tag)):
			e.items, at, err = p.sequence(h, h.value+h.length, depth, implicit, kept)
		default:
			at = h.value + h.length
			e.value = p.data[h.value:at]
		}
		if err != nil {
			return d, at, err
		}
		if kept {
			d.put(e)
		}
	}
	if delimited {
		return d, at, fmt.Errorf("truncated: no delimiter ends the item before byte %d", end)
	}
	return d, at, nil
}

func zeros(b []byte) bool { return len(bytes.TrimLeft(b, "\x00")) == 0 }

// sequence reads the items of a sequence up to end or, if its length is undefined, its delimiter, and returns where it stopped.
func (p *parser) sequence(h header, end, depth int, implicit, kept bool) (items []dataset, next int, err error) {
	at := h.value
	for h.length == undefined || at < end {
		i, err := p.header(at, end, true)
		switch {
		case err != nil:
			return nil, at, fault(h.tag, h.at, "%w", err)
		case i.tag == tagSequenceEnd && h.length == undefined:
			return items, i.value, nil
		case i.tag != tagItem:
			return nil, at, fault(h.tag, h.at, "%v at byte %d where an item of the sequence should be", i.tag, at)
		}
		itemEnd := end
		if i.length != undefined {
			if itemEnd = i.value + i.length; itemEnd > end {
				return nil, at, fault(i.tag, i.at, "%w", errPastEnd)
			}
		}
		var d dataset
		if i.length != undefined && !kept {
			at = itemEnd
		} else if d, at, err = p.elements(i.value, itemEnd, depth+1, implicit, i.length == undefined); err != nil {
			return nil, at, err
		}
		if kept {
			items = append(items, d)
		}
	}
	return items, at, nil
}

// pixelData takes the pixel data, of which some may be missing.
func (p *parser) pixelData(h header, end int) error {
	p.pixels, p.pixelsAt = &element{tag: h.tag, at: h.at, vr: h.vr}, h.value
	if p.packed = h.length == undefined; p.packed {
		p.pixels.value = p.data[h.value:end]
		return nil
	}
	if h.length > end-h.value {
		p.short = p.pixels.fault("%w", errPastEnd)
		return nil
	}
	p.pixels.value = p.data[h.value:][:h.length]
	return nil
}

// text is an element's value without the padding at its ends, "" if there is none.
func (d dataset) text(tag Tag) string {
	if e := d.find(tag); e != nil {
		return strings.Trim(string(e.value), " \x00")
	}
	return ""
}

// short16 reads the unsigned 16-bit number at index i of an element, which need not be there.
func (p *parser) short16(d dataset, tag Tag, i int) (v int, there bool, err error) {
	e := d.find(tag)
	switch {
	case e == nil || len(e.value) == 0:
		return 0, false, nil
	case len(e.value) < 2*i+2:
		return 0, false, e.fault("%d bytes are too few for number %d", len(e.value), i+1)
	}
	return int(p.order.Uint16(e.value[2*i:])), true, nil
}

// decimals reads decimal numbers, which need not be there. Backslashes separate them.
func (d dataset) decimals(tag Tag) (all []float64, err error) {
	e := d.find(tag)
	if text := d.text(tag); text != "" {
		for _, s := range strings.Split(text, `\`) {
			v, err := strconv.ParseFloat(strings.Trim(s, " \x00"), 64)
			if err != nil || v-v != 0 {
				return nil, e.fault("not a decimal number")
			}
			all = append(all, v)
		}
	}
	return all, nil
}
