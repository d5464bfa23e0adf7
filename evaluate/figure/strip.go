package figure

import (
	"image"

	"keygan/data/raster"
)

// A Tile is an image in a row, or the reason why there is none.
type Tile struct {
	Label string        // above it
	Image *raster.Image // square; nil where there is none
	Empty string        // stands where the image would
	Below string        // under it, such as a measured value
}

// A Row is tiles side by side under a heading, which may be empty.
type Row struct {
	Title string
	Tiles []Tile
}

// The measures of a strip, in pixels.
const (
	gap               = 12
	largest, smallest = 256, 128 // sides of a tile
)

// Strip draws rows of tiles. All images have the same side.
func Strip(rows []Row) ([]byte, error) {
	columns, pixels := 0, largest
	for _, row := range rows {
		columns = max(columns, len(row.Tiles))
		for _, t := range row.Tiles {
			if t.Image != nil {
				pixels = t.Image.Width
			}
		}
	}
	side := tileSide(pixels)
	width := columns*(side+gap) + gap
	ruler := newCanvas(1, 1)
	layouts := make([]layout, len(rows))
	height := gap
	for i, row := range rows {
		layouts[i] = ruler.lay(row, side, width-2*gap)
		height += layouts[i].height(side)
	}
	c := newCanvas(width, height)
	y := gap
	for _, l := range layouts {
		c.row(l, side, y)
		y += l.height(side)
	}
	return c.png()
}

// layout is a row with its texts broken into lines.
type layout struct {
	Row
	title        []string
	label, below [][]string // by tile
}

func (c canvas) lay(row Row, side, width int) layout {
	l := layout{Row: row, title: c.wrap(row.Title, width)}
	for _, t := range row.Tiles {
		l.label, l.below = append(l.label, c.wrap(t.Label, side)), append(l.below, c.wrap(t.Below, side))
	}
	return l
}

// lines is the height of the longest text.
func lines(texts [][]string) int {
	n := 0
	for _, t := range texts {
		n = max(n, len(t))
	}
	return n
}

func (l layout) height(side int) int {
	return (len(l.title)+lines(l.label)+lines(l.below))*lineStep + side + gap + gap/2
}

// row draws a row with its upper edge at y. Labels stand on the tiles, the shorter ones lower.
func (c canvas) row(l layout, side, y int) {
	y = c.lines(l.title, gap, y)
	top := lines(l.label)
	for i, t := range l.Tiles {
		x := gap + i*(side+gap)
		at := image.Pt(x, c.lines(l.label[i], x, y+(top-len(l.label[i]))*lineStep)+gap/3)
		c.tile(t, at, side)
		c.lines(l.below[i], x, at.Y+side+1)
	}
}

// lines writes lines from y on and returns where they end.
func (c canvas) lines(texts []string, x, y int) int {
	for _, t := range texts {
		c.write(t, x, y)
		y += lineStep
	}
	return y
}

func (c canvas) tile(t Tile, at image.Point, side int) {
	if t.Image != nil {
		c.Paste(tileOf(t.Image, side), at.X, at.Y)
		return
	}
	c.fill(image.Rectangle{at, at.Add(image.Pt(side, side))}, faint)
	text := c.wrap(t.Empty, side-2*gap)
	for i, line := range text {
		c.write(line, at.X+(side-c.width(line))/2, at.Y+(side-len(text)*lineStep)/2+i*lineStep)
	}
}

// tileSide is the side of a tile for images of n pixels: n, a whole multiple of a small n, or the largest side.
func tileSide(n int) int {
	switch {
	case n > largest:
		return largest
	case n < smallest:
		return n * ((smallest + n - 1) / n)
	}
	return n
}

// tileOf brings m to side × side pixels, as RGB. Small images are enlarged a whole number of times and keep their pixels square.
func tileOf(m *raster.Image, side int) *raster.Image {
	m = m.Convert(3)
	if m.Width > side {
		return m.Resize(side, side)
	}
	factor := side / m.Width
	tile := raster.NewImage(side, side, 3, 8)
	for y := range side {
		for x := range side {
			copy(tile.Pix[3*(y*side+x):][:3], m.Pix[3*(y/factor*m.Width+x/factor):])
		}
	}
	return tile
}
