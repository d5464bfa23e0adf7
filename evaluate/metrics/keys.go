package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"keygan/data/raster"
)

// EffectiveNumber is the effective number of different images among some of one shape: n for n images that have nothing in common, 1 for
// n times the same. It is the Vendi score of Friedman and Dieng (2023), the exponential of the entropy of the eigenvalues of K/n, where
// K has Pearson's r of each pair.
//
// The error wraps [ErrUndefined] where an image is constant, or there is none.
func EffectiveNumber(images []*raster.Image) (float64, error) {
	n := len(images)
	if n == 0 {
		return 0, fmt.Errorf("the effective number is %w: there are no images", ErrUndefined)
	}
	k := mat.NewSymDense(n, nil)
	for i := range images {
		for j := range i + 1 {
			r, err := Pearson(images[i], images[j])
			if err != nil {
				return 0, err
			}
			k.SetSym(i, j, r/float64(n))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(k, false) {
		return 0, fmt.Errorf("the effective number is %w: no eigenvalues of %d images", ErrUndefined, n)
	}
	entropy := 0.0
	for _, v := range eigen.Values(nil) {
		if v > 0 { // rounding may leave less than nothing
			entropy -= v * math.Log(v)
		}
	}
	return math.Exp(entropy), nil
}
