package infer

import (
	"math"

	"keygan/data/raster"
)

// samples converts img to a's channels and value range: [Channels, Height, Width].
func (a Arch) samples(img *raster.Image) []float32 {
	if a.ValueRange[0] < 0 {
		return img.Floats(a.Channels)
	}
	img = img.Convert(a.Channels)
	x := make([]float32, len(img.Pix)/(img.Depth/8))
	plane, highest := img.Width*img.Height, float32(img.Max())
	for p := range plane {
		for c := range a.Channels {
			x[c*plane+p] = float32(img.Sample(p*a.Channels+c)) / highest
		}
	}
	return x
}

// image rounds x, [Channels, height, width] in a's value range, to 8 bits: to the nearest level, halves up. Numbers outside the
// range go to its end.
func (a Arch) image(x []float32, height, width int) *raster.Image {
	level := raster.Level
	if a.ValueRange[0] == 0 {
		level = level01
	}
	img := raster.NewImage(width, height, a.Channels, 8)
	plane := height * width
	for p := range plane {
		for c := range a.Channels {
			img.Pix[p*a.Channels+c] = level(x[c*plane+p])
		}
	}
	return img
}

// level01 maps x in [0, 1] to a grey level in [0, 255].
func level01(x float32) byte {
	v := math.Floor(float64(float64(x)*255) + 0.5) // the product is exact: 24 + 8 bits
	switch {
	case v >= 255:
		return 255
	case v > 0:
		return byte(v)
	}
	return 0
}
