package npz

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sbinet/npyio/npy"
)

// maxHeader bounds the text of a .npy header; NumPy's own is 118 bytes for every array here.
const maxHeader = 1 << 12

// Header is the start of a .npy file, version 1.0, padded to 64 bytes like NumPy's. It is made here because npyio takes the shape from
// the Go type, and Go has no type for four dimensions chosen at run time.
func Header(dtype string, shape []int) []byte {
	tuple := strings.ReplaceAll(strings.Trim(fmt.Sprint(shape), "[]"), " ", ", ")
	if len(shape) == 1 {
		tuple += ","
	}
	dict := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", dtype, tuple)
	const preamble = 10 // magic, version, length
	dict += strings.Repeat(" ", 63-(preamble+len(dict))%64) + "\n"

	b := append(npy.Magic[:], 1, 0)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(dict)))
	return append(b, dict...)
}

// ReadHeader reads the header of a .npy file and no byte more. npyio parses it, but allocates what the length field asks for and panics
// on a header that NumPy would not write. So the length is checked first, and a panic becomes an error.
func ReadHeader(r io.Reader) (h npy.Header, err error) {
	start := make([]byte, 10, 12)
	if _, err := io.ReadFull(r, start); err != nil {
		return h, errors.New("too short for a NumPy array")
	}
	if !bytes.Equal(start[:6], npy.Magic[:]) {
		return h, errors.New("not a NumPy array")
	}
	text := uint32(binary.LittleEndian.Uint16(start[8:]))
	switch start[6] {
	case 1:
	case 2:
		start = start[:12]
		if _, err := io.ReadFull(r, start[10:]); err != nil {
			return h, errors.New("too short for a NumPy array")
		}
		text = binary.LittleEndian.Uint32(start[8:])
	default:
		return h, fmt.Errorf("version %d of the NumPy format is unknown", start[6])
	}
	if text > maxHeader {
		return h, fmt.Errorf("its NumPy header is longer than %d bytes", maxHeader)
	}
	all := append(start, make([]byte, text)...)
	if _, err := io.ReadFull(r, all[len(start):]); err != nil {
		return h, errors.New("its NumPy header is cut short")
	}
	defer func() {
		if recover() != nil {
			err = errors.New("its NumPy header is malformed")
		}
	}()
	parsed, err := npy.NewReader(bytes.NewReader(all))
	if err != nil {
		return h, fmt.Errorf("its NumPy header is malformed: %.100s", err)
	}
	return parsed.Header, nil
}
