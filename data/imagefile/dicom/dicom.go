// Package dicom reads the pictures of DICOM files (PS3.10): X-rays, CT and MRI slices, ultrasound, doses.
//
//	f, err := dicom.Parse(content)
//	v, err := f.Stored(0) // the numbers of the first frame, as pydicom's pixel_array has them
//	s, err := f.Shown()   // how to show them
//	m, err := s.Image(0)  // 8 bits, grey or RGB, as dcmtk's dcm2pnm makes them
//
// Stored values are those of the file before any transformation. Shown values went through the modality's transformation (slope and
// intercept, or a table), a window of values, and the photometric interpretation.
//
// Files may lack the preamble or the meta information. They may be implicit or explicit, of either byte order, deflated, or encapsulated:
// RLE, JPEG of 8 bits, lossless JPEG and JPEG-LS. Others, such as JPEG 2000, are refused by name.
//
// Errors name the tag and the offset of the element at fault, and never a value, which may tell who the patient is. Memory is in
// proportion to the file: a length is believed only if the bytes are there.
package dicom

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"keygan/internal/failure"
)

// A File is a parsed file, whose pixels are not decoded yet.
type File struct {
	Syntax string // the name of the transfer syntax

	Frames, Width, Height int
	Samples               int    // of a pixel: 1 or 3
	Photometric           string // such as MONOCHROME2
	Allocated, Bits, High int    // bits that a sample takes, bits that it uses, the highest of them
	Signed                bool
	planar                bool // one plane for each sample of a pixel

	parser
	dataset
	syntax *syntax
	frames []frame
}

// A frame is the part of encapsulated pixel data that one picture is decoded from.
type frame [][]byte

const (
	magicAt   = 128 // the offset of "DICM", after the preamble
	maxPixels = 1 << 28
)

// Recognised reports whether a file is DICOM, by its first bytes, of which 132 are enough. Without preamble, it must begin with an element
// of group 2 or 8.
func Recognised(start []byte) bool {
	if len(start) >= magicAt+4 && string(start[magicAt:magicAt+4]) == "DICM" || bytes.HasPrefix(start, []byte("DICM")) {
		return true
	}
	_, ok := guess(start)
	return ok
}

// guess tells the encoding of a data set without meta information from its first element, and whether it is one at all.
func guess(b []byte) (s *syntax, ok bool) {
	if len(b) < 8 {
		return nil, false
	}
	explicit := isVR(b[4:6])
	order := binary.ByteOrder(binary.LittleEndian)
	if b[0] == 0 {
		order = binary.BigEndian
	}
	group, number, length := order.Uint16(b), order.Uint16(b[2:]), order.Uint32(b[4:])
	switch {
	case group != 2 && group != 8 || number > 0x1000:
		return nil, false
	case explicit && order == binary.BigEndian:
		s = &syntaxes[bigEndian]
	case explicit:
		s = &syntaxes[littleEndian]
	case order == binary.BigEndian || length > 1<<10 || length%2 != 0:
		return nil, false
	default:
		s = &syntaxes[implicit]
	}
	return s, true
}

// Parse reads a file up to its pixel data. It returns a File without pictures, and no error, if the data set is whole but has no pixels;
// then Check says so.
func Parse(content []byte) (*File, error) {
	f := &File{}
	at := 0
	switch {
	case len(content) >= magicAt+4 && string(content[magicAt:magicAt+4]) == "DICM":
		at = magicAt + 4
	case bytes.HasPrefix(content, []byte("DICM")):
		at = 4
	}
	f.parser = parser{data: content, order: binary.LittleEndian}
	at, err := f.metaInformation(at)
	if err != nil {
		return nil, err
	}
	if f.syntax == nil {
		var ok bool
		if f.syntax, ok = guess(content[at:]); !ok {
			return nil, fmt.Errorf("no transfer syntax is named, and the data set at byte %d does not tell it", at)
		}
	}
	f.Syntax = f.syntax.name
	if f.syntax.deflated {
		if content, err = inflate(content[at:]); err != nil {
			return nil, fmt.Errorf("the deflated data set at byte %d: %w", at, err)
		}
		at = 0
	}
	f.parser = parser{data: content, order: f.syntax.order(), implicit: f.syntax == &syntaxes[implicit]}
	if at+8 <= len(content) && !isVR(content[at+4:at+6]) {
		f.implicit = true // some writers leave them out against their word
	}
	if f.dataset, _, err = f.elements(at, len(content), 0, f.implicit, false); err != nil {
		return nil, err
	}
	if f.pixels != nil {
		err = f.describe()
	}
	return f, err
}

// metaInformation reads the elements of group 2, which are always explicit and little endian, and returns where the data set begins.
func (f *File) metaInformation(at int) (int, error) {
	for at+8 <= len(f.data) && f.order.Uint16(f.data[at:]) == 2 {
		h, err := f.header(at, len(f.data), !isVR(f.data[at+4:at+6]))
		if err != nil {
			return 0, err
		}
		if h.length > len(f.data)-h.value {
			return 0, fault(h.tag, at, "%w", errPastEnd)
		}
		if h.tag == tagTransferSyntax {
			uid := strings.Trim(string(f.data[h.value:][:h.length]), " \x00")
			if f.syntax = syntaxOf(uid); f.syntax == nil {
				return 0, fault(h.tag, at, "keygan does not know this transfer syntax")
			}
		}
		at = h.value + h.length
	}
	return at, nil
}

// inflate unpacks a deflated data set. A bomb is refused: what takes more than 64 MB may be at most a hundred times as long as its source.
func inflate(b []byte) ([]byte, error) {
	most := max(64<<20, 100*int64(len(b)))
	z := flate.NewReader(bytes.NewReader(b))
	out, err := io.ReadAll(io.LimitReader(z, most+1))
	if int64(len(out)) > most {
		return nil, errors.New("it is more than a hundred times as long unpacked")
	}
	return out, err
}

// describe reads the attributes that say how the pixels are stored (PS3.3, C.7.6.3).
func (f *File) describe() (err error) {
	if f.pixels.tag != tagPixelData {
		return f.pixels.fault("pixels in floating point are not supported")
	}
	number := func(tag Tag, otherwise int) int {
		v, there, e := f.short16(f.dataset, tag, 0)
		switch {
		case e != nil && err == nil:
			err = e
		case !there && otherwise < 0 && err == nil:
			err = fmt.Errorf("%v is missing, which pictures need", tag)
		case !there:
			return otherwise
		}
		return v
	}
	f.Samples = number(tagSamples, 1)
	f.Height, f.Width = number(tagRows, -1), number(tagColumns, -1)
	f.Allocated = number(tagAllocated, -1)
	f.Bits = number(tagStored, f.Allocated)
	f.High = number(tagHighBit, f.Bits-1)
	f.Signed = number(tagRepresentation, 0) == 1
	f.planar = number(tagPlanar, 0) == 1
	f.Photometric = f.text(tagPhotometric)
	if err == nil {
		f.Frames, err = f.frameCount()
	}
	if err == nil {
		err = f.checkShape()
	}
	if err == nil && f.short == nil && f.syntax.decode != nil {
		err = f.encapsulated()
	}
	return err
}

func (f *File) frameCount() (int, error) {
	e := f.find(tagFrames)
	if e == nil || f.text(tagFrames) == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(f.text(tagFrames))
	switch {
	case err != nil:
		return 0, e.fault("not a whole number")
	case n < 0 || n > math.MaxInt32:
		return 0, e.fault("an impossible number of frames")
	}
	return max(1, n), nil
}

// checkShape refuses what cannot be a picture, and more pixels than there can be in the file.
func (f *File) checkShape() error {
	colours := 1
	switch f.Photometric {
	case "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_RCT", "YBR_ICT":
		colours = 3
	case "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR":
	case "":
		return fmt.Errorf("%v is missing, which pictures need", tagPhotometric)
	default:
		return f.find(tagPhotometric).fault("keygan does not know this photometric interpretation")
	}
	switch {
	case f.Samples != colours:
		return fmt.Errorf("%v: %d samples of a pixel, where %s has %d", tagSamples, f.Samples, f.Photometric, colours)
	case f.Width == 0 || f.Height == 0:
		return f.find(tagRows).fault("an image cannot have %d×%d pixels", f.Width, f.Height)
	case f.Allocated != 1 && f.Allocated != 8 && f.Allocated != 16 && f.Allocated != 32 || f.Allocated == 1 && colours == 3:
		return f.find(tagAllocated).fault("%d bits allocated for a sample are not supported; keygan reads 1, 8, 16 and 32", f.Allocated)
	case f.Bits < 1 || f.Bits > f.Allocated || f.High >= f.Allocated || f.High < f.Bits-1:
		return fmt.Errorf("%v: %d bits with the highest at %d are not in %d", tagStored, f.Bits, f.High, f.Allocated)
	}
	pixels := int64(f.Width) * int64(f.Height)
	if pixels*int64(f.Samples) > maxPixels || int64(f.Frames) > maxPixels/(pixels*int64(f.Samples)) {
		return fmt.Errorf("%d frames of %d×%d are more than the %d samples that keygan reads", f.Frames, f.Width, f.Height, maxPixels)
	}
	pixels *= int64(f.Frames)
	if most := f.syntax.perByte; most > 0 && pixels > 1<<22 && pixels/most > int64(len(f.pixels.value)) {
		return f.pixels.fault("%d frames of %d×%d cannot be in %d bytes", f.Frames, f.Width, f.Height, len(f.pixels.value))
	}
	return nil
}

// Check says why a file has no pictures that can be read, or nil. It decodes nothing.
func (f *File) Check() error {
	switch {
	case f.pixels == nil:
		return errors.New("a DICOM file without a picture: it has no pixel data")
	case f.syntax.refusal != "":
		return failure.Hint(fmt.Errorf("the transfer syntax %s is not supported", f.Syntax), f.syntax.refusal)
	case f.short != nil:
		return f.short
	}
	return nil
}

// Modality is the kind of device that made the picture, such as CT, MR or CR, or "" if it is no such code.
func (f *File) Modality() string {
	code := f.text(tagModality)
	if len(code) > 16 || strings.Trim(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ ") != "" {
		return ""
	}
	return code
}

// Identifying lists the attributes of the file that may tell who the patient is, as far as they are known here.
func (f *File) Identifying() (names, values []string) {
	for _, a := range identifying {
		if v := f.text(a.Tag); v != "" {
			names, values = append(names, a.Name), append(values, v)
		}
	}
	return names, values
}
