package imagefile

import (
	"bytes"
	"image"
	"keygan/data/raster"

	"golang.org/x/image/bmp"
)

// decodeBMP reads an uncompressed BMP. The format has no grey pixels: a palette of greys becomes one channel.
func decodeBMP(b []byte) (*raster.Image, error) {
	config, err := bmp.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	if err := checkSize(config.Width, config.Height, len(b), 8); err != nil {
		return nil, err
	}
	src, err := bmp.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	m, err := fromGo(src)
	if p, ok := src.(*image.Paletted); ok && err == nil && greyPalette(p.Palette) {
		m = m.Convert(1)
	}
	return m, err
}
