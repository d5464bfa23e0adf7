package data

import "math/rand/v2"

func drawXray(r *rand.Rand, size int) *Image {
	m := NewImage(size, size, 1, 8)
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}
