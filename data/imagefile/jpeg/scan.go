package jpeg

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxScans bounds the work on a file, since a scan of a large picture in which nothing changes takes only a few hundred bytes. Encoders
// write about ten; cjpeg takes no more than 100.
const maxScans = 100

// A scan is what a scan header says (T.81, B.2.3).
type scan struct {
	parts       []*part
	first, last int // coefficients, in zigzag order
	high, low   int // successive approximation: the lowest bit that was sent before, 0 for none, and the lowest that is sent now
}

// A part is a component in a scan.
type part struct {
	*component
	index      int // in the frame
	dc, ac     *huffman
	prediction int32 // of the next DC coefficient
}

// readScan reads a scan header and decodes the scan.
func (d *decoder) readScan(b []byte) error {
	if d.components == nil {
		return errors.New("a scan comes before the frame header")
	}
	if len(b) < 6 || len(b) != 4+2*int(b[0]) {
		return errors.New("a scan header is damaged")
	}
	if d.scans++; d.scans > maxScans {
		return fmt.Errorf("more than %d scans", maxScans)
	}
	n := len(b) - 3
	s := &scan{first: int(b[n]), last: int(b[n+1]), high: int(b[n+2] >> 4), low: int(b[n+2] & 15)}
	for i := 1; i < n; i += 2 { // a component's identifier, and its tables
		at := slices.IndexFunc(d.components, func(c *component) bool { return c.id == b[i] })
		if at < 0 || slices.ContainsFunc(s.parts, func(p *part) bool { return p.id == b[i] }) {
			return fmt.Errorf("a scan has component %d, which is not in the frame or in the scan already", b[i])
		}
		s.parts = append(s.parts, &part{component: d.components[at], index: at, dc: d.dc[b[i+1]>>4&3], ac: d.ac[b[i+1]&3]})
	}
	if d.lossless != nil {
		return d.losslessScan(s.parts, s.first, s.low)
	}
	if err := d.start(s); err != nil {
		return err
	}
	return d.decodeScan(s)
}

// start tells whether a scan may follow those before it, and prepares the components whose first scan it is.
func (d *decoder) start(s *scan) error {
	if d.progressive {
		if err := s.follow(); err != nil {
			return err
		}
	}
	sendsDC := !d.progressive || s.first == 0 && s.high == 0
	sendsAC := !d.progressive || s.first > 0
	blocks, perMCU := 0, 0
	for _, p := range s.parts {
		switch {
		case !d.progressive && p.quantization != nil:
			return fmt.Errorf("component %d comes twice", p.id)
		case sendsDC && (p.dc == nil || p.dc.largest > 15) || sendsAC && p.ac == nil:
			return fmt.Errorf("component %d lacks a Huffman table", p.id)
		case d.quantization[p.table] == nil:
			return fmt.Errorf("component %d lacks its quantization table", p.id)
		}
		blocks += p.stride * p.rows
		perMCU += p.h * p.v
	}
	if len(s.parts) == 1 {
		blocks = s.parts[0].across * s.parts[0].down
	} else if perMCU > 10 {
		return fmt.Errorf("%d blocks in an MCU, more than 10", perMCU)
	}
	// Memory is only taken for what can be there: each block has at least one bit for its DC coefficient, at first.
	if sendsDC && blocks/8 > len(d.data)-d.at {
		return io.ErrUnexpectedEOF
	}
	for _, p := range s.parts {
		switch {
		case p.quantization != nil:
		case d.progressive:
			p.coefficients = make([][64]int16, p.stride*p.rows)
		default:
			p.plane = make([]byte, 64*p.stride*p.rows)
		}
		if p.quantization == nil { // the table may change after the first scan
			p.quantization = d.quantization[p.table]
		}
	}
	return nil
}

// follow checks that a progressive scan sends bits that were not sent, after those above them (T.81, G.1.1.1).
func (s *scan) follow() error {
	switch {
	case s.last > 63 || s.first > s.last || s.low > 13 || s.first == 0 && s.last > 0 || s.first > 0 && len(s.parts) > 1,
		s.high > 0 && s.low != s.high-1:
		return fmt.Errorf("a scan of coefficients %d to %d, bits %d to %d, of %d components", s.first, s.last, s.high, s.low, len(s.parts))
	}
	for _, p := range s.parts {
		if s.first > 0 && p.sent[0] == notSent {
			return fmt.Errorf("component %d starts without its DC coefficients", p.id)
		}
		for k := s.first; k <= s.last; k++ {
			if s.high == 0 && p.sent[k] != notSent || s.high > 0 && int(p.sent[k]) != s.high {
				return fmt.Errorf("the scans of component %d do not follow each other", p.id)
			}
			p.sent[k] = int8(s.low)
		}
	}
	return nil
}

// decodeScan decodes a scan MCU by MCU. One component alone has MCUs of one block, several have h×v blocks of each.
func (d *decoder) decodeScan(s *scan) error {
	d.scan, d.endOfBand = s, 0
	d.bits = bitReader{data: d.data, at: d.at}
	decode := d.blockDecoder()
	across, down := d.across, d.down
	alone := len(s.parts) == 1
	if alone {
		across, down = s.parts[0].across, s.parts[0].down
	}
	for n := range across * down {
		if d.interval > 0 && n > 0 && n%d.interval == 0 {
			if err := d.restart(n/d.interval - 1); err != nil {
				return err
			}
		}
		row, column := n/across, n%across
		for _, p := range s.parts {
			if alone {
				decode(p, row, column)
				continue
			}
			for y := range p.v {
				for x := range p.h {
					decode(p, row*p.v+y, column*p.h+x)
				}
			}
		}
		if d.bits.exhausted() || d.bits.broken {
			return d.bits.fault()
		}
	}
	d.at = d.bits.at
	return nil
}

func (r *bitReader) fault() error {
	switch {
	case r.exhausted() && r.at+1 >= len(r.data):
		return io.ErrUnexpectedEOF
	case r.exhausted():
		return errors.New("a marker comes before the picture is complete")
	}
	return errors.New("damaged: a code that no table has")
}

// restart reads restart marker n and starts anew behind it.
func (d *decoder) restart(n int) error {
	d.at = d.bits.at
	marker, err := d.marker()
	if err != nil {
		return err
	}
	if marker != byte(markerRST0+n%8) {
		return fmt.Errorf("damaged: marker %#x instead of restart marker %d", marker, n%8)
	}
	for _, p := range d.scan.parts {
		p.prediction = 0
	}
	d.bits, d.endOfBand = bitReader{data: d.data, at: d.at}, 0
	return nil
}

// blockDecoder returns the function that decodes a block of the scan, in a row and a column of blocks.
func (d *decoder) blockDecoder() func(p *part, row, column int) {
	if !d.progressive {
		return d.sequential
	}
	decode := d.refineAC
	switch {
	case d.scan.first == 0 && d.scan.high == 0:
		decode = d.firstDC
	case d.scan.first == 0:
		decode = d.refineDC
	case d.scan.high == 0:
		decode = d.firstAC
	}
	return func(p *part, row, column int) { decode(p, &p.coefficients[row*p.stride+column]) }
}

// sequential decodes a block and transforms it (T.81, F.2.2).
func (d *decoder) sequential(p *part, row, column int) {
	r, block, table := &d.bits, &d.block, p.quantization
	p.prediction += r.number(r.symbol(p.dc))
	block[0] = p.prediction * table[0]
	k := 0 // the last coefficient that is not zero
	for next := 1; next < 64; next++ {
		if r.n < 32 {
			r.fill()
		}
		var run int
		var value int32
		if e := p.ac.look[r.bits>>(64-lookBits)]; e&0xf0 != 0 { // code and number at once
			length := int(e >> 4 & 15)
			r.bits <<= length
			r.n -= length
			run, value = int(e>>12&15), int32(e)>>16
		} else {
			symbol := r.symbol(p.ac)
			if run = int(symbol >> 4); symbol&15 == 0 {
				if run < 15 {
					break
				}
				next += 15
				continue
			}
			value = r.number(symbol & 15)
		}
		if next += run; next > 63 {
			r.broken = true
			break
		}
		k = next
		at := zigzag[k&63] & 63
		block[at] = value * table[at]
	}
	out := p.plane[64*row*p.stride+8*column:]
	inverse(block, k, out, 8*p.stride)
}

// number reads the number of a size in bits that follows a code.
func (r *bitReader) number(size byte) int32 { return int32(extend(r.take(int(size)), int(size))) }

func (d *decoder) firstDC(p *part, block *[64]int16) {
	p.prediction += d.bits.number(d.bits.symbol(p.dc))
	block[0] = int16(p.prediction << d.scan.low)
}

func (d *decoder) refineDC(_ *part, block *[64]int16) {
	block[0] |= int16(d.bits.take(1) << d.scan.low)
}

// firstAC decodes the upper bits of a band (T.81, G.1.2.2). One code may end the bands of many blocks.
func (d *decoder) firstAC(p *part, block *[64]int16) {
	if d.endOfBand > 0 {
		d.endOfBand--
		return
	}
	r := &d.bits
	for k := d.scan.first; k <= d.scan.last; k++ {
		symbol := r.symbol(p.ac)
		run, size := int(symbol>>4), symbol&15
		if size == 0 && run < 15 {
			d.endOfBand = 1<<run - 1 + r.take(run)
			return
		}
		if k += run; k > d.scan.last {
			r.broken = true
			return
		}
		if size > 0 {
			block[zigzag[k]] = int16(r.number(size) << d.scan.low)
		}
	}
}

// refineAC decodes a band's next bit (T.81, G.1.2.3): a bit for each coefficient that is not zero, and between these bits new coefficients,
// each after a run of those that stay zero.
func (d *decoder) refineAC(p *part, block *[64]int16) {
	r := &d.bits
	bit := int16(1) << d.scan.low
	k := d.scan.first
	for ; d.endOfBand == 0 && k <= d.scan.last; k++ {
		symbol := r.symbol(p.ac)
		run := int(symbol >> 4)
		value := int16(0)
		if symbol&15 != 0 {
			value = bit * int16(2*r.take(1)-1)
		} else if run < 15 {
			d.endOfBand = 1<<run + r.take(run)
			break
		}
		if k = d.refine(block, k, run); k > d.scan.last {
			r.broken = r.broken || value != 0
			return
		}
		block[zigzag[k]] = value
	}
	if d.endOfBand > 0 {
		d.refine(block, k, 64)
		d.endOfBand--
	}
}

// refine reads the next bit of the coefficients from k on that are not zero, until it has passed zeros and is at another, and returns where.
func (d *decoder) refine(block *[64]int16, k, zeros int) int {
	bit, order := int16(1)<<d.scan.low, zigzag[:d.scan.last+1]
	for ; k < len(order); k++ {
		c := &block[order[k]&63]
		switch {
		case *c == 0 && zeros == 0:
			return k
		case *c == 0:
			zeros--
		case d.bits.take(1) == 0:
		case *c > 0:
			*c += bit
		default:
			*c -= bit
		}
	}
	return k
}
