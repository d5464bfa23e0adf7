// Package figure draws what a reader of an evaluation looks at: rows of labelled images, histograms, scatter plots of neighbouring
// samples, and training curves.
//
//	tiles := []figure.Tile{{Label: "plain", Image: plain}, {Label: "cipher", Image: cipher}}
//	png, err := figure.Strip([]figure.Row{{Title: "xor", Tiles: tiles}})
//
// Every function returns a PNG file. The same images give the same bytes. Nothing depends on colour, and the colours can be
// told apart by the colour-blind (Okabe and Ito). Images are 8 bits, grey or RGB.
package figure

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"keygan/data/imagefile"
	"keygan/data/raster"
)

var (
	paper = color.RGBA{255, 255, 255, 255}
	ink   = color.RGBA{40, 40, 40, 255}
	faint = color.RGBA{235, 235, 235, 255} // where there is no image
	frame = color.RGBA{150, 150, 150, 255}

	blue      = color.RGBA{0, 114, 178, 255}
	vermilion = color.RGBA{213, 94, 0, 255}
)

// The type of labels, in pixels.
const (
	textSize = 15
	lineStep = 19 // from a line of text to the next
)

// A canvas lets Go's own packages draw on an RGB image of 8 bits.
type canvas struct {
	*raster.Image
	face font.Face
}

func newCanvas(width, height int) canvas {
	parsed, err := opentype.Parse(goregular.TTF)
	c := canvas{Image: raster.NewImage(max(width, 1), max(height, 1), 3, 8)}
	if err == nil {
		c.face, err = opentype.NewFace(parsed, &opentype.FaceOptions{Size: textSize, DPI: 72, Hinting: font.HintingFull})
	}
	if err != nil {
		panic(err) // the font is part of the program
	}
	c.fill(c.Bounds(), paper)
	return c
}

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

func (c canvas) fill(area image.Rectangle, v color.Color) {
	draw.Draw(c, area, image.NewUniform(v), image.Point{}, draw.Src)
}

// outline draws a line of one pixel around area, outside of it.
func (c canvas) outline(area image.Rectangle, v color.Color) {
	o := area.Inset(-1)
	for _, side := range []image.Rectangle{
		{o.Min, image.Pt(o.Max.X, area.Min.Y)}, {image.Pt(o.Min.X, area.Max.Y), o.Max},
		{o.Min, image.Pt(area.Min.X, o.Max.Y)}, {image.Pt(area.Max.X, o.Min.Y), o.Max},
	} {
		c.fill(side, v)
	}
}

// write puts a line of text with its upper left corner at (x, y).
func (c canvas) write(text string, x, y int) {
	d := font.Drawer{Dst: c, Src: image.NewUniform(ink), Face: c.face, Dot: fixed.P(x, y+textSize)}
	d.DrawString(text)
}

// width is how many pixels a line of text takes.
func (c canvas) width(text string) int { return font.MeasureString(c.face, text).Ceil() }

// wrap breaks a text into lines of at most the given pixels: between words, or inside a word that is longer than a line.
func (c canvas) wrap(text string, pixels int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		if joined := strings.TrimSpace(line + " " + word); c.width(joined) <= pixels {
			line = joined
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		line = ""
		for _, r := range word {
			if line != "" && c.width(line+string(r)) > pixels {
				lines = append(lines, line)
				line = ""
			}
			line += string(r)
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	return lines
}

// png is the finished file.
func (c canvas) png() ([]byte, error) {
	var b bytes.Buffer
	err := imagefile.EncodePNG(&b, c.Image)
	return b.Bytes(), err
}

// Difference shows where two images of one shape differ: the absolute difference of their samples.
func Difference(a, b *raster.Image) *raster.Image {
	out := raster.NewImage(a.Width, a.Height, a.Channels, 8)
	for i, v := range a.Pix {
		out.Pix[i] = byte(math.Abs(float64(v) - float64(b.Pix[i])))
	}
	return out
}
