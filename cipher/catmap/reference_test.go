package catmap

import (
	"keygan/data/raster"
)

// referenceCatMap is the definition, one pixel after the other: the map that Apply must be.
func referenceCatMap(m *raster.Image, a, b, iterations int) *raster.Image {
	out := raster.NewImage(m.Width, m.Height, m.Channels, m.Depth)
	size := m.Channels * m.Depth / 8
	for x := range m.Height {
		for y := range m.Width {
			x1, y1 := x, y
			for range iterations {
				x1 = mod(x1+a*y1, m.Height)
				y1 = mod(y1+b*x1, m.Width)
			}
			copy(out.Pix[(x1*m.Width+y1)*size:][:size], m.Pix[(x*m.Width+y)*size:][:size])
		}
	}
	return out
}
