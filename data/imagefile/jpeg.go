package imagefile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"keygan/data/imagefile/jpeg"
	"keygan/data/raster"
)

var jpegFormat = Format{
	Name: "JPEG", Extensions: []string{".jpg", ".jpeg"}, Matches: startsWith("\xff\xd8\xff"),
	Decode: decodeJPEG, Inspect: fromExcerpts((*Findings).inspectJPEG),
}

// decodeJPEG gives 8-bit grey for a grey JPEG and RGB for colour, CMYK included, as libjpeg-turbo decodes them. It applies no EXIF
// orientation.
func decodeJPEG(file *io.SectionReader) (*raster.Image, error) {
	b, err := content(file)
	if err != nil {
		return nil, err
	}
	width, height, err := jpeg.Size(b)
	if err != nil {
		return nil, err
	}
	// Decode itself refuses more pixels than there can be in a file of this length.
	if err := checkPixels(width, height, maxPixels, math.MaxInt64, 1); err != nil {
		return nil, err
	}
	return jpeg.Decode(b)
}

// The second bytes of JPEG's markers (ITU-T T.81, table B.1).
const (
	jpegTEM, jpegRST0, jpegSOI, jpegEOI, jpegSOS = 0x01, 0xd0, 0xd8, 0xd9, 0xda

	jpegSOF0, jpegSOF15       = 0xc0, 0xcf // frames, but for the next three
	jpegDHT, jpegJPG, jpegDAC = 0xc4, 0xc8, 0xcc

	jpegAPP0, jpegAPP15, jpegCOM = 0xe0, 0xef, 0xfe
)

// inspectJPEG looks at the segments one by one and skips the coded pixels between them, to the end of the picture.
func (f *Findings) inspectJPEG(e *excerpts) {
	for at := int64(2); ; {
		b := e.at(at, 2)
		if b == nil {
			return
		}
		marker := b[1]
		switch {
		case b[0] != 0xff || marker == 0 || marker == jpegTEM || marker >= jpegRST0 && marker <= jpegSOI:
			at = nextMarker(e, at+1) // coded pixels
			continue
		case marker == 0xff: // a fill byte
			at++
			continue
		case marker == jpegEOI:
			if at+2 < e.size {
				f.Add("data after the picture")
			}
			return
		}
		b = e.at(at+2, 2)
		if b == nil {
			return
		}
		length := int64(binary.BigEndian.Uint16(b)) // of the content and of itself
		if length < 2 || length > e.size-at-2 {
			return
		}
		f.jpegSegment(e, marker, at+4, at+2+length)
		at += 2 + length
	}
}

// nextMarker finds the next 0xff from an offset on, or the end of the file.
func nextMarker(e *excerpts, at int64) int64 {
	for {
		b := e.upTo(at, e.size, 512)
		if len(b) == 0 {
			return e.size
		}
		if i := bytes.IndexByte(b, 0xff); i >= 0 {
			return at + int64(i)
		}
		at += int64(len(b))
	}
}

// jpegSegment looks into the segment whose content lies from start to end.
func (f *Findings) jpegSegment(e *excerpts, marker byte, start, end int64) {
	switch {
	case marker == jpegCOM:
		f.Add("text")
	case marker >= jpegAPP0 && marker <= jpegAPP15:
		f.jpegApplication(e, marker-jpegAPP0, start, end)
	case marker >= jpegSOF0 && marker <= jpegSOF15 && marker != jpegDHT && marker != jpegJPG && marker != jpegDAC:
		// sample precision, height (2 bytes), width (2), components
		b := e.upTo(start, end, 6)
		if len(b) < 6 {
			return
		}
		if b[0] != 8 {
			f.Refuse(fmt.Sprintf("has %d bits a sample", b[0]))
		}
		if b[5] == 4 {
			f.Refuse("is CMYK")
		}
	}
}

// jpegApplication looks into segment APPn.
func (f *Findings) jpegApplication(e *excerpts, n byte, start, end int64) {
	is := func(app byte, id string) bool { return n == app && string(e.upTo(start, end, len(id))) == id }
	switch {
	case is(0, "JFIF\x00"):
		f.jfif(e.upTo(start, end, 14))
	case is(0, "JFXX\x00"):
		f.Add("thumbnail")
	case is(1, "Exif\x00"): // and a byte of padding
		f.inspectEXIF(e.within(start+6, end-start-6))
	case is(1, "http://ns.adobe.com/xap/1.0/\x00"), is(1, "http://ns.adobe.com/xmp/extension/\x00"):
		f.Add("XMP")
	case is(2, "ICC_PROFILE\x00"):
		f.Add("ICC profile")
	case is(2, "MPF\x00"):
		f.inspectMPF(e.within(start+4, end-start-4))
	case is(13, "Photoshop "):
		f.Add("IPTC")
	case is(14, "Adobe"): // how the components are coded
	default:
		f.Add("private data")
	}
}

// jfif looks into a JFIF header (ITU-T T.871): a name of 5 bytes, version (2), units, densities (2 + 2), size of a thumbnail (1 + 1).
func (f *Findings) jfif(b []byte) {
	if len(b) < 14 {
		return
	}
	// Without units, the densities give the shape of a pixel, which matters unless it is square.
	if b[7] != 0 || binary.BigEndian.Uint16(b[8:]) != binary.BigEndian.Uint16(b[10:]) {
		f.Add("resolution")
	}
	if b[12] != 0 && b[13] != 0 {
		f.Add("thumbnail")
	}
}

// mpfPictures is the tag of the number of pictures in a multi-picture file (CIPA DC-007, section 5.2.3).
const mpfPictures = 0xb001

// inspectMPF looks into the index of a multi-picture file.
func (f *Findings) inspectMPF(e *excerpts) {
	pictures := uint32(0)
	if t := newTIFFTree(e); t != nil {
		t.directory(t.first, func(entry tiffEntry) {
			if entry.tag == mpfPictures {
				pictures, _ = t.value(entry, 0)
			}
		})
	}
	if pictures != 1 {
		f.refuseMany(int64(pictures), "pictures")
	}
}
