package imagefile

import (
	"bytes"
	"keygan/data/raster"

	"golang.org/x/image/tiff"
)

// decodeTIFF reads the first image of a baseline TIFF (uncompressed, PackBits, LZW, Deflate, CCITT), 8 or 16 bits, grey,
// palette, RGB or RGBA.
func decodeTIFF(b []byte) (*raster.Image, error) {
	config, err := tiff.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	// LZW, the densest of the usual methods, packs at most 4096 bytes into 12 bits, and a byte holds at most 8 pixels.
	if err := checkSize(config.Width, config.Height, len(b), 4096*8*8/12); err != nil {
		return nil, err
	}
	src, err := tiff.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return fromGo(src)
}
