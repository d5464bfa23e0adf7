package imagefile

import (
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// pngMetadata names what a chunk holds (PNG specification, third edition, section 11.3, and its register of extensions). A chunk
// without a name is part of the picture or is looked into.
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

// searchPNG looks at the chunks one by one, to the last.
func (f *findings) searchPNG(e *excerpts) {
	var colourType byte
	for at := int64(len(pngSignature)); ; {
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
			if colourType == PngGrey || colourType == pngRGB {
				f.add("transparent colour as a colour")
			}
		case "acTL":
			f.pngFrames(e.upTo(content, content+length, 4))
		case "fdAT":
			f.refuseMany(0, "frames")
		case "eXIf":
			f.searchEXIF(e.within(content, length))
		case "iTXt":
			f.pngText(string(e.upTo(content, content+length, 32)))
		case "IEND":
			if at < e.size {
				f.add("data after the picture")
			}
			return
		}
		name, known := pngMetadata[kind]
		switch {
		case name != "":
			f.add(name)
		case !known:
			f.add("private data")
		}
	}
}

// pngHeader looks into IHDR, of which b has what there is, and returns the colour type.
func (f *findings) pngHeader(b []byte) (colourType byte) {
	if len(b) < 13 {
		return 0
	}
	depth, colourType := b[8], b[9]
	switch {
	case colourType == pngPalette:
		f.add("palette") // ReadImage writes the colours out
	case depth < 8:
		f.add("bit depth of " + strconv.Itoa(int(depth))) // and spreads these levels to 8 bits
	}
	return colourType
}

// pngFrames looks into acTL. An animation of one frame is that picture; fdAT tells if it has another one besides.
func (f *findings) pngFrames(b []byte) {
	if len(b) < 4 {
		return
	}
	f.add("animation")
	if n := binary.BigEndian.Uint32(b); n != 1 {
		f.refuseMany(int64(n), "frames")
	}
}

// pngText tells XMP from other international text by its keyword.
func (f *findings) pngText(start string) {
	if strings.HasPrefix(start, "XML:com.adobe.xmp\x00") {
		f.add("XMP")
		return
	}
	f.add("text")
}
