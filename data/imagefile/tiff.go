package imagefile

import (
	"cmp"
	"errors"
	"fmt"
	"io"

	"golang.org/x/image/tiff"

	"keygan/data/raster"
)

var tiffFormat = Format{
	Name: "TIFF", Extensions: []string{".tif", ".tiff"}, Matches: startsWith(tiffLittle, tiffBig),
	Decode: decodeTIFF, Inspect: fromExcerpts((*Findings).inspectTIFF),
}

// decodeTIFF reads the first image of a baseline TIFF (uncompressed, PackBits, LZW, Deflate, CCITT) with 8 or 16 bits a sample.
func decodeTIFF(file *io.SectionReader) (*raster.Image, error) {
	if hasPlanes(file) {
		return nil, errors.New("each colour is stored in a plane of its own (planar configuration 2), which keygan does not read; " +
			"tiffcp -p contig makes it readable")
	}
	// LZW, the densest of the usual methods, packs at most 4096 bytes into 12 bits, and a byte holds at most 8 pixels.
	m, _, err := decodeWithGo(file, 4096*8*8/12, tiff.DecodeConfig, tiff.Decode)
	return m, err
}

// hasPlanes reports whether the first image of a TIFF stores its colours one after the other, which x/image takes for missing pixels.
func hasPlanes(file *io.SectionReader) (planes bool) {
	t := newTIFFTree(&excerpts{&heldPiece{file: file}, 0, file.Size()})
	if t == nil {
		return false
	}
	t.directory(t.first, func(entry tiffEntry) {
		if v, _ := t.value(entry, 0); entry.tag == tagPlanar && v == 2 {
			planes = true
		}
	})
	return planes
}

// Tags that hasPlanes, inspectTIFF and inspectEXIF look into (TIFF 6.0, its supplements, and EXIF).
const (
	tagBitsPerSample = 258
	tagPhotometric   = 262
	tagOrientation   = 274
	tagPlanar        = 284
	tagSubIFDs       = 330
	tagExtraSamples  = 338
	tagSampleFormat  = 339
	tagGPS           = 34853
)

// tiffMetadata names what a tag holds. A tag without a name says how the picture is stored, or tiffEntry looks into it.
var tiffMetadata = map[uint16]string{
	// size, place and compression of the pixels
	254: "", 255: "", 256: "", 257: "", tagBitsPerSample: "", 259: "", tagPhotometric: "", 263: "", 264: "", 265: "", 266: "", 273: "",
	tagOrientation: "", 277: "", 278: "", 279: "", tagPlanar: "", 288: "", 289: "", 292: "", 293: "", 296: "", 297: "", 317: "", 320: "",
	322: "", 323: "", 324: "", 325: "", tagSubIFDs: "", tagExtraSamples: "", tagSampleFormat: "", 347: "", 512: "", 513: "", 514: "",
	515: "", 517: "", 518: "", 519: "", 520: "", 521: "", 529: "", 530: "", 531: "",

	269: "text", 270: "text", 271: "text", 272: "text", 285: "text", 305: "text", 306: "text", 315: "text", 316: "text", 333: "text",
	337: "text", 33432: "text", 40091: "text", 40092: "text", 40093: "text", 40094: "text", 40095: "text",
	282: "resolution", 283: "resolution",
	286: "position on the page", 287: "position on the page",
	290: "gamma", 291: "gamma", 301: "gamma",
	318: "colour space", 319: "colour space", 532: "colour space",
	280: "range of samples", 281: "range of samples", 340: "range of samples", 341: "range of samples",
	700: "XMP", 33723: "IPTC", 34377: "IPTC", 34665: "EXIF", 34675: "ICC profile", tagGPS: "GPS position",
}

// mostPages bounds the directories that inspectTIFF counts. Their chain may be long, or a ring.
const mostPages = 4096

// tiffSamples says how a TIFF stores its samples. The zero values are the defaults of TIFF 6.0.
type tiffSamples struct {
	photometric  uint32
	bits, format []uint32 // of each sample of a pixel; nil for 1 bit, and for unsigned integers
}

// inspectTIFF looks into the first directory and counts the others.
func (f *Findings) inspectTIFF(e *excerpts) {
	t := newTIFFTree(e)
	if t == nil || !t.holds(t.first) {
		return
	}
	var s tiffSamples
	pages := int64(0)
	t.directory(t.first, func(entry tiffEntry) {
		switch entry.tag {
		case tagPhotometric:
			s.photometric, _ = t.value(entry, 0)
		case tagBitsPerSample:
			s.bits = t.values(entry)
		case tagSampleFormat:
			s.format = t.values(entry)
		case tagSubIFDs:
			pages += min(int64(entry.count), mostPages)
		default:
			f.tiffEntry(t, entry)
		}
	})
	f.tiffSamples(s)
	seen := map[int64]bool{0: true}
	for at := t.first; !seen[at] && pages < mostPages; at = t.after(at) {
		seen[at] = true
		pages++
	}
	if pages >= mostPages {
		pages = 0
	}
	if pages != 1 {
		f.refuseMany(pages, "pages")
	}
}

func (f *Findings) tiffEntry(t *tiffTree, entry tiffEntry) {
	switch entry.tag {
	case tagOrientation:
		if v, _ := t.value(entry, 0); v > 1 {
			f.Add("orientation")
		}
	case tagExtraSamples:
		if v, _ := t.value(entry, 0); v == 1 {
			f.Add("premultiplied alpha") // ReadImage divides it out
		}
	default:
		addNamed(f, tiffMetadata, entry.tag)
	}
}

// tiffSamples reports samples that ReadImage changes. The format of a sample comes first, because it says more than the size.
func (f *Findings) tiffSamples(s tiffSamples) {
	for _, format := range s.format {
		if format != 1 { // unsigned integers
			what := map[uint32]string{2: "signed samples", 3: "floating-point samples"}[format]
			f.Refuse("has " + cmp.Or(what, "samples that are not unsigned integers"))
		}
	}
	switch s.photometric {
	case 0:
		f.Add("white stored as zero") // ReadImage has black as zero
	case 3:
		f.Add("palette") // ReadImage writes the colours out
	case 5:
		f.Refuse("is CMYK")
	}
	if s.bits == nil {
		s.bits = []uint32{1}
	}
	for _, bits := range s.bits {
		switch bits {
		case 8, 16:
		case 1, 2, 4:
			if s.photometric != 3 {
				f.Add(fmt.Sprintf("bit depth of %d", bits)) // ReadImage spreads these levels to 8 bits
			}
		default:
			f.Refuse(fmt.Sprintf("has %d bits a sample", bits))
		}
	}
}

// inspectEXIF looks into EXIF data, which is laid out as a TIFF whose second page is a thumbnail. It reads only the first of a picture.
func (f *Findings) inspectEXIF(e *excerpts) {
	if f.metadata["EXIF"] {
		return
	}
	f.Add("EXIF")
	t := newTIFFTree(e)
	if t == nil {
		return
	}
	t.directory(t.first, func(entry tiffEntry) {
		switch entry.tag {
		case tagOrientation:
			if v, _ := t.value(entry, 0); v > 1 {
				f.Add("EXIF orientation")
			}
		case tagGPS:
			f.Add("GPS position")
		}
	})
	if t.after(t.first) != 0 {
		f.Add("thumbnail")
	}
}
