// Package jpeg decodes JPEG files (ITU-T T.81) to the samples that libjpeg-turbo gives by default, bit for bit: those of djpeg and Pillow.
// The standard library's image/jpeg differs: its inverse DCT rounds in other places, and it repeats chroma samples where libjpeg-turbo
// interpolates.
//
//	m, err := jpeg.Decode(content) // 8 bits a sample, grey or RGB
//
// Three steps make the samples: the inverse DCT in integers with constants of 13 bits, the triangle filter between chroma samples where a
// component has half the width, half the height or both (others are repeated), and the conversion to RGB in fixed point with 16 bits. Four
// inks become RGB as djpeg and Pillow make them.
//
// It reads baseline, extended sequential and progressive frames with Huffman codes and 8 bits a sample, of one, three or four components.
// Other frames are refused by name; Lossless decodes those of process 14. A file must be whole: what ends early or breaks the rules of its coding is an error. As in
// libjpeg-turbo, bytes between segments and after the picture are skipped. Unlike there, coefficients that a whole progressive file never
// sends are zero, as the standard has it; libjpeg-turbo guesses them from the blocks around. And where coefficients are far larger than any
// picture of 8 bits has, libjpeg-turbo's own results depend on the machine.
//
// Memory is in proportion to the picture, no picture has more blocks of 8×8 samples than its file has bits, and the number of scans is
// limited.
package jpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"keygan/data/raster"
)

// Decode decodes the first picture of a file. It returns io.ErrUnexpectedEOF for one that ends early. The caller bounds the size: see Size.
func Decode(content []byte) (*raster.Image, error) {
	d := decoder{data: content, adobe: -1}
	if err := d.decode(); err != nil {
		return nil, err
	}
	return d.render(min(3, len(d.components)), d.colours()), nil
}

func (d *decoder) decode() error {
	if err := d.segments(false); err != nil {
		return err
	}
	for _, c := range d.components {
		if c.quantization == nil {
			return fmt.Errorf("component %d is missing", c.id)
		}
		c.reconstruct()
	}
	return nil
}

// Components decodes the first picture of a file to the samples of its one, three or four components, all at the size of the picture, and
// converts no colours. transform is what an Adobe segment says of them, 0 for none and 1 for YCbCr, or -1 without such a segment.
func Components(content []byte) (m *raster.Image, transform int, err error) {
	d := decoder{data: content, adobe: -1}
	if err := d.decode(); err != nil {
		return nil, 0, err
	}
	return d.render(len(d.components), putAll), d.adobe, nil
}

// Size returns the width and height in pixels that a file's frame header names.
func Size(content []byte) (width, height int, err error) {
	d := decoder{data: content}
	err = d.segments(true)
	return d.width, d.height, err
}

// A decoder holds what the segments read so far say. Its frame is known once components are.
type decoder struct {
	data []byte
	at   int // the next byte

	quantization [4]*[64]int32 // in the natural order, row by row
	dc, ac       [4]*huffman
	interval     int // MCUs between restart markers, 0 for no markers
	jfif         bool
	adobe        int // the transform that an Adobe segment names, or -1

	lossless      *Samples // set where only a lossless picture is wanted
	progressive   bool
	width, height int // of the picture, in pixels
	hMost, vMost  int // the largest sampling factors
	across, down  int // MCUs
	components    []*component
	scans         int
	scan          *scan
	bits          bitReader
	endOfBand     int       // blocks whose band is known to be over, in progressive scans
	block         [64]int32 // dequantized coefficients in the natural order, all zero between blocks
}

// A component is one of the planes of a picture.
type component struct {
	id, table     byte
	h, v          int // sampling factors
	width, height int // in samples
	across, down  int // blocks that hold samples
	stride        int // blocks in a row, with those that fill up the last MCU
	rows          int // rows of such blocks

	quantization *[64]int32 // the table as of the first scan, nil before it
	plane        []byte     // samples, 8·rows rows of 8·stride
	coefficients [][64]int16
	sent         [64]int8 // of each coefficient in zigzag order, the lowest bit that was sent, or notSent
}

const notSent = 127

// The second bytes of markers (T.81, table B.1).
const (
	markerTEM, markerRST0, markerRST7, markerSOI, markerEOI, markerSOS = 0x01, 0xd0, 0xd7, 0xd8, 0xd9, 0xda

	markerSOF0, markerSOF2, markerSOF3, markerSOF15 = 0xc0, 0xc2, 0xc3, 0xcf

	markerDHT, markerJPG, markerDAC = 0xc4, 0xc8, 0xcc
	markerDQT, markerDRI            = 0xdb, 0xdd
	markerAPP0, markerAPP14         = 0xe0, 0xee
)

// segments reads a file's segments and decodes its scans, up to the end of the picture or, for the size, up to the frame header.
func (d *decoder) segments(onlySize bool) error {
	if !bytes.HasPrefix(d.data, []byte{0xff, markerSOI}) {
		return errors.New("does not start with a JPEG marker")
	}
	d.at = 2
	for {
		marker, err := d.marker()
		switch {
		case err != nil:
			return err
		case marker == markerEOI && d.components == nil:
			return errors.New("there is no picture")
		case marker == markerEOI:
			return nil
		case marker == markerSOI:
			return errors.New("a second picture starts within the first")
		case marker >= markerRST0 && marker <= markerRST7 || marker == markerTEM:
			continue
		case marker < markerSOF0:
			return fmt.Errorf("unknown marker %#x", marker)
		}
		content, err := d.segment()
		if err != nil {
			return err
		}
		if err := d.read(marker, content); err != nil {
			return err
		}
		if onlySize && d.components != nil {
			return nil
		}
	}
}

// marker finds the next marker. Whatever is before it is skipped, as coded data that nobody asked for is.
func (d *decoder) marker() (byte, error) {
	for {
		i := bytes.IndexByte(d.data[d.at:], 0xff)
		if i < 0 {
			return 0, io.ErrUnexpectedEOF
		}
		for d.at += i; d.at < len(d.data) && d.data[d.at] == 0xff; d.at++ { // fill bytes
		}
		if d.at == len(d.data) {
			return 0, io.ErrUnexpectedEOF
		}
		d.at++
		if m := d.data[d.at-1]; m != 0 {
			return m, nil
		}
	}
}

// segment returns the content of the segment whose marker was read.
func (d *decoder) segment() ([]byte, error) {
	if len(d.data)-d.at < 2 {
		return nil, io.ErrUnexpectedEOF
	}
	length := int(binary.BigEndian.Uint16(d.data[d.at:])) // with itself
	if length < 2 {
		return nil, fmt.Errorf("a segment of %d bytes", length)
	}
	if length > len(d.data)-d.at {
		return nil, io.ErrUnexpectedEOF
	}
	content := d.data[d.at+2 : d.at+length]
	d.at += length
	return content, nil
}

// read reads a segment, and after the header of a scan the scan.
func (d *decoder) read(marker byte, b []byte) error {
	switch {
	case marker == markerDHT:
		return d.huffmanTables(b)
	case marker == markerDQT:
		return d.quantizationTables(b)
	case marker == markerDRI:
		if len(b) != 2 {
			return errors.New("the restart interval is damaged")
		}
		d.interval = int(binary.BigEndian.Uint16(b))
	case marker == markerSOS:
		return d.readScan(b)
	case marker == markerAPP0:
		d.jfif = d.jfif || bytes.HasPrefix(b, []byte("JFIF\x00")) && len(b) >= 14
	case marker == markerAPP14:
		if bytes.HasPrefix(b, []byte("Adobe")) && len(b) >= 12 {
			d.adobe = int(b[11])
		}
	case marker <= markerSOF15 && marker != markerJPG && marker != markerDAC:
		return d.frame(marker, b)
	}
	return nil
}

func (d *decoder) quantizationTables(b []byte) error {
	for len(b) > 0 {
		wide, id := b[0]>>4, b[0]&15
		size := 64 << wide
		if wide > 1 || id > 3 || len(b) < 1+size {
			return errors.New("a quantization table is damaged")
		}
		table := new([64]int32)
		for i, at := range zigzag {
			if wide == 0 {
				table[at] = int32(b[1+i])
			} else {
				table[at] = int32(binary.BigEndian.Uint16(b[1+2*i:]))
			}
		}
		d.quantization[id] = table
		b = b[1+size:]
	}
	return nil
}

// zigzag gives the natural place of each coefficient, row by row, in the order in which they are coded.
var zigzag = func() (order [64]uint8) {
	row, column, up := 0, 0, true
	for i := range order {
		order[i] = uint8(8*row + column)
		switch {
		case up && column == 7:
			row, up = row+1, false
		case up && row == 0:
			column, up = column+1, false
		case up:
			row, column = row-1, column+1
		case row == 7:
			column, up = column+1, true
		case column == 0:
			row, up = row+1, true
		default:
			row, column = row+1, column-1
		}
	}
	return order
}()

// frame reads a frame header (T.81, B.2.2): precision, height, width, then identifier, sampling factors and table of each component.
func (d *decoder) frame(marker byte, b []byte) error {
	switch {
	case marker > markerJPG:
		return errors.New("arithmetic coding is not supported")
	case marker == markerSOF3 && d.lossless == nil:
		return errors.New("lossless JPEG is not supported")
	case marker < markerSOF3 && d.lossless != nil:
		return errors.New("not a lossless JPEG")
	case marker > markerSOF3:
		return errors.New("hierarchical JPEG is not supported")
	case d.components != nil:
		return errors.New("there are two frame headers")
	case len(b) < 6 || len(b) != 6+3*int(b[5]):
		return errors.New("the frame header is damaged")
	case b[0] != 8 && d.lossless == nil:
		return fmt.Errorf("%d bits a sample are not supported, only 8", b[0])
	case b[5] != 1 && b[5] != 3 && b[5] != 4:
		return fmt.Errorf("%d components are not supported, only 1, 3 and 4", b[5])
	}
	d.progressive = marker == markerSOF2
	d.height, d.width = int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if d.width == 0 || d.height == 0 {
		return fmt.Errorf("an image cannot have %d×%d pixels", d.width, d.height)
	}
	if d.lossless != nil {
		return d.losslessFrame(b)
	}
	for b = b[6:]; len(b) > 0; b = b[3:] {
		c := &component{id: b[0], h: int(b[1] >> 4), v: int(b[1] & 15), table: b[2]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.table > 3 {
			return fmt.Errorf("component %d is damaged", c.id)
		}
		for i := range c.sent {
			c.sent[i] = notSent
		}
		d.hMost, d.vMost = max(d.hMost, c.h), max(d.vMost, c.v)
		d.components = append(d.components, c)
	}
	d.across, d.down = ceil(d.width, 8*d.hMost), ceil(d.height, 8*d.vMost)
	for _, c := range d.components {
		if d.hMost%c.h != 0 || d.vMost%c.v != 0 {
			return fmt.Errorf("sampling factors of %d×%d beside %d×%d are not supported", c.h, c.v, d.hMost, d.vMost)
		}
		c.width, c.height = ceil(d.width*c.h, d.hMost), ceil(d.height*c.v, d.vMost)
		c.across, c.down = ceil(c.width, 8), ceil(c.height, 8)
		c.stride, c.rows = d.across*c.h, d.down*c.v
	}
	return nil
}

func ceil(a, b int) int { return (a + b - 1) / b }
