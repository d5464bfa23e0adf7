package synthetic

import (
	"encoding/binary"
	"fmt"
	"keygan/data/raster"
	"math/rand/v2"
)

// Noise returns n images of size×size with independent samples, uniform over 0 to 255, in 1 (grey) or 3 (RGB) channels. The image of an
// ideal key looks like that. Noise that is resized or converted from RGB to grey is no longer uniform.
func Noise(n, size, channels int, seed uint64) (*Set, error) {
	if err := Check("noise", n, size); err != nil {
		return nil, err
	}
	if channels != 1 && channels != 3 {
		return nil, fmt.Errorf("noise with %d channels: 1 (grey) or 3 (RGB)", channels)
	}
	draw := func(r *rand.Rand, size int) *raster.Image { return whiteNoise(r, size, channels) }
	return &Set{"noise", n, size, seed, draw}, nil
}

func drawNoise(r *rand.Rand, size int) *raster.Image { return whiteNoise(r, size, 3) }

func whiteNoise(r *rand.Rand, size, channels int) *raster.Image {
	m := raster.NewImage(size, size, channels, 8)
	var eight [8]byte
	for at := 0; at < len(m.Pix); at += len(eight) {
		binary.LittleEndian.PutUint64(eight[:], r.Uint64())
		copy(m.Pix[at:], eight[:])
	}
	return m
}
