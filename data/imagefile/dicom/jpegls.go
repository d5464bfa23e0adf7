package dicom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/bits"
)

// decodeJPEGLS decodes a frame of JPEG-LS (ITU-T T.87): lossless, or near-lossless as its scans say.
func decodeJPEGLS(f *File, frame []byte, out []int32) error {
	d := jpegLS{data: frame, file: f, out: out}
	return d.decode()
}

// A jpegLS decodes a picture. Names are those of T.87, annex A.
type jpegLS struct {
	data []byte
	at   int
	file *File
	out  []int32

	bits                  int // of a sample
	ids                   []byte
	seen                  []bool // components
	preset                [5]int // MAXVAL, T1, T2, T3 and RESET of an LSE segment, 0 for the default
	maxVal, t1, t2, t3    int
	reset                 int
	near, rnge, qbpp, lim int
	contexts              [365]lsContext
	runs                  [2]lsRun // [RItype]
	reader                lsBits
}

// An lsContext is what is known of the errors in one of the contexts of regular mode.
type lsContext struct{ a, b, c, n int }

// An lsRun is the same for the sample that ends a run.
type lsRun struct{ a, n, negative int }

const (
	lsSOF, lsLSE              = 0xf7, 0xf8
	jpegSOI, jpegEOI, jpegSOS = 0xd8, 0xd9, 0xda
)

// decode reads the segments and scans up to the end of the picture.
func (d *jpegLS) decode() error {
	if !bytes.HasPrefix(d.data, []byte{0xff, jpegSOI}) {
		return errors.New("does not start with a JPEG marker")
	}
	for d.at = 2; ; {
		for d.at+1 < len(d.data) && d.data[d.at] == 0xff && d.data[d.at+1] == 0xff { // fill bytes
			d.at++
		}
		if d.at+2 > len(d.data) {
			return io.ErrUnexpectedEOF
		}
		marker := d.data[d.at+1]
		if d.data[d.at] != 0xff || marker < 0x80 {
			return fmt.Errorf("no marker at byte %d of the frame", d.at)
		}
		d.at += 2
		if marker == jpegEOI {
			break
		}
		if d.at+2 > len(d.data) {
			return io.ErrUnexpectedEOF
		}
		length := int(binary.BigEndian.Uint16(d.data[d.at:]))
		if length < 2 || length > len(d.data)-d.at {
			return io.ErrUnexpectedEOF
		}
		b := d.data[d.at+2 : d.at+length]
		d.at += length
		if err := d.segment(marker, b); err != nil {
			return err
		}
	}
	for i, seen := range d.seen {
		if !seen {
			return fmt.Errorf("component %d is missing", d.ids[i])
		}
	}
	if d.seen == nil {
		return errors.New("there is no picture")
	}
	return nil
}

func (d *jpegLS) segment(marker byte, b []byte) error {
	switch {
	case marker == lsSOF:
		return d.frame(b)
	case marker == lsLSE && len(b) == 11 && b[0] == 1:
		for i := range d.preset {
			d.preset[i] = int(binary.BigEndian.Uint16(b[1+2*i:]))
		}
	case marker == lsLSE:
		return errors.New("mapping tables of JPEG-LS are not supported")
	case marker == 0xdd && len(b) >= 2 && !zeros(b):
		return errors.New("restart markers of JPEG-LS are not supported")
	case marker == jpegSOS:
		return d.scan(b)
	case marker >= 0xc0 && marker <= 0xcf:
		return errors.New("not JPEG-LS but another kind of JPEG")
	}
	return nil
}

// frame reads a frame header: precision, height, width, components.
func (d *jpegLS) frame(b []byte) error {
	if len(b) < 6 || len(b) != 6+3*int(b[5]) || d.ids != nil {
		return errors.New("the frame header is damaged")
	}
	d.bits = int(b[0])
	if d.bits < 2 || d.bits > 16 {
		return fmt.Errorf("%d bits a sample are not possible", d.bits)
	}
	height, width := int(binary.BigEndian.Uint16(b[1:])), int(binary.BigEndian.Uint16(b[3:]))
	if err := d.file.sameShape(width, height, int(b[5]), d.bits); err != nil {
		return err
	}
	for b = b[6:]; len(b) > 0; b = b[3:] {
		if b[1] != 0x11 {
			return errors.New("sampling factors are not supported in JPEG-LS")
		}
		d.ids = append(d.ids, b[0])
	}
	d.seen = make([]bool, len(d.ids))
	return nil
}

// scan reads a scan header and decodes the scan: one component, or all of them line by line or sample by sample.
func (d *jpegLS) scan(b []byte) error {
	if d.ids == nil || len(b) < 6 || len(b) != 4+2*int(b[0]) {
		return errors.New("a scan header is damaged")
	}
	var components []int
	for i := range int(b[0]) {
		at := bytes.IndexByte(d.ids, b[1+2*i])
		if at < 0 || d.seen[at] {
			return fmt.Errorf("component %d is not in the frame or comes twice", b[1+2*i])
		}
		if b[2+2*i] != 0 {
			return errors.New("mapping tables of JPEG-LS are not supported")
		}
		d.seen[at] = true
		components = append(components, at)
	}
	interleave := int(b[len(b)-2])
	d.near = int(b[len(b)-3])
	if interleave > 2 || (interleave == 0) != (len(components) == 1) || b[len(b)-1] != 0 {
		return errors.New("a scan header is damaged")
	}
	if err := d.begin(); err != nil {
		return err
	}
	return d.lines(components, interleave == 2)
}

// begin sets the parameters and the contexts of a scan (T.87, A.2 and C.2.4.1.1).
func (d *jpegLS) begin() error {
	d.maxVal, d.t1, d.t2, d.t3 = d.preset[0], d.preset[1], d.preset[2], d.preset[3]
	if d.maxVal == 0 {
		d.maxVal = 1<<d.bits - 1
	}
	if d.maxVal >= 1<<d.bits || d.near > min(255, d.maxVal/2) {
		return errors.New("impossible parameters of JPEG-LS")
	}
	// within is CLAMP of the standard: what is out of range becomes the lowest.
	within := func(v, low int) int {
		if v > d.maxVal || v < low {
			return low
		}
		return v
	}
	var t [3]int
	if d.maxVal >= 128 {
		factor := (min(d.maxVal, 4095) + 128) / 256
		t = [3]int{factor + 2, 4*factor + 3, 17*factor + 4}
	} else {
		factor := 256 / (d.maxVal + 1)
		t = [3]int{max(2, 3/factor), max(3, 7/factor), max(4, 21/factor)}
	}
	low := d.near + 1
	for i, to := range []*int{&d.t1, &d.t2, &d.t3} {
		if *to == 0 {
			*to = within(t[i]+[...]int{3, 5, 7}[i]*d.near, low)
		}
		if *to < low || *to > d.maxVal && *to != low {
			return errors.New("impossible parameters of JPEG-LS")
		}
		low = *to
	}
	if d.reset = d.preset[4]; d.reset == 0 {
		d.reset = 64
	}
	if d.reset < 3 {
		return errors.New("impossible parameters of JPEG-LS")
	}
	d.rnge = (d.maxVal+2*d.near)/(2*d.near+1) + 1
	d.qbpp = bits.Len(uint(d.rnge - 1))
	bpp := max(2, bits.Len(uint(d.maxVal)))
	d.lim = 2 * (bpp + max(8, bpp))
	a := max(2, (d.rnge+32)/64)
	for i := range d.contexts {
		d.contexts[i] = lsContext{a: a, n: 1}
	}
	for i := range d.runs {
		d.runs[i] = lsRun{a: a, n: 1}
	}
	d.reader = lsBits{data: d.data, at: d.at}
	return nil
}

// An lsLine is a component's line and the one above, each with a sample more at both ends.
type lsLine struct {
	above, line []int
	run         int // RUNindex
}

// lines decodes the lines of a scan.
func (d *jpegLS) lines(components []int, bySample bool) error {
	width, samples := d.file.Width, len(d.ids)
	state := make([]lsLine, len(components))
	for i := range state {
		state[i] = lsLine{above: make([]int, width+2), line: make([]int, width+2)}
	}
	for y := range d.file.Height {
		for i := range state {
			s := &state[i]
			s.above, s.line = s.line, s.above
			s.line[0], s.above[width+1] = s.above[1], s.above[width]
		}
		if bySample {
			d.decodeLine(state)
		} else {
			for i := range state {
				d.decodeLine(state[i : i+1])
			}
		}
		if d.reader.exhausted() {
			return io.ErrUnexpectedEOF
		}
		for i, c := range components {
			row := d.out[y*width*samples:]
			for x := range width {
				row[x*samples+c] = d.file.extended(int32(state[i].line[x+1]), d.bits)
			}
		}
	}
	d.at = d.reader.end()
	return nil
}

// decodeLine decodes a line, of several components if they are interleaved by sample.
func (d *jpegLS) decodeLine(parts []lsLine) {
	width := len(parts[0].line) - 2
	for x := 1; x <= width; {
		flat := true
		for i := range parts {
			above, line := parts[i].above, parts[i].line
			ra, rb, rc, rd := line[x-1], above[x], above[x-1], above[x+1]
			flat = flat && d.quantize(rd-rb) == 0 && d.quantize(rb-rc) == 0 && d.quantize(rc-ra) == 0
		}
		if flat {
			x = d.run(parts, x, width)
			continue
		}
		for i := range parts {
			above, line := parts[i].above, parts[i].line
			line[x] = d.regular(line[x-1], above[x], above[x-1], above[x+1])
		}
		x++
	}
}

// quantize maps a difference of neighbours to −4 to 4 (T.87, A.3.3).
func (d *jpegLS) quantize(v int) int {
	if v < 0 {
		return -d.quantize(-v)
	}
	switch {
	case v <= d.near:
		return 0
	case v < d.t1:
		return 1
	case v < d.t2:
		return 2
	case v < d.t3:
		return 3
	}
	return 4
}

// regular decodes a sample from those to the left, above, above left and above right (T.87, A.4 to A.6).
func (d *jpegLS) regular(ra, rb, rc, rd int) int {
	q, sign := 81*d.quantize(rd-rb)+9*d.quantize(rb-rc)+d.quantize(rc-ra), 1
	if q < 0 {
		q, sign = -q, -1
	}
	c := &d.contexts[q]
	px := ra + rb - rc
	if rc >= max(ra, rb) {
		px = min(ra, rb)
	} else if rc <= min(ra, rb) {
		px = max(ra, rb)
	}
	px = min(max(px+sign*c.c, 0), d.maxVal)
	k := 0
	for c.n<<k < c.a {
		k++
	}
	mapped := d.golomb(k, d.lim)
	err := mapped >> 1
	if mapped&1 != 0 {
		err = -err - 1
	}
	if d.near == 0 && k == 0 && 2*c.b <= -c.n {
		err = -err - 1
	}
	c.update(err, d.near, d.reset)
	return d.reconstruct(px, sign*err)
}

// update learns from an error (T.87, A.6).
func (c *lsContext) update(err, near, reset int) {
	c.b += err * (2*near + 1)
	c.a += max(err, -err)
	if c.n == reset {
		c.a, c.b, c.n = c.a>>1, c.b>>1, c.n>>1
	}
	c.n++
	if c.b <= -c.n {
		c.b = max(c.b+c.n, 1-c.n)
		c.c = max(c.c-1, -128)
	} else if c.b > 0 {
		c.b = min(c.b-c.n, 0)
		c.c = min(c.c+1, 127)
	}
}

// reconstruct adds an error to a prediction, modulo the range.
func (d *jpegLS) reconstruct(px, err int) int {
	step := 2*d.near + 1
	v := px + err*step
	if v < -d.near {
		v += d.rnge * step
	} else if v > d.maxVal+d.near {
		v -= d.rnge * step
	}
	return min(max(v, 0), d.maxVal)
}

// golomb decodes a number of the limited Golomb code with parameter k (T.87, A.5.3).
func (d *jpegLS) golomb(k, limit int) int {
	most := limit - d.qbpp - 1
	ones := d.reader.unary(most)
	if ones >= most {
		return d.reader.take(d.qbpp) + 1
	}
	v := ones<<k | d.reader.take(k)
	if v >= 2*d.rnge { // not of a whole file, and without end in the contexts
		d.reader.broken = true
		return 0
	}
	return v
}

// lsRunBits is J: the logarithms of the lengths of runs, by RUNindex (T.87, table A.7 and code segment A.14).
var lsRunBits = [32]int{0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15}

// run decodes a run from column x on, and the sample that ends it, and returns the column behind (T.87, A.7).
func (d *jpegLS) run(parts []lsLine, x, width int) int {
	index := &parts[0].run
	fill := func(n int) {
		for i := range parts {
			line := parts[i].line
			for j := x; j < x+n; j++ {
				line[j] = line[x-1]
			}
		}
		x += n
	}
	for d.reader.take(1) == 1 {
		whole := 1 << lsRunBits[*index]
		n := min(whole, width+1-x)
		fill(n)
		if n == whole && *index < 31 {
			*index++
		}
		if x > width {
			return x
		}
		if d.reader.exhausted() {
			return width + 1
		}
	}
	fill(min(d.reader.take(lsRunBits[*index]), width-x)) // one sample at least is left
	for i := range parts {
		line, above := parts[i].line, parts[i].above
		line[x] = d.endOfRun(line[x-1], above[x], lsRunBits[*index], len(parts) > 1)
	}
	if *index > 0 {
		*index--
	}
	return x + 1
}

// endOfRun decodes the sample that ends a run (T.87, A.7.2). Of interleaved samples, all are coded as different from the one above.
func (d *jpegLS) endOfRun(ra, rb, runBits int, several bool) int {
	kind, px, sign := 0, rb, 1
	if max(ra-rb, rb-ra) <= d.near && !several {
		kind, px = 1, ra
	} else if ra > rb {
		sign = -1
	}
	r := &d.runs[kind]
	temp := r.a + kind*(r.n>>1)
	k := 0
	for r.n<<k < temp {
		k++
	}
	mapped := d.golomb(k, d.lim-runBits-1)
	err := (mapped + kind + 1) >> 1
	if (k != 0 || 2*r.negative >= r.n) == ((mapped+kind)&1 != 0) {
		err = -err
	}
	if err < 0 {
		r.negative++
	}
	r.a += (mapped + 1 - kind) >> 1
	if r.n == d.reset {
		r.a, r.n, r.negative = r.a>>1, r.n>>1, r.negative>>1
	}
	r.n++
	return d.reconstruct(px, sign*err)
}

// An lsBits reads bits, the first on top. The byte after 0xff has only seven. At a marker or the end it gives zeros.
type lsBits struct {
	data   []byte
	at     int // the next byte
	bits   uint64
	n      int
	zeros  int  // of the n bits, how many at the end are not in the data
	after  bool // the last byte was 0xff
	broken bool
}

// fill makes n at least 56.
func (r *lsBits) fill() {
	for r.n <= 56 {
		if r.at+1 >= len(r.data) || r.data[r.at] == 0xff && r.data[r.at+1] >= 0x80 {
			r.zeros += 8
			r.n += 8
			continue
		}
		b, size := r.data[r.at], 8
		if r.after {
			size = 7
		}
		r.bits |= uint64(b) << (64 - size) >> r.n
		r.n += size
		r.after = b == 0xff
		r.at++
	}
}

func (r *lsBits) exhausted() bool { return r.n < r.zeros || r.broken }

// take returns the next bits, at most 32.
func (r *lsBits) take(size int) int {
	if r.n < size {
		r.fill()
	}
	v := int(r.bits >> 1 >> (63 - size))
	r.bits <<= size
	r.n -= size
	return v
}

// unary counts the zeros before a one, of which there must be no more than most, and takes them and the one.
func (r *lsBits) unary(most int) (count int) {
	for {
		if r.n < 32 {
			r.fill()
		}
		zeros := min(bits.LeadingZeros64(r.bits), r.n-1)
		one := r.bits<<zeros>>63 == 1
		r.bits = r.bits << zeros << 1
		r.n -= zeros + 1
		if count += zeros; one || r.exhausted() || count > most {
			r.broken = r.broken || count > most
			return count
		}
		count++ // the bit taken was another zero
	}
}

// end returns the offset of the marker after the scan.
func (r *lsBits) end() int {
	for at := r.at; at+1 < len(r.data); at++ {
		if r.data[at] == 0xff && r.data[at+1] >= 0x80 {
			return at
		}
	}
	return len(r.data)
}
