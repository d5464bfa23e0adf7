package cipher

import (
	"fmt"

	"keygan/cipher/catmap"
	"keygan/data/raster"
)

// PaperSide is the width and height, in pixels, of the images and keys of the published scheme.
const PaperSide = 256

// paper is the published scheme: cipher = cat map(plain, k iterations) ⊕ key, with the network's raw 256×256×3 key.
// A grey image has one byte a pixel and takes the key's first channel.
type paper struct{}

func (paper) Name() string { return "paper" }

func (paper) Warning() string {
	return "the scheme \"paper\" is research material: it reproduces published tables and does not protect an image (see the documentation)"
}

func (paper) TakesKey() bool { return true }

func (paper) Check(plain *raster.Image, p Params) error {
	if err := checkFormat("paper", plain); err != nil {
		return err
	}
	if plain.Width != PaperSide || plain.Height != PaperSide {
		return &SizeError{"paper", plain.String(), PaperSide}
	}
	_, err := catParams(PaperSide, p)
	return err
}

func (s paper) Encrypt(plain, key *raster.Image, p Params) (*raster.Image, *KeyFile, error) {
	if err := s.Check(plain, p); err != nil {
		return nil, nil, err
	}
	if err := checkKey(plain, key); err != nil {
		return nil, nil, err
	}
	p, err := catParams(PaperSide, p)
	if err != nil {
		return nil, nil, err
	}
	out := catmap.Apply(plain, p.A, p.B, p.Iterations)
	xorKey(out, key)
	return out, newKeyFile("paper", p, out, key), nil
}

func (s paper) Decrypt(cipher *raster.Image, k *KeyFile) (*raster.Image, error) {
	if err := k.opens("paper", cipher); err != nil {
		return nil, err
	}
	if err := s.Check(cipher, k.Params); err != nil {
		return nil, err
	}
	p, err := catParams(PaperSide, k.Params)
	if err != nil {
		return nil, err
	}
	moved := cipher.Clone()
	xorKey(moved, k.Key)
	return catmap.Invert(moved, p.A, p.B, p.Iterations), nil
}

// catParams checks the parameters of a cat map on a side×side square and fills in the defaults of the shears.
func catParams(side int, p Params) (Params, error) {
	if p.A == 0 {
		p.A = 1
	}
	if p.B == 0 {
		p.B = 1
	}
	switch {
	case p.A < 0 || p.A >= side || p.B < 0 || p.B >= side:
		return p, fmt.Errorf("the cat map's shear factors are %d and %d, they must be in [1, %d]", p.A, p.B, side-1)
	case p.Iterations < 1 || p.Iterations > MaxIterations:
		return p, fmt.Errorf("%d iterations of the cat map, there must be 1 to %d", p.Iterations, MaxIterations)
	}
	if period := catmap.Period(side, p.A, p.B); p.Iterations%period == 0 {
		return p, fmt.Errorf("%d iterations of the cat map leave every pixel in place: its period at %d×%d is %d",
			p.Iterations, side, side, period)
	}
	return p, nil
}
