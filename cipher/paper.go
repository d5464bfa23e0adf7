package cipher

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"

	"keygan/cipher/catmap"
	"keygan/data/raster"
)

// PaperSide is the width and height, in pixels, of the images and keys of the published scheme.
const PaperSide = 256

// paper is the published scheme: cipher = cat map(plain, k iterations) ⊕ key, with the network's raw 256×256×3 key.
// A grey image has one byte a pixel and takes the key's first channel.
var paper = &Research{
	About: Info{
		Name: "paper", Warning: researchWarning("paper", "re-implements a published scheme and does not protect an image"),
		Weakness: "Keys of different images resemble each other: the average of many others uncovers much of an image. The cat map has no secret.",
		Takes:    KeyImage, Iterations: true, KeyFile: ClearKeyFile, MovesPixels: true, Keystream: RawKeystream, Claims: rawKeyClaims,
	},
	Side:     PaperSide,
	Complete: catParams,
	Scramble: scramble,
	Encrypt: func(m, key *raster.Image, p Params) (*raster.Image, error) {
		out := scramble(m, p)
		xorKey(out, key)
		return out, nil
	},
	Decrypt: func(m, key *raster.Image, p Params) (*raster.Image, error) {
		moved := m.Clone()
		xorKey(moved, key)
		return catmap.Invert(moved, p.A, p.B, p.Iterations), nil
	},
	Space: func(shape *raster.Image, n *Network) KeySpace {
		k, counts := rawKeySpace(shape, n), countBits(shape.Width)
		k.Nominal += counts
		k.NominalHow += fmt.Sprintf(", and log2 of the %.0f iteration counts of the cat map", math.Exp2(counts))
		k.Effective += counts
		k.EffectiveHow = "the iteration count of the cat map; besides it, " + k.EffectiveHow
		return k
	},
}

// catMapAlone is the half of paper that moves pixels, with the iteration count for a key.
var catMapAlone = &Research{
	About: Info{
		Name: "cat map alone", MovesPixels: true, OnlyAttacks: []int{1, 2, 3, 6}, Control: true,
		Claims: Claims{
			Described:   Claim{Holds, formulasWritten, 0},
			Precise:     Claim{Holds, "The map is made of whole numbers, and its period was not enough to undo it.", 1},
			KeysCounted: Claim{Fails, "The key is an iteration count, and there are fewer than three times the image's side.", 1},
			NoWeakKeys: Claim{Fails, "Multiples of the period leave the image as it is, half the period leaves a quarter of the " +
				"pixels of an image whose side is a power of two, and pixel (0, 0) never moves.", 0},
		},
	},
	Draw: func(_ Params, width int, rng *rand.Rand) Params {
		return Params{Iterations: 1 + rng.IntN(catmap.Period(width, 1, 1)-1)}
	},
	Other: func(p Params, width int, choose func(n int) int) Params {
		counts := catmap.Period(width, 1, 1) - 1
		p.Iterations = 1 + (p.Iterations+choose(counts-1))%counts
		return p
	},
	Complete: catParams,
	Scramble: scramble,
	Encrypt:  func(m, _ *raster.Image, p Params) (*raster.Image, error) { return scramble(m, p), nil },
	Decrypt: func(m, _ *raster.Image, p Params) (*raster.Image, error) {
		return catmap.Invert(m, p.A, p.B, p.Iterations), nil
	},
	Space: func(shape *raster.Image, _ *Network) KeySpace {
		bits := countBits(shape.Width)
		return KeySpace{bits, "log2 of the iteration counts", bits, "the same"}
	},
}

const formulasWritten = "The formulas, with the order of the roundings, are written down, and other programs give the same bytes."

func scramble(m *raster.Image, p Params) *raster.Image {
	return catmap.Apply(m, p.A, p.B, p.Iterations)
}

// countBits is log2 of the number of iteration counts that differ and move something.
func countBits(side int) float64 { return math.Log2(float64(catmap.Period(side, 1, 1) - 1)) }

// catParams checks the parameters of a cat map on a side×side square and fills in the defaults of the shears.
func catParams(p Params, side int) (Params, error) {
	p = Params{Iterations: p.Iterations, A: cmp.Or(p.A, 1), B: cmp.Or(p.B, 1)}
	switch {
	case p.A < 0 || p.A >= side || p.B < 0 || p.B >= side:
		return p, fmt.Errorf("the cat map's shear factors are %d and %d; they must be in [1, %d]", p.A, p.B, side-1)
	case p.Iterations < 1 || p.Iterations > MaxIterations:
		return p, fmt.Errorf("%d iterations of the cat map; there must be 1 to %d", p.Iterations, MaxIterations)
	}
	if period := catmap.Period(side, p.A, p.B); p.Iterations%period == 0 {
		return p, fmt.Errorf("%d iterations of the cat map leave every pixel in place: its period at %d×%d is %d",
			p.Iterations, side, side, period)
	}
	return p, nil
}
