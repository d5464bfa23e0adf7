package imagefile

import (
	"encoding/binary"
	"image"
	"image/color"
	"io"
	"slices"
	"strings"

	"golang.org/x/image/bmp"

	"keygan/data/raster"
)

var bmpFormat = Format{
	Name: "BMP", Extensions: []string{".bmp"}, Matches: startsWith("BM"),
	Decode: decodeBMP, Inspect: fromExcerpts((*Findings).inspectBMP),
}

// decodeBMP reads an uncompressed BMP. The format has no grey pixels: a palette of greys becomes one channel.
func decodeBMP(file *io.SectionReader) (*raster.Image, error) {
	m, src, err := decodeWithGo(file, 8, bmp.DecodeConfig, bmp.Decode)
	if p, ok := src.(*image.Paletted); ok && err == nil && greyPalette(p.Palette) {
		m = m.Convert(1)
	}
	return m, err
}

// greyPalette reports whether every colour of a palette is an opaque grey.
func greyPalette(p color.Palette) bool {
	return !slices.ContainsFunc(p, func(c color.Color) bool {
		r, g, b, a := c.RGBA()
		return r != g || g != b || a != 0xffff
	})
}

// Lengths of the headers of a bitmap, in bytes, from its offset 14 on (BITMAPINFOHEADER, BITMAPV4HEADER).
const bmpInfoHeader, bmpV4Header = 40, 108

// inspectBMP looks at the headers and the palette.
func (f *Findings) inspectBMP(e *excerpts) {
	const start = 14
	b := e.at(start, 4)
	if b == nil {
		return
	}
	length := int64(binary.LittleEndian.Uint32(b))
	header := e.upTo(start, start+length, bmpV4Header)
	if len(header) < bmpInfoHeader {
		return // of OS/2, which ReadImage does not read
	}
	bits := binary.LittleEndian.Uint16(header[14:])
	colours := binary.LittleEndian.Uint32(header[32:])
	if strings.Trim(string(header[24:32]), "\x00") != "" { // pixels per metre
		f.Add("resolution")
	}
	if len(header) >= bmpV4Header {
		f.bmpColourSpace(header[56:])
	}
	if bits >= 1 && bits <= 8 && !(bits == 8 && bmpGreys(e, start+length, colours)) {
		f.Add("palette")
	}
}

// bmpColourSpace looks at the end of a long header: the kind of colour space, its end points (36 bytes) and gammas (12).
func (f *Findings) bmpColourSpace(b []byte) {
	switch binary.LittleEndian.Uint32(b) {
	case 'M'<<24 | 'B'<<16 | 'E'<<8 | 'D', 'L'<<24 | 'I'<<16 | 'N'<<8 | 'K': // in the file, in another file
		f.Add("ICC profile")
	case 0: // given by the end points and gammas, if any
		if strings.Trim(string(b[4:52]), "\x00") != "" {
			f.Add("colour space")
		}
	default:
		f.Add("colour space")
	}
}

// bmpGreys reports whether colour i of the palette is grey level i, as in every grey bitmap. 0 colours stand for 256.
func bmpGreys(e *excerpts, at int64, colours uint32) bool {
	b := e.at(at, 4*256)
	if b == nil || colours != 0 && colours != 256 {
		return false
	}
	for i := range 256 {
		if b[4*i] != byte(i) || b[4*i+1] != byte(i) || b[4*i+2] != byte(i) {
			return false
		}
	}
	return true
}
