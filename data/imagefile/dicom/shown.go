package dicom

import (
	"errors"
	"fmt"
	"math"

	"keygan/data/imagefile/jpeg"
	"keygan/data/raster"
)

// A Window maps values to grey levels: those around Center in a range of Width.
type Window struct{ Center, Width float64 }

// A View shows the frames of a file.
type View struct {
	file     *File
	window   *Window // nil: the first window of the file, else its table, else all values
	extremes Window  // from the lowest value to the highest, if it is needed
	only     []int32 // the decoded frame, if there is but one

	// table holds the grey levels of all stored values of up to 16 bits, of all frames or of the last that was shown.
	table      *[1 << 16]byte
	tableFrame int
	palette    [3]*lut
}

// Shown prepares the file's pictures. The levels of grey pictures come from window. Without one, they come from the first window of the
// file; else from its first table of values of interest; else from a window from the lowest value to the highest in all frames.
func (f *File) Shown(window *Window) (*View, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	s := &View{file: f, window: window, tableFrame: -1}
	if f.Frames == 1 {
		var err error
		if s.only, err = f.Stored(0); err != nil {
			return nil, err
		}
	}
	switch f.Photometric {
	case "MONOCHROME1", "MONOCHROME2":
		return s, s.findExtremes()
	case "PALETTE COLOR":
		return s, s.readPalette()
	}
	if f.Photometric != "RGB" && f.Bits != 8 {
		return nil, f.find(tagPhotometric).fault("%s of %d bits is not supported, only of 8", f.Photometric, f.Bits)
	}
	return s, nil
}

func (s *View) stored(i int) ([]int32, error) {
	if s.only != nil {
		return s.only, nil
	}
	return s.file.Stored(i)
}

// Channels is how many channels the images have: 1 or 3.
func (f *File) Channels() int {
	if f.Photometric == "MONOCHROME1" || f.Photometric == "MONOCHROME2" {
		return 1
	}
	return 3
}

// Image is frame i with 8 bits a sample, grey or RGB.
func (s *View) Image(i int) (*raster.Image, error) {
	f := s.file
	v, err := s.stored(i)
	if err != nil {
		return nil, err
	}
	m := raster.NewImage(f.Width, f.Height, f.Channels(), 8)
	switch {
	case m.Channels == 1:
		return m, s.greys(i, v, m.Pix)
	case f.Photometric == "PALETTE COLOR":
		for k, index := range v {
			for c, table := range s.palette {
				m.Pix[3*k+c] = table.byteAt(int(f.used(index)))
			}
		}
	default:
		for k, x := range v {
			m.Pix[k] = f.eightBits(f.used(x))
		}
	}
	if f.Photometric != "RGB" && f.Samples == 3 {
		if f.syntax.decode != nil && f.Syntax[0] == 'J' {
			jpeg.ToRGB(m.Pix)
		} else {
			toRGB(m.Pix, !f.halvedChroma())
		}
	}
	return m, nil
}

// used is the number in the stored bits of a sample. Those around them may hold anything, such as an overlay.
func (f *File) used(v int32) int64 {
	if f.Bits == f.Allocated {
		return f.Value(v)
	}
	u := uint32(v) >> (f.High + 1 - f.Bits) << (32 - f.Bits)
	if f.Signed {
		return int64(int32(u) >> (32 - f.Bits))
	}
	return int64(u >> (32 - f.Bits))
}

// eightBits keeps the upper bits of a colour.
func (f *File) eightBits(v int64) byte {
	if f.Bits > 8 {
		return byte(v >> (f.Bits - 8))
	}
	return byte(v * 255 / (1<<f.Bits - 1))
}

// toRGB converts YBR_FULL (PS3.3, C.7.6.3.1.2) in place, with the rounding of dcmtk: towards zero, of each term or, where two pixels share
// their chroma, of the sum.
func toRGB(pix []byte, termwise bool) {
	whole := func(v float64) float64 {
		if termwise {
			return math.Trunc(v)
		}
		return v
	}
	for i := 0; i+3 <= len(pix); i += 3 {
		y, cb, cr := float64(pix[i]), float64(pix[i+1]), float64(pix[i+2])
		red := y + whole(float64(1.4020*cr)-0.7010*255)
		green := y - whole(0.3441*cb) - whole(float64(0.7141*cr)-0.5291*255)
		blue := y + whole(float64(1.7720*cb)-0.8859*255)
		pix[i], pix[i+1], pix[i+2] = raster.Clamp(red), raster.Clamp(green), raster.Clamp(blue)
	}
}

// attributes returns those of a frame: of a macro of its own, of one that all frames share, or of the file.
func (f *File) attributes(frame int, macro Tag) dataset {
	at := func(tag Tag, i int) dataset {
		if groups := f.find(tag); groups != nil && i < len(groups.items) {
			if m := groups.items[i].find(macro); m != nil && len(m.items) > 0 {
				return m.items[0]
			}
		}
		return nil
	}
	if d := at(tagPerFrame, frame); d != nil {
		return d
	}
	if d := at(tagShared, 0); d != nil {
		return d
	}
	return f.dataset
}

// findExtremes finds the window of all values of all frames for which no other is given.
func (s *View) findExtremes() error {
	low, high := math.Inf(1), math.Inf(-1)
	for i := range s.file.Frames {
		if w, t, err := s.interest(i); err != nil {
			return err
		} else if w != nil || t != nil {
			continue
		}
		modality, err := s.file.modality(i)
		if err != nil {
			return err
		}
		v, err := s.stored(i)
		if err != nil {
			return err
		}
		least, most := int64(math.MaxInt64), int64(math.MinInt64)
		for _, x := range v {
			u := s.file.used(x)
			least, most = min(least, u), max(most, u)
		}
		for _, u := range [2]int64{least, most} {
			low, high = min(low, modality.value(u)), max(high, modality.value(u))
		}
		if t := modality.table; t != nil {
			for u := max(least, int64(t.first)); u <= min(most, int64(t.first+len(t.entries)-1)); u++ {
				low, high = min(low, modality.value(u)), max(high, modality.value(u))
			}
		}
	}
	s.extremes = Window{(low + high + 1) / 2, high - low + 1}
	return nil
}

// interest returns the window or the table that is chosen for a frame, nil if there is none.
func (s *View) interest(frame int) (*Window, *lut, error) {
	if s.window != nil {
		return s.window, nil, nil
	}
	d := s.file.attributes(frame, tagFrameWindow)
	centers, err := d.decimals(tagCenter)
	if err != nil {
		return nil, nil, err
	}
	widths, err := d.decimals(tagWidth)
	if err != nil {
		return nil, nil, err
	}
	if len(centers) > 0 && len(widths) > 0 && widths[0] >= 1 {
		return &Window{centers[0], widths[0]}, nil, nil
	}
	if e := s.file.find(tagVOILUT); e != nil && len(e.items) > 0 {
		t, err := s.file.lut(e.items[0], tagLUTDescriptor, tagLUTData)
		return nil, t, err
	}
	return nil, nil, nil
}

// Window is the first window of the first frame, or nil.
func (f *File) Window() *Window {
	w, _, _ := (&View{file: f}).interest(0)
	return w
}

// Window is the window in which the first frame is shown, and the lowest and highest value that it could have. It is nil for colours, for a
// frame that is shown by a table, and where values come from one.
func (s *View) Window() (w *Window, low, high float64) {
	w, table, err := s.interest(0)
	modality, err2 := s.file.modality(0)
	if err != nil || err2 != nil || s.file.Channels() != 1 || table != nil || modality.table != nil {
		return nil, 0, 0
	}
	if w == nil {
		w = &s.extremes
	}
	first, last := int64(0), int64(1)<<s.file.Bits-1
	if s.file.Signed {
		first, last = -1<<(s.file.Bits-1), 1<<(s.file.Bits-1)-1
	}
	a, b := modality.value(first), modality.value(last)
	return w, min(a, b), max(a, b)
}

// greys writes the levels of a grey frame.
func (s *View) greys(frame int, v []int32, out []byte) error {
	f := s.file
	if f.Bits > 16 {
		level, err := s.levels(frame)
		if err != nil {
			return err
		}
		for k, x := range v {
			out[k] = level(f.used(x))
		}
		return nil
	}
	if s.table == nil || s.tableFrame != frame && f.find(tagPerFrame) != nil {
		level, err := s.levels(frame)
		if err != nil {
			return err
		}
		s.table, s.tableFrame = new([1 << 16]byte), frame
		for u := range 1 << f.Bits {
			x := int64(u)
			if f.Signed {
				x = x << (64 - f.Bits) >> (64 - f.Bits)
			}
			s.table[u] = level(x)
		}
	}
	shift, mask := f.High+1-f.Bits, uint32(1)<<f.Bits-1
	for k, x := range v {
		out[k] = s.table[uint32(x)>>shift&mask]
	}
	return nil
}

// levels returns the function from stored values of a frame to grey levels.
func (s *View) levels(frame int) (func(int64) byte, error) {
	modality, err := s.file.modality(frame)
	if err != nil {
		return nil, err
	}
	w, table, err := s.interest(frame)
	if err != nil {
		return nil, err
	}
	first, last := 0.0, 255.0
	if s.file.Photometric == "MONOCHROME1" {
		first, last = last, first
	}
	if table != nil { // in steps as dcmtk has them
		return func(v int64) byte {
			return byte(first + float64(float64(table.at(int(modality.value(v))))*(last-first+1)/float64(int(1)<<table.bits)))
		}, nil
	}
	if w == nil {
		w = &s.extremes
	}
	level, err := w.levels(s.file.attributes(frame, tagFrameWindow).text(tagFunction), first, last)
	if err != nil {
		return nil, s.file.find(tagFunction).fault("%w", err)
	}
	return func(v int64) byte { return byte(level(modality.value(v))) }, nil
}

// levels maps values to levels from first to last, which are not rounded yet (PS3.3, C.11.2.1.2 and C.11.2.1.3). The order of the operations is
// dcmtk's, since it decides some of the last bits.
func (w *Window) levels(function string, first, last float64) (func(float64) float64, error) {
	size := last - first
	switch function {
	case "", "LINEAR":
		low, high := w.Center-0.5-(w.Width-1)/2, w.Center-0.5+(w.Width-1)/2
		gradient, offset := size/(w.Width-1), last-float64(((w.Center-0.5)/(w.Width-1)+0.5)*size)
		return func(v float64) float64 {
			switch {
			case v <= low:
				return first
			case v > high:
				return last
			}
			return offset + float64(v*gradient)
		}, nil
	case "LINEAR_EXACT":
		return func(v float64) float64 { return first + float64(min(max((v-w.Center)/w.Width+0.5, 0), 1)*size) }, nil
	case "SIGMOID":
		return func(v float64) float64 { return first + size/(1+math.Exp(-4*(v-w.Center)/w.Width)) }, nil
	}
	return nil, errors.New("the function of the window is unknown to keygan")
}

// A modality turns stored values into those of the device, such as Hounsfield units.
type modality struct {
	slope, intercept float64
	table            *lut
}

func (m *modality) value(v int64) float64 {
	if m.table != nil {
		return float64(m.table.at(int(v)))
	}
	return float64(float64(v)*m.slope) + m.intercept
}

// modality reads the transformation of a frame (PS3.3, C.11.1).
func (f *File) modality(frame int) (*modality, error) {
	m := &modality{slope: 1}
	if e := f.find(tagModalityLUT); e != nil && len(e.items) > 0 {
		var err error
		m.table, err = f.lut(e.items[0], tagLUTDescriptor, tagLUTData)
		return m, err
	}
	d := f.attributes(frame, tagFrameTransform)
	for tag, to := range map[Tag]*float64{tagSlope: &m.slope, tagIntercept: &m.intercept} {
		v, err := d.decimals(tag)
		if err != nil {
			return nil, err
		}
		if len(v) > 0 {
			*to = v[0]
		}
	}
	return m, nil
}

// A lut is a look-up table (PS3.3, C.11.1.1). Values before the first have the first entry's, values beyond the last the last's.
type lut struct {
	first   int
	entries []uint16
	bits    int // of an entry
}

func (t *lut) at(v int) int { return int(t.entries[min(max(v-t.first, 0), len(t.entries)-1)]) }

// byteAt keeps the upper bits of an entry.
func (t *lut) byteAt(v int) byte { return byte(t.at(v) >> (t.bits - 8)) }

// lut reads a table: the descriptor gives the number of entries, the first value and the bits of an entry.
func (f *File) lut(d dataset, descriptor, data Tag) (*lut, error) {
	e := d.find(data)
	var head [3]int
	for i := range head {
		v, there, err := f.short16(d, descriptor, i)
		if err != nil {
			return nil, err
		}
		if !there || e == nil {
			return nil, fmt.Errorf("%v or %v is missing, which a table needs", descriptor, data)
		}
		head[i] = v
	}
	t := &lut{first: head[1], bits: head[2]}
	if f.Signed {
		t.first = int(int16(head[1]))
	}
	n := head[0]
	if n == 0 {
		n = 1 << 16
	}
	if t.bits < 8 || t.bits > 16 {
		return nil, d.find(descriptor).fault("entries of %d bits", t.bits)
	}
	t.entries = make([]uint16, n) // at most 65536
	switch {
	case len(e.value) >= 2*n:
		for i := range t.entries {
			t.entries[i] = f.order.Uint16(e.value[2*i:])
		}
	case len(e.value) >= n && t.bits == 8: // two in a word
		for i := range t.entries {
			at := i
			if f.syntax.big {
				at ^= 1
			}
			t.entries[i] = uint16(e.value[min(at, len(e.value)-1)])
		}
	default:
		return nil, e.fault("truncated: %d bytes for %d entries", len(e.value), n)
	}
	return t, nil
}

// readPalette reads the tables of red, green and blue.
func (s *View) readPalette() error {
	if e := s.file.find(tagSegmented); e != nil && s.file.find(tagRedData) == nil {
		return e.fault("segmented palettes are not supported")
	}
	for c := range s.palette {
		var err error
		if s.palette[c], err = s.file.lut(s.file.dataset, tagRed+Tag(c), tagRedData+Tag(c)); err != nil {
			return err
		}
	}
	return nil
}
