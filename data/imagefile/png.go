package imagefile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/png"
	"io"
	"math"
	"strconv"

	"keygan/data/imagefile/pngstream"
	"keygan/data/raster"
	"keygan/internal/atomicfile"
)

var pngFormat = Format{
	Name: "PNG", Extensions: []string{".png"}, Matches: startsWith(pngstream.Signature),
	Decode: decodePNG, Thumbnail: thumbnailPNG, Inspect: fromExcerpts((*Findings).inspectPNG),
}

// WritePNG writes the image to path, whole or not at all. Without overwrite, it refuses an existing file with atomicfile.ErrExists.
func WritePNG(path string, m *raster.Image, overwrite bool) error {
	return atomicfile.Write(path, 0o666, overwrite, func(w io.Writer) error { return EncodePNG(w, m) })
}

// EncodePNG writes the image as a compressed PNG of the same channels and depth. Decoding gives every sample back.
func EncodePNG(w io.Writer, m *raster.Image) error { return pngstream.Encode(w, m) }

// decodePNG gives every sample as stored, with the channels and the depth of the file. Grey of 1, 2 or 4 bits is spread to 8, a palette's
// colours are written out, and a transparent colour (tRNS) becomes an alpha channel. Gamma, colour profiles and significant bits (gAMA,
// cHRM, iCCP, sRGB, sBIT) are not applied. Only a few rows of the file are in memory at a time.
func decodePNG(file *io.SectionReader) (*raster.Image, error) {
	var m *raster.Image
	odd, err := scanPNG(file, func(h pngstream.Header) func([]byte) {
		m = raster.NewImage(int(h.Width), int(h.Height), h.Channels(), int(h.Depth))
		rest := m.Pix
		return func(row []byte) { rest = rest[copy(rest, row):] }
	})
	if odd != nil {
		m = odd
	}
	return m, err
}

// thumbnailPNG reduces each row as soon as it is decoded.
func thumbnailPNG(file *io.SectionReader, width, height int) (*raster.Image, error) {
	var r *raster.Resizer
	odd, err := scanPNG(file, func(h pngstream.Header) func([]byte) {
		r = raster.NewResizer(int(h.Width), int(h.Height), h.Channels(), int(h.Depth), width, height)
		return r.Add
	})
	switch {
	case err != nil:
		return nil, err
	case odd != nil:
		return odd.Resize(width, height), nil
	}
	return r.Out, nil
}

// maxSampleBytes bounds the samples of a PNG read row by row, so that it can be written without compression within maxFileBytes.
const maxSampleBytes = 2_000_000_000

// scanPNG calls start with the header, and what start returns with each row. An odd image it decodes whole, without start.
func scanPNG(file *io.SectionReader, start func(pngstream.Header) (addRow func([]byte))) (odd *raster.Image, err error) {
	check := func(h pngstream.Header, most int) error {
		// Deflate packs at most 1032 bytes into one. A palette or an unknown colour type counts as one sample a pixel.
		perByte := 1032 * 8 / (max(1, int(h.Depth)) * max(1, h.Channels()))
		return checkPixels(int(h.Width), int(h.Height), most, file.Size(), max(1, perByte))
	}
	err = pngstream.Scan(file, func(h pngstream.Header) (func([]byte), error) {
		// Only the image itself is in memory, so its bytes are what counts.
		if err := check(h, maxSampleBytes*8/(int(h.Depth)*h.Channels())); err != nil {
			return nil, err
		}
		return start(h), nil
	})
	if unusual := (*pngstream.UnusualError)(nil); errors.As(err, &unusual) {
		if err := check(unusual.Header, maxPixels); err != nil {
			return nil, err
		}
		return decodeOddPNG(file, unusual.Header)
	}
	return nil, err
}

// decodeOddPNG reads the files that few scanners write: interlaced ones, with a palette, with a transparent colour, of less than 8 bits.
func decodeOddPNG(file *io.SectionReader, h pngstream.Header) (*raster.Image, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	src, err := png.Decode(bufio.NewReader(file))
	if err != nil {
		return nil, err
	}
	// Go widens grey with alpha to RGBA, and RGB to RGB with an opaque alpha. Take only the channels that the file has.
	grey := h.ColourType == pngstream.GreyAlpha || h.ColourType == pngstream.Grey
	switch s := src.(type) {
	case *image.NRGBA:
		if grey {
			return pickChannels(s.Pix, s.Stride, s.Rect, 8, 4, 0, 3), nil
		}
	case *image.NRGBA64:
		if grey {
			return pickChannels(s.Pix, s.Stride, s.Rect, 16, 4, 0, 3), nil
		}
	}
	return fromGo(src)
}

// pngMetadata names what a chunk holds (PNG, third edition, 11.3, and extensions), unless it is of the picture or inspectPNG looks into it.
var pngMetadata = map[string]string{
	"IHDR": "", "PLTE": "", "IDAT": "", "IEND": "", "tRNS": "", "acTL": "", "fcTL": "", "fdAT": "", "eXIf": "", "iTXt": "",
	"tEXt": "text", "zTXt": "text",
	"iCCP": "ICC profile", "gAMA": "gamma",
	"cHRM": "colour space", "sRGB": "colour space", "cICP": "colour space", "mDCV": "colour space", "cLLI": "colour space",
	"pHYs": "resolution", "sCAL": "resolution",
	"tIME": "modification time",
	"sBIT": "significant bits",
	"bKGD": "background colour",
	"pCAL": "calibration of samples",
	"oFFs": "position on the page",
	"sPLT": "suggested palette", "hIST": "suggested palette",
	"sTER": "stereo layout",
}

// inspectPNG looks at the chunks one by one, to the last.
func (f *Findings) inspectPNG(e *excerpts) {
	var colourType byte
	for at := int64(len(pngstream.Signature)); ; {
		head := e.at(at, 8)
		if head == nil {
			return
		}
		length, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:])
		content := at + 8
		if length > math.MaxInt32 || length > e.size-content {
			return
		}
		at = content + length + 4 // a checksum
		switch kind {
		case "IHDR":
			colourType = f.pngHeader(e.upTo(content, content+length, 13))
		case "tRNS":
			if colourType == pngstream.Grey || colourType == pngstream.RGB {
				f.Add("transparent colour as a colour")
			}
		case "acTL":
			if b := e.upTo(content, content+length, 4); len(b) == 4 {
				f.Add("animation")
				if n := binary.BigEndian.Uint32(b); n != 1 { // one frame is the picture, unless an fdAT gives another
					f.refuseMany(int64(n), "frames")
				}
			}
		case "fdAT":
			f.refuseMany(0, "frames")
		case "eXIf":
			f.inspectEXIF(e.within(content, length))
		case "iTXt":
			if bytes.HasPrefix(e.upTo(content, content+length, 32), []byte("XML:com.adobe.xmp\x00")) {
				f.Add("XMP")
			} else {
				f.Add("text")
			}
		case "IEND":
			if at < e.size {
				f.Add("data after the picture")
			}
			return
		}
		addNamed(f, pngMetadata, kind)
	}
}

// pngHeader looks into IHDR, or the part of it that exists, and returns the colour type.
func (f *Findings) pngHeader(b []byte) (colourType byte) {
	if len(b) < 13 {
		return 0
	}
	depth, colourType := b[8], b[9]
	switch {
	case colourType == pngstream.Palette:
		f.Add("palette") // ReadImage writes the colours out
	case depth < 8:
		f.Add("bit depth of " + strconv.Itoa(int(depth))) // and spreads these levels to 8 bits
	}
	return colourType
}
