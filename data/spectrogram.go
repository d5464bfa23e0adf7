package data

import "math/rand/v2"

func drawSpectrogram(r *rand.Rand, size int) *Image {
	m := NewImage(size, size, 3, 8)
	for i := range m.Pix {
		m.Pix[i] = byte(r.Uint32())
	}
	return m
}
