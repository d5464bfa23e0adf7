package catmap

import (
	"bytes"

	"keygan/data/raster"
)

// noise draws an 8-bit image by xorshift32, as testdata/make_vectors.py does.
func noise(width, height, channels int, seed uint32) *raster.Image {
	m := raster.NewImage(width, height, channels, 8)
	for i := range m.Pix {
		seed ^= seed << 13
		seed ^= seed >> 17
		seed ^= seed << 5
		m.Pix[i] = byte(seed >> 24)
	}
	return m
}

// same compares shapes and samples; go-cmp takes a second for a large image.
func same(a, b *raster.Image) bool {
	return a.String() == b.String() && bytes.Equal(a.Pix, b.Pix)
}

// number gives every pixel its own value, as far as it has room for one.
func number(m *raster.Image) {
	size := m.Channels * m.Depth / 8
	for p := range m.Width * m.Height {
		for i := range size {
			m.Pix[p*size+i] = byte(p>>(8*((size-1-i)%2)) + 37*(i/2))
		}
	}
}
