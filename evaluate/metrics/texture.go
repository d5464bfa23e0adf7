package metrics

import (
	"fmt"
	"math"

	"keygan/data/raster"
)

// GLCM holds what Haralick, Shanmugam and Dinstein (1973) derive from the grey-level co-occurrence matrix: the share p(i, j) of the pairs
// of neighbours with the values i and j, of 256 levels. Each is the mean over neighbours to the right, below to the right, below, and
// below to the left.
type GLCM struct {
	Contrast    float64 `json:"contrast"`    // Σ p (i − j)²; of random bytes 10,922.5
	Homogeneity float64 `json:"homogeneity"` // Σ p / (1 + (i − j)²); 1 for a constant image
	Energy      float64 `json:"energy"`      // √Σ p²; 1 for a constant image
}

// glcmSteps are the four neighbours as steps in columns and rows, in the order of the angles 0, 45, 90 and 135 degrees.
var glcmSteps = [4][2]int{{1, 0}, {1, 1}, {0, 1}, {-1, 1}}

// Texture is the GLCM of one channel. Of 16-bit samples it takes the high byte. The error wraps [ErrUndefined] for an image that is one
// pixel wide or high.
func Texture(m *raster.Image, channel int) (g GLCM, err error) {
	if m.Width < 2 || m.Height < 2 {
		return g, fmt.Errorf("GLCM is %w: %d×%d pixels have no pairs in some direction", ErrUndefined, m.Width, m.Height)
	}
	step := m.Channels * m.Depth / 8
	at := func(x, y int) byte { return m.Pix[(y*m.Width+x)*step+channel*m.Depth/8] }
	counts := make([]uint32, 256*256)
	for _, s := range glcmSteps {
		clear(counts)
		left, right := max(0, -s[0]), m.Width-max(0, s[0])
		for y := range m.Height - s[1] {
			for x := left; x < right; x++ {
				counts[int(at(x, y))<<8|int(at(x+s[0], y+s[1]))]++
			}
		}
		pairs := float64((right - left) * (m.Height - s[1]))
		var byDistance [256]int // |i − j|
		squares := 0.0
		for ij, n := range counts {
			if n > 0 {
				d := ij>>8 - ij&255
				byDistance[max(d, -d)] += int(n)
				squares += float64(n) * float64(n)
			}
		}
		for d, n := range byDistance {
			square := float64(d * d)
			g.Contrast += float64(n) / pairs * square / float64(len(glcmSteps))
			g.Homogeneity += float64(n) / pairs / (1 + square) / float64(len(glcmSteps))
		}
		g.Energy += math.Sqrt(squares) / pairs / float64(len(glcmSteps))
	}
	return g, nil
}

// TextureExpected is about the GLCM of an image of random bytes with the given number of pixels.
func TextureExpected(pixels int) GLCM {
	g := GLCM{Contrast: (256*256 - 1) / 6., Energy: math.Sqrt(1./(256*256) + 1/float64(pixels))}
	for d := -255; d <= 255; d++ {
		g.Homogeneity += float64(256-max(d, -d)) / (256 * 256) / float64(1+d*d)
	}
	return g
}
