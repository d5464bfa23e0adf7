package imagefile

import (
	"bytes"
	"image/jpeg"
	"keygan/data/raster"
)

// decodeJPEG gives 8-bit grey for a grey JPEG and RGB for colour, CMYK included. An orientation in the EXIF data is not
// applied: what is stored is what is used, and scanners of medical images do not write it. JPEG is a lossy format whose
// decoders may differ by a level: a JPEG's pixels are those of the Go version that keygan was built with.
func decodeJPEG(b []byte) (*raster.Image, error) {
	config, err := jpeg.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	// A block of 8×8 pixels takes at least one bit; colour at a quarter of the resolution hardly changes that.
	if err := checkSize(config.Width, config.Height, len(b), 8*64); err != nil {
		return nil, err
	}
	src, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return fromGo(src)
}
