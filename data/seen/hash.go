package seen

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"keygan/data/raster"
)

// A Hash is a perceptual hash of 256 bits: nearly the same for images that look the same, whatever their size, format and brightness.
type Hash [hashBits / 8]byte

const hashBits = 256

// NearBits is the number of bits in which the hashes of near duplicates differ at most.
//
// Copies of drawn images that were stored as JPEG at quality 50, enlarged, reduced to 48×48 pixels, or made brighter or darker by 30
// levels differ in at most 27 bits; of 5,000 pairs of different images, the nearest differ in 38. The usual 64 bits do not do: the lowest
// frequencies of two chest X-rays are so alike that some differ in no more bits than copies.
const NearBits = 30

// grid is the side of the reduced image that the hash looks at.
const grid = 32

// HashOf is the perceptual hash of an image: the signs of 256 low frequencies of its discrete cosine transform, after it was made grey
// and brought to 32×32 pixels. It is of the kind that Zauner (2010) describes.
func HashOf(m *raster.Image) (h Hash) {
	small := m.Fit(grid, 1)
	var rows [grid][grid]float64 // transformed along x: of each row y and horizontal frequency u
	for y := range grid {
		for x := range grid {
			v := float64(small.Sample(y*grid + x))
			for u := range grid {
				rows[y][u] += float64(v * cosines[u][x])
			}
		}
	}
	for k, f := range frequencies {
		sum := 0.0
		for y := range grid {
			sum += float64(rows[y][f.u] * cosines[f.v][y])
		}
		if sum > 0 {
			h[k/8] |= 1 << (k % 8)
		}
	}
	return h
}

// cosines are cos(π (2x + 1) u / 64) for each frequency u and each place x.
var cosines = func() (c [grid][grid]float64) {
	for u := range c {
		for x := range c[u] {
			c[u][x] = math.Cos(math.Pi * float64(2*x+1) * float64(u) / (2 * grid))
		}
	}
	return c
}()

type frequency struct{ v, u int } // vertical and horizontal

// frequencies are those of the least sum v + u but the first 66, which tell the kind of an image rather than the image.
var frequencies = func() []frequency {
	const skipped = 66 // all with v + u ≤ 10
	var all []frequency
	for v := range grid {
		for u := range grid {
			all = append(all, frequency{v, u})
		}
	}
	slices.SortStableFunc(all, func(a, b frequency) int { return cmp.Compare(a.v+a.u, b.v+b.u) })
	return all[skipped:][:hashBits]
}()

// Distance is the number of bits in which two hashes differ.
func (h Hash) Distance(o Hash) (n int) {
	for i := range h {
		n += bits.OnesCount8(h[i] ^ o[i])
	}
	return n
}

// String is the hash in 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

func parseHash(s string) (h Hash, err error) {
	if len(s) != 2*len(h) {
		return h, fmt.Errorf("a hash of %d digits, not %d", len(s), 2*len(h))
	}
	_, err = hex.Decode(h[:], []byte(s))
	return h, err
}
