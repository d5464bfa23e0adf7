package tfevents

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// A reader of event files that shares nothing with the writer: its CRC goes bit by bit, its framing and its fields are
// taken apart by hand, and it refuses every field that TensorBoard's messages do not have.

// point is what a reader makes of one event.
type point struct {
	wallTime              float64
	step                  int64
	version, writer       string // of the first event
	session               uint64 // SessionLog.status
	tag                   string
	scalar                *float32
	image                 *picture
	plugin, pluginContent string
	class                 uint64
}

type picture struct {
	width, height, channels uint64
	png                     string
}

// crc32c is the reflected CRC with polynomial 0x1EDC6F41.
func crc32c(b []byte) uint32 {
	crc := ^uint32(0)
	for _, x := range b {
		for i := range 8 {
			bit := (crc ^ uint32(x>>i)) & 1
			crc >>= 1
			if bit == 1 {
				crc ^= 0x82f63b78
			}
		}
	}
	return ^crc
}

func masked(b []byte) uint32 {
	crc := crc32c(b)
	return uint32((uint64(crc)<<17|uint64(crc)>>15)&0xffffffff + 0xa282ead8)
}

// records returns the data of the whole records in b, and how many bytes they and their frames take. What follows them is
// an unfinished record. A wrong CRC is an error.
func records(b []byte) (data []string, whole int, err error) {
	for {
		rest := b[whole:]
		if len(rest) < 12 {
			return data, whole, nil
		}
		if got, want := binary.LittleEndian.Uint32(rest[8:]), masked(rest[:8]); got != want {
			return nil, whole, fmt.Errorf("byte %d: CRC of the length is %#x, want %#x", whole, got, want)
		}
		n := binary.LittleEndian.Uint64(rest)
		if uint64(len(rest)-12) < n+4 {
			return data, whole, nil
		}
		body := rest[12 : 12+n]
		if got, want := binary.LittleEndian.Uint32(rest[12+n:]), masked(body); got != want {
			return nil, whole, fmt.Errorf("byte %d: CRC of the data is %#x, want %#x", whole, got, want)
		}
		data = append(data, string(body))
		whole += 16 + int(n)
	}
}

// points reads a file's whole records.
func points(b []byte) ([]point, error) {
	data, _, err := records(b)
	if err != nil {
		return nil, err
	}
	var all []point
	for i, d := range data {
		var p point
		if err := p.event([]byte(d)); err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
		all = append(all, p)
	}
	return all, nil
}

// fields calls visit for each field of an encoded message: x is the number of a varint or fixed-size field, body the
// bytes of one with a length. key is the field's number times 8 plus its wire type. Each key may come once.
func fields(b []byte, visit func(key, x uint64, body []byte) error) error {
	last := uint64(0)
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 || key <= last {
			return fmt.Errorf("key %d after %d", key, last)
		}
		b, last = b[n:], key
		var x uint64
		var body []byte
		switch wire := key & 7; {
		case wire == 0:
			if x, n = binary.Uvarint(b); n <= 0 {
				return errors.New("unfinished number")
			}
		case wire == 1 && len(b) >= 8:
			x, n = binary.LittleEndian.Uint64(b), 8
		case wire == 5 && len(b) >= 4:
			x, n = uint64(binary.LittleEndian.Uint32(b)), 4
		case wire == 2:
			size, m := binary.Uvarint(b)
			if m <= 0 || size > uint64(len(b)-m) {
				return fmt.Errorf("field %d: length %d beyond its message", key>>3, size)
			}
			body, n = b[m:m+int(size)], m+int(size)
		default:
			return fmt.Errorf("field %d: wire type %d", key>>3, wire)
		}
		b = b[n:]
		if err := visit(key, x, body); err != nil {
			return err
		}
	}
	return nil
}

func unknown(message string, key uint64) error {
	return fmt.Errorf("%s has no field %d of wire type %d", message, key>>3, key&7)
}

func (p *point) event(b []byte) error {
	return fields(b, func(key, x uint64, body []byte) error {
		switch key {
		case 1<<3 | 1:
			p.wallTime = math.Float64frombits(x)
		case 2 << 3:
			p.step = int64(x)
		case 3<<3 | 2:
			p.version = string(body)
		case 5<<3 | 2: // Summary, of one value
			return fields(body, func(key, _ uint64, body []byte) error {
				if key != 1<<3|2 {
					return unknown("Summary", key)
				}
				return fields(body, p.value)
			})
		case 7<<3 | 2:
			return fields(body, func(key, x uint64, _ []byte) error {
				if p.session = x; key != 1<<3 {
					return unknown("SessionLog", key)
				}
				return nil
			})
		case 10<<3 | 2:
			return fields(body, func(key, _ uint64, body []byte) error {
				if p.writer = string(body); key != 1<<3|2 {
					return unknown("SourceMetadata", key)
				}
				return nil
			})
		default:
			return unknown("Event", key)
		}
		return nil
	})
}

func (p *point) value(key, x uint64, body []byte) error {
	switch key {
	case 1<<3 | 2:
		p.tag = string(body)
	case 2<<3 | 5:
		s := math.Float32frombits(uint32(x))
		p.scalar = &s
	case 4<<3 | 2:
		p.image = new(picture)
		return fields(body, p.image.field)
	case 9<<3 | 2:
		return fields(body, p.metadata)
	default:
		return unknown("Summary.Value", key)
	}
	return nil
}

func (i *picture) field(key, x uint64, body []byte) error {
	switch key {
	case 1 << 3:
		i.height = x
	case 2 << 3:
		i.width = x
	case 3 << 3:
		i.channels = x
	case 4<<3 | 2:
		i.png = string(body)
	default:
		return unknown("Summary.Image", key)
	}
	return nil
}

func (p *point) metadata(key, x uint64, body []byte) error {
	switch key {
	case 1<<3 | 2:
		return fields(body, func(key, _ uint64, body []byte) error {
			switch key {
			case 1<<3 | 2:
				p.plugin = string(body)
			case 2<<3 | 2:
				p.pluginContent = string(body)
			default:
				return unknown("PluginData", key)
			}
			return nil
		})
	case 4 << 3:
		p.class = x
	default:
		return unknown("SummaryMetadata", key)
	}
	return nil
}
