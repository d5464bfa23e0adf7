package experiment

import (
	"math/rand/v2"

	"keygan/cipher"
	"keygan/data/raster"
)

// saltAndPepper is the share of pixels that are turned black or white.
const saltAndPepper = 0.05

// robustness decrypts a cipher image that was damaged on its way.
func robustness(r measurements, of System, key cipher.Secret, out *Encrypted, rng *rand.Rand) error {
	for _, d := range []struct {
		on     Occasion
		damage func(*raster.Image)
	}{
		{AfterNoise, func(m *raster.Image) { addSaltAndPepper(m, rng) }},
		{AfterCrop16, func(m *raster.Image) { blacken(m, 4) }},
		{AfterCrop4, func(m *raster.Image) { blacken(m, 2) }},
	} {
		damaged := out.Cipher.Clone()
		d.damage(damaged)
		if _, err := compareDecrypted(r, of, d.on, key, out.Plain, damaged); err != nil {
			return err
		}
	}
	return nil
}

// addSaltAndPepper turns each pixel black or white with a probability of saltAndPepper.
func addSaltAndPepper(m *raster.Image, rng *rand.Rand) {
	size := m.Channels * m.Depth / 8
	for at := 0; at < len(m.Pix); at += size {
		if rng.Float64() >= saltAndPepper {
			continue
		}
		level := byte(255 * rng.IntN(2))
		for i := range size {
			m.Pix[at+i] = level
		}
	}
}

// blacken cuts out the middle of an image, 1/part of its width and of its height.
func blacken(m *raster.Image, part int) {
	size := m.Channels * m.Depth / 8
	width, height := m.Width/part, m.Height/part
	left, top := (m.Width-width)/2, (m.Height-height)/2
	for y := top; y < top+height; y++ {
		clear(m.Pix[(y*m.Width+left)*size:][:width*size])
	}
}
