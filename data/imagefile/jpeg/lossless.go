package jpeg

import (
	"errors"
	"fmt"
	"io"
)

// Samples are those of a lossless picture.
type Samples struct {
	Width, Height, Components int
	Bits                      int      // of a sample: 2 to 16
	Values                    []uint16 // row by row, components interleaved
}

// Lossless decodes a picture of process 14, the lossless one with Huffman codes (T.81, annex H), of any predictor. Its samples have no
// colours that are known here, so they come as they are stored. The caller bounds the size: see LosslessSize.
func Lossless(content []byte) (*Samples, error) {
	d := decoder{data: content, adobe: -1, lossless: &Samples{}}
	if err := d.segments(false); err != nil {
		return nil, err
	}
	for _, c := range d.components {
		if c.sent[0] == notSent {
			return nil, fmt.Errorf("component %d is missing", c.id)
		}
	}
	return d.lossless, nil
}

// LosslessSize returns the width and height in pixels that the frame header of a lossless picture names.
func LosslessSize(content []byte) (width, height int, err error) {
	d := decoder{data: content, lossless: &Samples{}}
	err = d.segments(true)
	return d.width, d.height, err
}

// losslessFrame takes the size and the components of a frame header of the right length.
func (d *decoder) losslessFrame(b []byte) error {
	s := d.lossless
	s.Width, s.Height, s.Components, s.Bits = d.width, d.height, int(b[5]), int(b[0])
	if s.Bits < 2 || s.Bits > 16 {
		return fmt.Errorf("%d bits a sample are not possible in a lossless picture", s.Bits)
	}
	for b = b[6:]; len(b) > 0; b = b[3:] {
		if b[1] != 0x11 && s.Components > 1 {
			return errors.New("sampling factors are not supported in a lossless picture")
		}
		c := &component{id: b[0]}
		c.sent[0] = notSent
		d.components = append(d.components, c)
	}
	return nil
}

// losslessScan decodes a scan of one or all components. Each sample is the difference from a prediction of its neighbours, modulo 2^16.
func (d *decoder) losslessScan(parts []*part, predictor, shift int) error {
	s := d.lossless
	if predictor < 1 || predictor > 7 || shift >= s.Bits {
		return fmt.Errorf("predictor %d with a point transform of %d is not possible", predictor, shift)
	}
	if d.interval%s.Width != 0 {
		return errors.New("the restart interval does not cover whole rows")
	}
	for _, p := range parts {
		if p.dc == nil || p.dc.largest > 16 || p.sent[0] != notSent {
			return fmt.Errorf("component %d lacks a Huffman table or comes twice", p.id)
		}
		p.sent[0] = int8(shift)
	}
	// Each sample has at least one bit.
	if s.Width*s.Height*len(parts)/8 > len(d.data)-d.at {
		return io.ErrUnexpectedEOF
	}
	if s.Values == nil {
		s.Values = make([]uint16, s.Width*s.Height*s.Components)
	}
	d.scan, d.bits = &scan{parts: parts}, bitReader{data: d.data, at: d.at}
	first := 0 // the row after the last restart
	for y := range s.Height {
		if rows := d.interval / s.Width; rows > 0 && y > 0 && y%rows == 0 {
			if err := d.restart(y/rows - 1); err != nil {
				return err
			}
			first = y
		}
		d.losslessRow(y, y == first, predictor, 1<<(s.Bits-shift-1))
		if d.bits.exhausted() || d.bits.broken {
			return d.bits.fault()
		}
	}
	d.at = d.bits.at
	for _, p := range parts {
		for i := p.index; shift > 0 && i < len(s.Values); i += s.Components {
			s.Values[i] <<= shift
		}
	}
	return nil
}

// losslessRow decodes a row. The first one is predicted from the left only, with middle before its first sample; the others start with the
// sample above.
func (d *decoder) losslessRow(y int, first bool, predictor int, middle uint16) {
	n := d.lossless.Components
	row := d.lossless.Values[y*d.lossless.Width*n:][:d.lossless.Width*n]
	above := row
	if !first {
		above = d.lossless.Values[(y-1)*d.lossless.Width*n:][:len(row)]
	}
	for x := 0; x < len(row); x += n {
		for _, p := range d.scan.parts {
			i := x + p.index
			var prediction uint16
			switch {
			case first && x == 0:
				prediction = middle
			case first:
				prediction = row[i-n]
			case x == 0:
				prediction = above[i]
			default:
				prediction = predict(predictor, int32(row[i-n]), int32(above[i]), int32(above[i-n]))
			}
			row[i] = prediction + d.bits.difference(p.dc)
		}
	}
}

// predict gives the predictions of T.81, table H.1, from the samples to the left (a), above (b) and above left (c).
func predict(predictor int, a, b, c int32) uint16 {
	switch predictor {
	case 1:
		return uint16(a)
	case 2:
		return uint16(b)
	case 3:
		return uint16(c)
	case 4:
		return uint16(a + b - c)
	case 5:
		return uint16(a + (b-c)>>1)
	case 6:
		return uint16(b + (a-c)>>1)
	}
	return uint16((a + b) >> 1)
}

// difference decodes a difference (T.81, H.1.2.2). Size 16 stands for 32768, without bits of its own.
func (r *bitReader) difference(h *huffman) uint16 {
	if r.n < 32 {
		r.fill()
	}
	if e := h.look[r.bits>>(64-lookBits)]; e&0xf0 != 0 { // code and number at once
		length := int(e >> 4 & 15)
		r.bits <<= length
		r.n -= length
		return uint16(int32(e) >> 16)
	}
	size := r.symbol(h)
	if size == 16 {
		return 1 << 15
	}
	return uint16(r.number(size))
}
