package sealed

import (
	"encoding/binary"
	"fmt"

	"keygan/cipher/catmap"
)

// maxIterations bounds the iterations of the cat map, because each one costs time on rectangles.
const maxIterations = 4

// catMapParams are the parameters of one image's cat map, each at least 1. All are 0 for a single row or column, which the map leaves as
// it is.
type catMapParams struct{ a, b, iterations int }

// catMap derives the parameters for images of this shape. 24 bytes of HKDF-Expand(PRK, "keygan/sealed/V/cat-map/" and a number in
// decimal), where V is the format version, taken as three big-endian 64-bit numbers u, v and w, give
//
//	a = 1 + u mod (height − 1),  b = 1 + v mod (width − 1),  iterations = 1 + w mod 4.
//
// The number counts up from 0 until the map spreads. On an n×n square, the pixels of a row must go to n different rows: the upper right
// element of the map's matrix has no divisor in common with n. Elsewhere, the pixel in row 0, column 1 must leave its place. So the
// map is never the identity, and on squares it is three shears.
func (k *Key) catMap(height, width int) (catMapParams, error) {
	if height == 1 || width == 1 {
		return catMapParams{}, nil
	}
	var b [24]byte
	defer clear(b[:])
	for i := 0; ; i++ {
		if err := k.expand(b[:], fmt.Sprintf("cat-map/%d", i)); err != nil {
			return catMapParams{}, err
		}
		draw := func(at, n int) int { return 1 + int(binary.BigEndian.Uint64(b[at:])%uint64(n)) }
		p := catMapParams{draw(0, height-1), draw(8, width-1), draw(16, maxIterations)}
		if catmap.Spreads(height, width, p.a, p.b, p.iterations) {
			return p, nil
		}
	}
}
