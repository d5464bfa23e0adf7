package evaluate

import (
	"image"
	"image/color"
	"image/draw"
	"image/png"
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
	side := 0
	var rows [][]tile
	for _, e := range sp.encrypted {
		rows = append(rows, []tile{
			{"plain", sp.plain}, {"key", sp.key}, {"scrambled (" + e.scheme + ")", e.scrambled},
			{"cipher (" + e.scheme + ")", e.cipher}, {"decrypted (" + e.scheme + ")", e.decrypted},
		})
	}
	side = tileSide(sp.plain.Width)
	columns := len(rows[0])
	canvas := image.NewRGBA(image.Rect(0, 0, columns*(side+stripGap)+stripGap, len(rows)*(side+stripLabel+stripGap)+stripGap))
	draw.Draw(canvas, canvas.Bounds(), image.NewUniform(stripPaper), image.Point{}, draw.Src)
	for i, row := range rows {
		for j, t := range row {
			at := image.Pt(stripGap+j*(side+stripGap), stripGap+i*(side+stripLabel+stripGap))
			write(canvas, face, t.label, at.X, at.Y+stripText)
			at.Y += stripLabel
			area := image.Rectangle{at, at.Add(image.Pt(side, side))}
			if t.m == nil {
				draw.Draw(canvas, area, image.NewUniform(stripEmpty), image.Point{}, draw.Src)
				const none = "no permutation"
				width := font.MeasureString(face, none).Round()
				write(canvas, face, none, at.X+(side-width)/2, at.Y+side/2+stripText/2)
				continue
			}
			drawTile(canvas, area, t.m)
		}
	}
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return func(w io.Writer) error { return encoder.Encode(w, canvas) }, nil
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

// drawTile draws m into area, which is as wide, a whole multiple of it, or smaller. Small images keep their pixels square.
func drawTile(canvas *image.RGBA, area image.Rectangle, m *data.Image) {
	m = m.Convert(3)
	side := area.Dx()
	if m.Width > side {
		m = m.Resize(side, side)
	}
	factor := side / m.Width
	for y := range side {
		for x := range side {
			p := 3 * (y/factor*m.Width + x/factor)
			canvas.SetRGBA(area.Min.X+x, area.Min.Y+y, color.RGBA{m.Pix[p], m.Pix[p+1], m.Pix[p+2], 255})
		}
	}
}

// write puts a line of text with its baseline at y.
func write(canvas *image.RGBA, face font.Face, text string, x, y int) {
	d := font.Drawer{Dst: canvas, Src: image.NewUniform(stripInk), Face: face, Dot: fixed.P(x, y)}
	d.DrawString(text)
}
