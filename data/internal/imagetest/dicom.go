package imagetest

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// A Slice is a DICOM file with one flat 8-bit picture.
type Slice struct {
	Patient, Series string
	Number          int
	Position        string // as in the file: "0\0\-12.5", or ""
	Directions      string // of rows and columns, or "" for axial slices
	Width, Height   int
	Level           byte // of each pixel
}

// Bytes is the file: explicit, little endian, without preamble.
func (s Slice) Bytes() []byte {
	var b []byte
	add := func(group, element uint16, vr, value string) {
		if len(value)%2 != 0 {
			value += map[bool]string{true: "\x00", false: " "}[vr == "UI" || vr == "OB"]
		}
		b = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(b, group), element)
		if b = append(b, vr...); vr == "OB" {
			b = binary.LittleEndian.AppendUint32(append(b, 0, 0), uint32(len(value)))
		} else {
			b = binary.LittleEndian.AppendUint16(b, uint16(len(value)))
		}
		b = append(b, value...)
	}
	short := func(element uint16, v int) {
		add(0x28, element, "US", string(binary.LittleEndian.AppendUint16(nil, uint16(v))))
	}
	b = append(b, "DICM"...)
	add(2, 0x10, "UI", "1.2.840.10008.1.2.1")
	add(0x10, 0x20, "LO", s.Patient)
	add(0x20, 0x0e, "UI", s.Series)
	add(0x20, 0x13, "IS", fmt.Sprint(s.Number))
	if s.Position != "" {
		add(0x20, 0x32, "DS", s.Position)
		if s.Directions == "" {
			s.Directions = `1\0\0\0\1\0`
		}
		add(0x20, 0x37, "DS", s.Directions)
	}
	short(0x02, 1)
	add(0x28, 0x04, "CS", "MONOCHROME2")
	short(0x10, s.Height)
	short(0x11, s.Width)
	short(0x100, 8)
	short(0x101, 8)
	short(0x102, 7)
	add(0x28, 0x1050, "DS", "128") // a window that changes nothing
	add(0x28, 0x1051, "DS", "256")
	add(0x7fe0, 0x10, "OB", strings.Repeat(string([]byte{s.Level}), s.Width*s.Height))
	return b
}
