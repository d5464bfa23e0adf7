package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Neighbours draws, for each image, where its pairs of neighbouring samples lie: a sample's value to the right, its neighbour's
// upwards, one panel a direction (horizontal, vertical, diagonal). All pairs of all channels are counted; the darker a point, the more
// pairs lie there, on a logarithmic scale. Pairs on the diagonal line are of equal values. Each panel tells Pearson's r.
func Neighbours(images []Tile) ([]byte, error) {
	const (
		side   = 256
		margin = 44 // for the axis
		step   = margin + side + 2*gap
	)
	width, height := len(metrics.Directions)*step+gap, len(images)*(2*lineStep+side+lineStep+2*gap)+gap
	c := newCanvas(width, height)
	y := gap
	for _, t := range images {
		r := metrics.Measure(t.Image).Correlation
		for i, d := range metrics.Directions {
			x := i*step + margin
			c.write(fmt.Sprintf("%s, %s", t.Label, d), x, y)
			pearson := "r is undefined: constant"
			if v := []*float64{r.Horizontal, r.Vertical, r.Diagonal}[d]; v != nil {
				pearson = fmt.Sprintf("r = %.4f", *v)
			}
			c.write(pearson, x, y+lineStep)
			area := image.Rect(x, y+2*lineStep+gap/3, x+side, y+2*lineStep+gap/3+side)
			c.outline(area, frame)
			c.density(t.Image, d, area.Min)
			c.axes(area)
		}
		y += 2*lineStep + side + lineStep + 2*gap
	}
	return c.png()
}

// axes labels the ends of both axes.
func (c canvas) axes(area image.Rectangle) {
	const low, high = "0", "255"
	c.write(low, area.Min.X, area.Max.Y+2)
	c.write(high, area.Max.X-c.width(high), area.Max.Y+2)
	c.write(low, area.Min.X-c.width(low)-6, area.Max.Y-lineStep)
	c.write(high, area.Min.X-c.width(high)-6, area.Min.Y-2)
	const name = "sample"
	c.write(name, (area.Min.X+area.Max.X-c.width(name))/2, area.Max.Y+2)
}

// density paints how many pairs there are of each pair of values.
func (c canvas) density(m *raster.Image, d metrics.Direction, at image.Point) {
	var counts [256][256]int
	highest := 1
	dx, dy := d.Step()
	for y := range m.Height - dy {
		for x := range m.Width - dx {
			a, b := (y*m.Width+x)*m.Channels, ((y+dy)*m.Width+x+dx)*m.Channels
			for i := range m.Channels {
				n := &counts[m.Pix[a+i]][m.Pix[b+i]]
				*n++
				highest = max(highest, *n)
			}
		}
	}
	for u := range counts {
		for v, n := range counts[u] {
			if n > 0 {
				c.Set(at.X+u, at.Y+255-v, shade(math.Log1p(float64(n))/math.Log1p(float64(highest))))
			}
		}
	}
}

// shade is one of eight blues, few enough for a small file, for each share from 0, light, to 1, dark.
func shade(share float64) color.RGBA {
	const shades = 8
	share = math.Round(share*(shades-1)) / (shades - 1)
	between := func(from, to float64) uint8 { return uint8(math.Round(from + float64(share*(to-from)))) }
	return color.RGBA{between(205, 0), between(225, 25), between(245, 90), 255}
}
