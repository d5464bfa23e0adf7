package raster

import "fmt"

// Paste copies src into m with its upper left corner at column x, row y, and cuts off what lies outside m. It panics unless both have the
// same channels and depth.
func (m *Image) Paste(src *Image, x, y int) {
	if src.Channels != m.Channels || src.Depth != m.Depth {
		panic(fmt.Sprintf("raster: cannot paste %v into %v", src, m))
	}
	pixel := m.Channels * m.Depth / 8
	left, right := max(0, -x), min(src.Width, m.Width-x)
	if left >= right {
		return
	}
	for row := max(0, -y); row < min(src.Height, m.Height-y); row++ {
		from := src.Pix[(row*src.Width+left)*pixel : (row*src.Width+right)*pixel]
		copy(m.Pix[((y+row)*m.Width+x+left)*pixel:], from)
	}
}
