package dicom

import (
	"encoding/binary"
	"errors"
	"fmt"

	"keygan/data/raster"
	"keygan/internal/failure"
)

// Stored decodes frame i of Frames to the numbers that the file holds: row by row, the samples of a pixel side by side. They are those of
// all allocated bits, as in pydicom's pixel_array. Unsigned numbers of 32 bits are in two's complement; see Value.
func (f *File) Stored(i int) ([]int32, error) {
	if err := f.Check(); err != nil {
		return nil, err
	}
	if f.syntax.decode == nil {
		return f.native(i)
	}
	out := make([]int32, f.Width*f.Height*f.Samples)
	var whole []byte
	for _, part := range f.frames[i] {
		if whole = append(whole, part...); len(f.frames[i]) == 1 {
			whole = part
		}
	}
	if err := f.syntax.decode(f, whole, out); err != nil {
		return nil, failure.Hint(f.pixels.fault("frame %d: %w", i+1, err), gdcmconv)
	}
	return out, nil
}

// Value is the number that a stored sample stands for.
func (f *File) Value(v int32) int64 {
	if f.Allocated == 32 && !f.Signed {
		return int64(uint32(v))
	}
	return int64(v)
}

// Raster is frame i as it is stored, with 8 or 16 bits a sample. Signed numbers are moved up by half their range, so that −32768 becomes 0.
func (f *File) Raster(i int) (*raster.Image, error) {
	if f.Allocated > 16 {
		return nil, fmt.Errorf("%d bits a sample, more than the 16 of an image", f.Allocated)
	}
	v, err := f.Stored(i)
	if err != nil {
		return nil, err
	}
	m := raster.NewImage(f.Width, f.Height, f.Samples, max(8, f.Allocated))
	up := 0
	if f.Signed {
		up = 1 << (f.Allocated - 1)
	}
	for k, x := range v {
		m.SetSample(k, int(x)+up)
	}
	return m, nil
}

// native reads a frame of pixels that are not compressed (PS3.5, section 8.1.1).
func (f *File) native(i int) ([]int32, error) {
	b, samples := f.pixels.value, f.Width*f.Height*f.Samples
	if f.halvedChroma() {
		samples = f.Width * f.Height * 2
		if f.Width%2 != 0 {
			return nil, f.pixels.fault("%s with an odd width", f.Photometric)
		}
	}
	if need := (f.Frames*samples*f.Allocated + 7) / 8; len(b) < need {
		return nil, f.pixels.fault("truncated: %d bytes, where %d frames of %d×%d take %d", len(b), f.Frames, f.Width, f.Height, need)
	}
	out := make([]int32, f.Width*f.Height*f.Samples)
	if f.Allocated == 1 {
		for k := range out {
			at := i*samples + k
			out[k] = int32(b[at/8] >> (at % 8) & 1)
		}
		return out, nil
	}
	if f.syntax.big && f.Allocated == 8 && f.pixels.vr == "OW" {
		b = unswapped(b, i*samples, samples)
	} else {
		b = b[i*samples*f.Allocated/8:]
	}
	if f.halvedChroma() {
		for k := 0; k < samples; k += 4 { // two of Y, one of Cb, one of Cr
			y1, y2, cb, cr := int32(b[k]), int32(b[k+1]), int32(b[k+2]), int32(b[k+3])
			copy(out[k/4*6:], []int32{y1, cb, cr, y2, cb, cr})
		}
		return out, nil
	}
	f.numbers(b, out, f.planar)
	return out, nil
}

// unswapped gives n bytes from an offset of big-endian words, in which the second byte comes first.
func unswapped(b []byte, from, n int) []byte {
	out := make([]byte, n)
	for k := range out {
		out[k] = b[min((from+k)^1, len(b)-1)]
	}
	return out
}

// halvedChroma reports pixels that share their chroma with a neighbour.
func (f *File) halvedChroma() bool {
	return f.Photometric == "YBR_FULL_422" && f.syntax.decode == nil && f.Allocated == 8
}

// numbers reads numbers of the allocated bits, which may be in planes.
func (f *File) numbers(b []byte, out []int32, planar bool) {
	planes, pixels := 1, len(out)
	if planar {
		planes, pixels = f.Samples, len(out)/f.Samples
	}
	low, high := 0, 1 // the bytes of 16 bits: a call of f.order for each takes four times as long
	if f.order == binary.ByteOrder(binary.BigEndian) {
		low, high = 1, 0
	}
	for plane := range planes {
		from := b[plane*pixels*f.Allocated/8:]
		switch {
		case f.Allocated == 8 && f.Signed:
			for k := range pixels {
				out[k*planes+plane] = int32(int8(from[k]))
			}
		case f.Allocated == 8:
			for k := range pixels {
				out[k*planes+plane] = int32(from[k])
			}
		case f.Allocated == 16 && f.Signed:
			for k := range pixels {
				out[k*planes+plane] = int32(int16(uint16(from[2*k+low]) | uint16(from[2*k+high])<<8))
			}
		case f.Allocated == 16:
			for k := range pixels {
				out[k*planes+plane] = int32(uint16(from[2*k+low]) | uint16(from[2*k+high])<<8)
			}
		default:
			for k := range pixels {
				out[k*planes+plane] = int32(f.order.Uint32(from[4*k:]))
			}
		}
	}
}

// A fragment is one of the items of encapsulated pixel data.
type fragment struct {
	at      int // of its item, counted from that of the first fragment
	content []byte
}

// encapsulated divides the fragments among the frames (PS3.5, annex A.4).
func (f *File) encapsulated() error {
	if !f.packed {
		return f.pixels.fault("not in fragments, as %s needs", f.Syntax)
	}
	offsets, fragments, err := f.fragments()
	if err != nil {
		return err
	}
	starts, err := f.frameStarts(offsets, fragments)
	if err != nil {
		return err
	}
	for i, start := range starts {
		end := len(fragments)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		var whole frame
		for _, part := range fragments[start:end] {
			whole = append(whole, part.content)
		}
		f.frames = append(f.frames, whole)
	}
	return nil
}

// fragments reads the items of encapsulated pixel data. The first is the basic offset table.
func (f *File) fragments() (offsets []byte, all []fragment, err error) {
	base := len(f.data) - len(f.pixels.value) // everything to the end is the value
	at, first := base, -1
	for {
		h, err := f.header(at, len(f.data), true)
		switch {
		case err != nil:
			return nil, nil, f.pixels.fault("%w", err)
		case h.tag == tagSequenceEnd:
			return offsets, all, nil
		case h.tag != tagItem:
			return nil, nil, f.pixels.fault("%v at byte %d where a fragment should be", h.tag, at)
		case h.length > len(f.data)-h.value:
			return nil, nil, fault(h.tag, at, "%w", errPastEnd)
		}
		content := f.data[h.value:][:h.length]
		if first < 0 && offsets == nil {
			offsets = append([]byte{}, content...)
			first = h.value + h.length
		} else {
			all = append(all, fragment{at - first, content})
		}
		at = h.value + h.length
	}
}

// frameStarts gives the index of the first fragment of each frame.
func (f *File) frameStarts(offsets []byte, fragments []fragment) (starts []int, err error) {
	byOffset := map[int]int{}
	for i, part := range fragments {
		byOffset[part.at] = i
	}
	table, size := offsets, 4
	if e := f.find(tagExtendedOffset); e != nil {
		table, size = e.value, 8
	}
	switch {
	case len(fragments) < f.Frames:
		return nil, f.pixels.fault("%d fragments for %d frames", len(fragments), f.Frames)
	case f.Frames == 1:
		return []int{0}, nil
	case len(fragments) == f.Frames:
		for i := range fragments {
			starts = append(starts, i)
		}
		return starts, nil
	case len(table) == size*f.Frames:
		for i := range f.Frames {
			at := int(f.order.Uint32(table[i*size:]))
			start, there := byOffset[at]
			if !there || i > 0 && start <= starts[i-1] || i == 0 && start != 0 {
				return nil, f.pixels.fault("the offset table names no fragment for frame %d", i+1)
			}
			starts = append(starts, start)
		}
		return starts, nil
	}
	for i, part := range fragments {
		if len(part.content) > 2 && part.content[0] == 0xff && part.content[1] == 0xd8 { // a picture of JPEG begins
			starts = append(starts, i)
		}
	}
	if len(starts) != f.Frames || starts[0] != 0 {
		return nil, f.pixels.fault("%d fragments for %d frames, and no offset table that divides them", len(fragments), f.Frames)
	}
	return starts, nil
}

// decodeRLE decodes a frame of RLE (PS3.5, annex G): a segment for each byte of a pixel, the most significant first.
func decodeRLE(f *File, frame []byte, out []int32) error {
	size := f.Allocated / 8
	segments := f.Samples * size
	if len(frame) < 64 {
		return errors.New("truncated: no header of 64 bytes")
	}
	if f.Allocated < 8 || int(f.order.Uint32(frame)) != segments {
		return fmt.Errorf("%d segments, where %d samples of %d bits take %d", f.order.Uint32(frame), f.Samples, f.Allocated, segments)
	}
	pixels := len(out) / f.Samples
	whole := make([]byte, pixels*segments) // little endian, in planes
	for s := range segments {
		start, end := int(f.order.Uint32(frame[4+4*s:])), len(frame)
		if s+1 < segments {
			end = int(f.order.Uint32(frame[8+4*s:]))
		}
		if start < 64 || end < start || end > len(frame) {
			return fmt.Errorf("segment %d from %d to %d is not in the %d bytes of the frame", s+1, start, end, len(frame))
		}
		to := whole[s/size*size*pixels+size-1-s%size:]
		if n := unpackBits(frame[start:end], to, size, pixels); n < pixels {
			return fmt.Errorf("truncated: segment %d holds %d of %d bytes", s+1, n, pixels)
		}
	}
	f.numbers(whole, out, true)
	return nil
}

// unpackBits decodes up to n bytes of PackBits to every stride-th byte of out. It returns how many there were.
func unpackBits(b, out []byte, stride, n int) (done int) {
	for at := 0; at < len(b) && done < n; {
		count := int(int8(b[at]))
		at++
		switch {
		case count >= 0: // that many and one more as they are
			for end := min(at+count+1, len(b)); at < end && done < n; at++ {
				out[done*stride] = b[at]
				done++
			}
		case count > -128 && at < len(b): // one byte, repeated
			for range min(1-count, n-done) {
				out[done*stride] = b[at]
				done++
			}
			at++
		}
	}
	return done
}

// Native says how the pixels lie in the file if they do so as whole bytes, not compressed: at an offset, with this many bytes for a pixel of
// each plane of a frame.
func (f *File) Native() (planes, bytes, at int, native bool) {
	if f.Check() != nil || f.syntax.decode != nil || f.syntax.deflated || f.packed || f.Allocated < 8 {
		return 0, 0, 0, false
	}
	planes, bytes = 1, f.Samples*f.Allocated/8
	switch {
	case f.halvedChroma():
		bytes = 2
	case f.planar:
		planes, bytes = f.Samples, f.Allocated/8
	}
	return planes, bytes, f.pixelsAt, true
}
