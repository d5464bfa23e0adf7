package dataset

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"

	"keygan/data/raster"
)

// Augment changes each image that a loader gives, at random and anew in every epoch. The zero value changes nothing.
//
// What happens to an image depends only on the loader's seed and on the image's place in the endless order of all images: not on workers,
// on where a resumed run begins, or on how the order is cut into batches. Each draw is made whether it is used or not, so that one
// field does not change what the others do.
type Augment struct {
	Flip         float64 `yaml:"flip,omitempty"`          // share of the images mirrored left to right; from 0 to 1
	FlipVertical float64 `yaml:"flip_vertical,omitempty"` // share of the images turned upside down; from 0 to 1
	Rotate       float64 `yaml:"rotate,omitempty"`        // largest angle of a rotation either way, in degrees; from 0 to 45
	Crop         float64 `yaml:"crop,omitempty"`          // largest share of width and height cut off, the rest enlarged; from 0 to 0.5
	Brightness   float64 `yaml:"brightness,omitempty"`    // grey levels are multiplied by 1 ± this at most; from 0 to 0.5
}

// A Limit is the range of a field of Augment, from 0 to Most, and its value.
type Limit struct {
	Key         string // in YAML
	Value, Most float64
}

// OK reports whether the value is in its range.
func (l Limit) OK() bool { return l.Value >= 0 && l.Value <= l.Most }

// Limits lists the fields with their ranges.
func (a Augment) Limits() []Limit {
	return []Limit{{"flip", a.Flip, 1}, {"flip_vertical", a.FlipVertical, 1}, {"rotate", a.Rotate, 45}, {"crop", a.Crop, 0.5},
		{"brightness", a.Brightness, 0.5}}
}

func (a Augment) check() error {
	for _, l := range a.Limits() {
		if !l.OK() {
			return fmt.Errorf("augment: %s must be from 0 to %v, not %v", l.Key, l.Most, l.Value)
		}
	}
	return nil
}

// one is 1 with 16 fractional bits. All arithmetic on images is in whole numbers, for the same result on every machine.
const one = 1 << 16

// A change is what happens to one image. Lengths are relative to the image, whose width and height are 1.
type change struct {
	flipX, flipY bool
	cos, sin     int64 // of the rotation, times the share of the width that is kept; 16 fractional bits
	right, down  int64 // from the image's centre to that of the part that is kept; 17 fractional bits
	brightness   int64 // factor; 16 fractional bits
}

// draw draws the change of the image at a place of the order.
func (a Augment) draw(seed, place uint64) change {
	key := [32]byte{}
	copy(key[:], "keygan augment")
	binary.LittleEndian.PutUint64(key[16:], seed)
	binary.LittleEndian.PutUint64(key[24:], place)
	source := rand.NewChaCha8(key)
	below := func(share float64) bool { return float64(source.Uint64()>>11)/(1<<53) < share }
	within := func(most int64) int64 { // uniform in [−most, most]
		n, _ := bits.Mul64(source.Uint64(), uint64(2*most+1))
		return int64(n) - most
	}
	c := change{flipX: below(a.Flip), flipY: below(a.FlipVertical)}
	// With t = tan(φ/2), cos φ = (1 − t²)/(1 + t²) and sin φ = 2t/(1 + t²).
	t := within(int64(math.Tan(a.Rotate*math.Pi/360) * one))
	cut := within(int64(a.Crop * one))
	kept := one - max(cut, -cut)
	c.cos, c.sin = (one*one-t*t)*kept/(one*one+t*t), 2*t*one*kept/(one*one+t*t)
	c.right, c.down = within(one-kept), within(one-kept)
	c.brightness = one + within(int64(a.Brightness*one))
	return c
}

// apply changes an image. What a rotation brings in from beyond an edge is the image mirrored there.
func (c change) apply(m *raster.Image) *raster.Image {
	out := raster.NewImage(m.Width, m.Height, m.Channels, m.Depth)
	w, h := int64(m.Width), int64(m.Height)
	for y := range h {
		for x := range w {
			// From the image's centre to the pixel's, in half pixels; then the place in m, in 2⁻¹⁷ pixels from its first sample.
			u, v := 2*x+1-w, 2*y+1-h
			fromX := c.cos*u - c.sin*v + c.right*w + (w-1)*one
			fromY := c.sin*u + c.cos*v + c.down*h + (h-1)*one
			if c.flipX {
				fromX = 2*(w-1)*one - fromX
			}
			if c.flipY {
				fromY = 2*(h-1)*one - fromY
			}
			c.sample(out, m, int(y*w+x), fromX, fromY)
		}
	}
	return out
}

// sample sets a pixel of out to what lies at a place of m, in 2⁻¹⁷ pixels, by bilinear interpolation.
func (c change) sample(out, m *raster.Image, pixel int, x, y int64) {
	const unit = 2 * one
	left, right := mirrored(x>>17, m.Width), mirrored(x>>17+1, m.Width)
	top, bottom := mirrored(y>>17, m.Height)*m.Width, mirrored(y>>17+1, m.Height)*m.Width
	x, y = x&(unit-1), y&(unit-1)
	for k := range m.Channels {
		at := func(p int) int64 { return int64(m.Sample(p*m.Channels + k)) }
		above, below := at(top+left)*(unit-x)+at(top+right)*x, at(bottom+left)*(unit-x)+at(bottom+right)*x
		level := (above*(unit-y) + below*y + unit*unit/2) >> 34
		out.SetSample(pixel*m.Channels+k, min(int((level*c.brightness+one/2)>>16), m.Max()))
	}
}

// mirrored takes a column or row that is less than n beyond the edges to the one that a mirror at the edge shows there.
func mirrored(i int64, n int) int {
	k := int(i)
	switch {
	case k < 0:
		return -1 - k
	case k >= n:
		return 2*n - 1 - k
	}
	return k
}
