package imagefile

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"io"
	"keygan/data/raster"
)

// decodeWithGo reads a file with one of Go's decoders. Its format packs at most perByte pixels into a byte. src is what the decoder made.
func decodeWithGo(file *io.SectionReader, perByte int, config func(io.Reader) (image.Config, error),
	decode func(io.Reader) (image.Image, error)) (m *raster.Image, src image.Image, err error) {
	b, err := content(file)
	if err != nil {
		return nil, nil, err
	}
	c, err := config(bytes.NewReader(b))
	if err != nil {
		return nil, nil, err
	}
	if err := checkPixels(c.Width, c.Height, maxPixels, file.Size(), perByte); err != nil {
		return nil, nil, err
	}
	if src, err = decode(bytes.NewReader(b)); err != nil {
		return nil, nil, err
	}
	m, err = fromGo(src)
	return m, src, err
}

// fromGo converts what Go decoded. Opaque images get no alpha channel. Premultiplied alpha, which only TIFF can hold, is divided out.
func fromGo(src image.Image) (*raster.Image, error) {
	switch s := src.(type) {
	case *image.Gray:
		return pickChannels(s.Pix, s.Stride, s.Rect, 8, 1, 0), nil
	case *image.Gray16:
		return pickChannels(s.Pix, s.Stride, s.Rect, 16, 1, 0), nil
	case *image.NRGBA:
		return pickChannels(s.Pix, s.Stride, s.Rect, 8, 4, 0, 1, 2, 3), nil
	case *image.NRGBA64:
		return pickChannels(s.Pix, s.Stride, s.Rect, 16, 4, 0, 1, 2, 3), nil
	case *image.RGBA:
		if s.Opaque() {
			return pickChannels(s.Pix, s.Stride, s.Rect, 8, 4, 0, 1, 2), nil
		}
		return unpremultiplied(s, 8), nil
	case *image.RGBA64:
		if s.Opaque() {
			return pickChannels(s.Pix, s.Stride, s.Rect, 16, 4, 0, 1, 2), nil
		}
		return unpremultiplied(s, 16), nil
	case *image.Paletted:
		return fromPaletted(s), nil
	}
	return nil, fmt.Errorf("pixels of type %T are not supported", src)
}

// pickChannels copies the given channels of src, which has srcChannels of them, into an image of len(channels) channels.
func pickChannels(src []byte, stride int, r image.Rectangle, depth, srcChannels int, channels ...int) *raster.Image {
	m := raster.NewImage(r.Dx(), r.Dy(), len(channels), depth)
	sample := depth / 8
	at := 0
	for y := range m.Height {
		row := src[y*stride:]
		for x := range m.Width {
			for _, c := range channels {
				from := (x*srcChannels + c) * sample
				at += copy(m.Pix[at:at+sample], row[from:from+sample])
			}
		}
	}
	return m
}

func unpremultiplied(src image.Image, depth int) *raster.Image {
	rect := src.Bounds()
	m := raster.NewImage(rect.Dx(), rect.Dy(), 4, depth)
	i := 0
	for y := rect.Min.Y; y < rect.Max.Y; y++ {
		for x := rect.Min.X; x < rect.Max.X; x++ {
			c := color.NRGBA64Model.Convert(src.At(x, y)).(color.NRGBA64)
			for _, v := range [4]uint16{c.R, c.G, c.B, c.A} {
				m.SetSample(i, int(v)>>(16-depth))
				i++
			}
		}
	}
	return m
}

// fromPaletted writes out the colours: RGB, or RGBA if an entry of the palette is not opaque.
func fromPaletted(s *image.Paletted) *raster.Image {
	channels := 3
	var table [256][4]byte
	for i := range table {
		table[i][3] = 255 // an index beyond the palette is opaque black, as in PNG viewers
	}
	for i, c := range s.Palette {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = [4]byte{n.R, n.G, n.B, n.A}
		if n.A != 255 {
			channels = 4
		}
	}
	m := raster.NewImage(s.Rect.Dx(), s.Rect.Dy(), channels, 8)
	at := 0
	for y := range m.Height {
		for _, index := range s.Pix[y*s.Stride : y*s.Stride+m.Width] {
			at += copy(m.Pix[at:at+channels], table[index][:])
		}
	}
	return m
}
