package evaluate

import (
	"image"
	"image/color"
	"image/draw"
	"io"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"keygan/data"
)

// The measures of a strip, in pixels.
const (
	stripGap                    = 12
	stripLabel                  = 24 // room for the line above a tile
	stripText                   = 15 // size of the type
	stripLargest, stripSmallest = 256, 128
)

var (
	stripPaper = color.RGBA{255, 255, 255, 255}
	stripInk   = color.RGBA{40, 40, 40, 255}
	stripEmpty = color.RGBA{235, 235, 235, 255}
)

// A canvas lets Go's own packages draw on an RGB image of 8 bits.
type canvas struct{ *data.Image }

func (c canvas) ColorModel() color.Model { return color.RGBAModel }
func (c canvas) Bounds() image.Rectangle { return image.Rect(0, 0, c.Width, c.Height) }

func (c canvas) At(x, y int) color.Color {
	p := c.Pix[3*(y*c.Width+x):]
	return color.RGBA{p[0], p[1], p[2], 255}
}

func (c canvas) Set(x, y int, v color.Color) {
	if (image.Point{x, y}).In(c.Bounds()) {
		r, g, b, _ := v.RGBA()
		copy(c.Pix[3*(y*c.Width+x):], []byte{byte(r >> 8), byte(g >> 8), byte(b >> 8)})
	}
}

// drawStrip draws a row of tiles for each scheme: plain → key → scrambled → cipher → decrypted.
func drawStrip(sp *specimen) (func(io.Writer) error, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: stripText, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		return nil, err
	}
	type tile struct {
		label string
		m     *data.Image
	}
	var rows [][]tile
	for _, e := range sp.encrypted {
		rows = append(rows, []tile{
			{"plain", e.plain}, {"key", e.key}, {"scrambled (" + e.system.Scheme + ")", e.scrambled},
			{"cipher (" + e.system.Scheme + ")", e.cipher}, {"decrypted (" + e.system.Scheme + ")", e.decrypted}, {"wrong key (" + e.system.Scheme + ")", e.wrong},
		})
	}
	side := tileSide(sp.plain.Width)
	columns := len(rows[0])
	strip := canvas{data.NewImage(columns*(side+stripGap)+stripGap, len(rows)*(side+stripLabel+stripGap)+stripGap, 3, 8)}
	draw.Draw(strip, strip.Bounds(), image.NewUniform(stripPaper), image.Point{}, draw.Src)
	for i, row := range rows {
		for j, t := range row {
			at := image.Pt(stripGap+j*(side+stripGap), stripGap+i*(side+stripLabel+stripGap))
			write(strip, face, t.label, at.X, at.Y+stripText)
			at.Y += stripLabel
			area := image.Rectangle{at, at.Add(image.Pt(side, side))}
			if t.m == nil {
				draw.Draw(strip, area, image.NewUniform(stripEmpty), image.Point{}, draw.Src)
				const none = "none"
				width := font.MeasureString(face, none).Round()
				write(strip, face, none, at.X+(side-width)/2, at.Y+side/2+stripText/2)
				continue
			}
			strip.Paste(tileOf(t.m, side), at.X, at.Y)
		}
	}
	return func(w io.Writer) error { return data.EncodePNG(w, strip.Image) }, nil
}

// tileSide is the side of a tile for images of n pixels: n where that is a good size to look at, else a whole multiple
// of a smaller one, or a larger one brought down.
func tileSide(n int) int {
	switch {
	case n > stripLargest:
		return stripLargest
	case n < stripSmallest:
		return n * ((stripSmallest + n - 1) / n)
	}
	return n
}

// tileOf brings m to side × side pixels, as RGB. Small images are enlarged a whole number of times and keep their pixels
// square.
func tileOf(m *data.Image, side int) *data.Image {
	m = m.Convert(3)
	if m.Width > side {
		return m.Resize(side, side)
	}
	factor := side / m.Width
	tile := data.NewImage(side, side, 3, 8)
	for y := range side {
		for x := range side {
			copy(tile.Pix[3*(y*side+x):][:3], m.Pix[3*(y/factor*m.Width+x/factor):])
		}
	}
	return tile
}

// write puts a line of text with its baseline at y.
func write(on canvas, face font.Face, text string, x, y int) {
	d := font.Drawer{Dst: on, Src: image.NewUniform(stripInk), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}
