// Package raster holds an image in memory, with samples of 8 or 16 bits. It resizes images, converts them between grey and colour and to
// floats for a network, and maps numbers to grey levels and colours. All results are the same on every machine.
//
//	m := raster.NewImage(256, 256, 3, 8)
//	small := m.Resize(64, 64)
//	x := small.Floats(3) // [3, 64, 64] in [−1, 1]
package raster

import (
	"fmt"
	"math"
	"slices"
)

// An Image is a decoded picture, with every sample as it was stored.
type Image struct {
	Width, Height int
	Channels      int // 1 grey, 2 grey + alpha, 3 RGB, 4 RGB + alpha (alpha not premultiplied)
	Depth         int // bits a sample: 8 or 16

	// Pix holds the samples row by row, channels interleaved; a 16-bit sample is two bytes, high byte first.
	Pix []byte
}

// NewImage returns a black image. It panics on a shape that no image can have.
func NewImage(width, height, channels, depth int) *Image {
	if width <= 0 || height <= 0 || channels < 1 || channels > 4 || (depth != 8 && depth != 16) {
		panic(fmt.Sprintf("raster: an image cannot have %d×%d pixels with %d channels of %d bits", width, height, channels, depth))
	}
	return &Image{width, height, channels, depth, make([]byte, width*height*channels*depth/8)}
}

// Samples is the number of samples: width × height × channels.
func (m *Image) Samples() int { return m.Width * m.Height * m.Channels }

// Sample returns sample i of Samples, in [0, 2^Depth − 1].
func (m *Image) Sample(i int) int {
	if m.Depth == 8 {
		return int(m.Pix[i])
	}
	return int(m.Pix[2*i])<<8 | int(m.Pix[2*i+1])
}

// SetSample stores sample i, which must be in [0, 2^Depth − 1].
func (m *Image) SetSample(i, v int) {
	if m.Depth == 8 {
		m.Pix[i] = byte(v)
		return
	}
	m.Pix[2*i], m.Pix[2*i+1] = byte(v>>8), byte(v)
}

// Max is the largest value of a sample: 255 or 65535.
func (m *Image) Max() int { return 1<<m.Depth - 1 }

// Clone returns a copy that shares nothing.
func (m *Image) Clone() *Image {
	c := *m
	c.Pix = slices.Clone(m.Pix)
	return &c
}

// String gives the shape in words, as in "256×256 RGB, 8 bits".
func (m *Image) String() string {
	kind := [...]string{"", "grey", "grey+alpha", "RGB", "RGBA"}[m.Channels]
	return fmt.Sprintf("%d×%d %s, %d bits", m.Width, m.Height, kind, m.Depth)
}

// luma16 is ITU-R BT.601 luma, rounded. The weights have 16 fractional bits and add up to exactly 1.
func luma16(r, g, b int) int { return (19595*r + 38470*g + 7471*b + 1<<15) >> 16 }

// Convert returns the image with 1 (grey) or 3 (RGB) channels and the same depth. It drops alpha. Grey is ITU-R BT.601 luma.
func (m *Image) Convert(channels int) *Image {
	if channels != 1 && channels != 3 {
		panic(fmt.Sprintf("raster: cannot convert to %d channels", channels))
	}
	if channels == m.Channels {
		return m.Clone()
	}
	out := NewImage(m.Width, m.Height, channels, m.Depth)
	for p, n := 0, m.Width*m.Height; p < n; p++ {
		s, step := p*m.Channels, m.Channels/3 // 1 if the image has colours
		if step > channels/3 {
			out.SetSample(p, luma16(m.Sample(s), m.Sample(s+1), m.Sample(s+2)))
			continue
		}
		for c := range channels {
			out.SetSample(channels*p+c, m.Sample(s+c*step))
		}
	}
	return out
}

// Paste copies the part of src that lies inside m to column x, row y. It panics if channels or depth differ.
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

// EightBits returns the image with 8 bits a sample: the nearest of v · 255/65535. It returns m itself if m is so already.
func (m *Image) EightBits() *Image {
	if m.Depth == 8 {
		return m
	}
	out := NewImage(m.Width, m.Height, m.Channels, 8)
	for i := range out.Pix {
		out.Pix[i] = byte((m.Sample(i) + 128) / 257)
	}
	return out
}

// Floats returns the image as [channels, Height, Width] float32 in [−1, 1]: sample / (Max/2) − 1.
func (m *Image) Floats(channels int) []float32 {
	src := m
	if m.Channels != channels {
		src = m.Convert(channels)
	}
	out := make([]float32, channels*m.Width*m.Height)
	src.PutFloats(out)
	return out
}

// PutFloats does the same as Floats, for all channels, in out.
func (m *Image) PutFloats(out []float32) {
	half := float32(m.Max()) / 2
	plane := m.Width * m.Height
	// The conversions keep a compiler from fusing operations, for the same bits on every machine.
	if m.Depth == 8 {
		var levels [256]float32
		for v := range levels {
			levels[v] = float32(float32(v)/half) - 1
		}
		for c := range m.Channels {
			to := out[c*plane : (c+1)*plane]
			for p := range to {
				to[p] = levels[m.Pix[p*m.Channels+c]]
			}
		}
		return
	}
	for c := range m.Channels {
		for p := range plane {
			out[c*plane+p] = float32(float32(m.Sample(p*m.Channels+c))/half) - 1
		}
	}
}

// FromFloats makes an 8-bit image of x, [channels, height, width] in [−1, 1]. Level gives each sample.
func FromFloats(x []float32, channels, height, width int) *Image {
	plane := width * height
	if len(x) != channels*plane {
		panic(fmt.Sprintf("raster: %d values for %d×%d×%d", len(x), channels, height, width))
	}
	out := NewImage(width, height, channels, 8)
	for p := range plane {
		for c := range channels {
			out.Pix[p*channels+c] = Level(x[c*plane+p])
		}
	}
	return out
}

// Level maps x in [−1, 1] to (x + 1) · 127.5, rounded to the nearest level, halves up, and clamped to [0, 255]. NaN gives 0.
func Level(x float32) byte {
	return Clamp(math.Floor(float64(x)*127.5 + 128)) // exact in float64: 24 + 8 bits
}

// Clamp maps a whole number to the nearest in [0, 255], and NaN to 0.
func Clamp(v float64) byte {
	switch {
	case v >= 255:
		return 255
	case v > 0:
		return byte(v)
	}
	return 0
}
