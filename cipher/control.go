package cipher

import (
	"bytes"
	"fmt"
	"io"

	"keygan/data/raster"
)

// The controls are systems whose verdicts are known beforehand. Tables of measurements have them beside the others: a test that the one-time
// key fails, or that the constant key passes, measures nothing.
var (
	oneTimeKey = padSystem{
		about: Info{Name: "one-time key", Fresh: true, Keystream: OwnKeystream, Control: true, OnlyAttacks: []int{2, 4, 5, 7, 11, 18}},
		draw: func(shape *raster.Image, random io.Reader) ([]byte, error) {
			key := make([]byte, len(shape.Pix))
			return key, draw(random, key)
		},
		bits: func(shape *raster.Image) float64 { return 8 * float64(len(shape.Pix)) },
	}
	constantKey = padSystem{
		about: Info{Name: "constant key", Keystream: OwnKeystream, Control: true, OnlyAttacks: []int{}},
		draw: func(_ *raster.Image, random io.Reader) ([]byte, error) {
			key := make([]byte, 1)
			err := draw(random, key)
			key[0] = 1 + key[0]%255 // 0 would leave the image as it is
			return key, err
		},
		bits: func(*raster.Image) float64 { return 8 },
	}
)

// Controls are the names of the controls, in the order of tables.
func Controls() []string {
	var names []string
	for _, c := range systems {
		if i := c.Info(); i.Control {
			names = append(names, i.Name)
		}
	}
	return names
}

// padSystem XORs the image with a key that is repeated as often as it takes.
type padSystem struct {
	about Info
	draw  func(shape *raster.Image, random io.Reader) ([]byte, error)
	bits  func(shape *raster.Image) float64
}

func (s padSystem) Info() Info { return s.about }

func (padSystem) Check(*raster.Image, Params) error { return nil }

func (s padSystem) KeySpace(shape *raster.Image, _ *Network) KeySpace {
	shape = raster.NewImage(shape.Width, shape.Height, shape.Channels, shape.Depth)
	return KeySpace{s.bits(shape), "8 bits for each byte of the key", s.bits(shape), "the same"}
}

func (s padSystem) NewSecret(in Input) (Secret, error) {
	key, err := s.draw(in.Plain, in.Random)
	return padSecret{s, key, in.Plain}, err
}

type padSecret struct {
	system padSystem
	key    []byte
	shape  *raster.Image
}

func (s padSecret) Encrypt(plain *raster.Image) (*raster.Image, error) {
	if len(s.key) > 1 && len(s.key) != len(plain.Pix) {
		return nil, fmt.Errorf("a key of %d bytes for an image of %d", len(s.key), len(plain.Pix))
	}
	out := plain.Clone()
	XOR(out.Pix, out.Pix, bytes.Repeat(s.key, len(plain.Pix)/len(s.key)))
	return out, nil
}

func (s padSecret) Decrypt(cipherImage *raster.Image) (*raster.Image, error) {
	return s.Encrypt(cipherImage)
}

func (s padSecret) Bits() int { return 8 * len(s.key) }

func (s padSecret) Flip(choose func(n int) int) (Secret, error) {
	s.key = bytes.Clone(s.key)
	flip(s.key, choose)
	return s, nil
}

func (s padSecret) Stranger(in Input) (Secret, string, error) {
	in.Plain = s.shape
	for {
		other, err := s.system.NewSecret(in)
		if err != nil || !bytes.Equal(other.(padSecret).key, s.key) {
			return other, "another key", err
		}
	}
}

func (s padSecret) Sent() ([]byte, error) { return bytes.Clone(s.key), nil }

func (s padSecret) Layers(plain *raster.Image) (key, scrambled *raster.Image) {
	key, _ = s.Encrypt(raster.NewImage(plain.Width, plain.Height, plain.Channels, plain.Depth)) // nil if there is an error
	return key, nil
}
