package imagefile

import (
	"io"
	"keygan/data/raster"
)

// Thumbnail reads the image file at path at width×height. The result is that of ReadImage followed by Resize, bit for bit, but of a PNG it
// holds only a few rows: each is reduced as soon as it is decoded, while another goroutine inflates the next ones. Files in other formats,
// and PNGs that are interlaced, have a palette or a transparent colour, are decoded as a whole. Errors are those of ReadImage. It panics
// unless both sizes are positive.
func Thumbnail(path string, width, height int) (*raster.Image, error) {
	resized := func(file io.ReadSeeker, fileBytes int64) (*raster.Image, error) {
		var r *raster.Resizer
		odd, err := scanPNG(file, fileBytes, func(h pngHeader) func(y int, row []byte) {
			r = raster.NewResizer(int(h.width), int(h.height), pngChannels[h.colourType], int(h.depth), width, height)
			return func(_ int, row []byte) { r.Add(row) }
		})
		if err != nil {
			return nil, err
		}
		if odd != nil {
			return odd.Resize(width, height), nil
		}
		return r.Out, nil
	}
	m, err := readPNG(path, resized)
	if err != nil || m != nil {
		return m, err
	}
	if m, err = ReadImage(path); err != nil {
		return nil, err
	}
	return m.Resize(width, height), nil
}
