package metrics

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"keygan/data/raster"
)

// dctSide is the side of the blocks of FrechetDCT.
const dctSide = 8

// FrechetDCT is the Fréchet distance of DCT features between two sets of images, in squared standard deviations of the second set: 0 for
// sets with the same means and covariances. It is made as the Fréchet Inception distance of Heusel et al. (2017) is, but with 14 + 2c
// fixed features of an image in the place of an Inception network's, and its values cannot be compared with those of FID:
//
//   - the logarithms of the mean energies of the diagonals u + v = 1 to 14 of the DCT of all 8×8 blocks, of the grey image;
//   - mean and standard deviation of each of the c channels.
//
// Few images give too large a distance, so compare only with as many others. The images have 8 bits and one shape. The error wraps
// [ErrUndefined] for fewer than two images, or images smaller than a block.
func FrechetDCT(images, reference []*raster.Image) (float64, error) {
	var sets [2]*mat.Dense
	for i, set := range [][]*raster.Image{images, reference} {
		if len(set) < 2 || set[0].Width < dctSide || set[0].Height < dctSide {
			return 0, fmt.Errorf("the Fréchet distance is %w: it takes two images of 8×8 pixels or more", ErrUndefined)
		}
		for k, m := range set {
			if err := sameShape(reference[0], m); err != nil {
				return 0, err
			}
			f := dctFeatures(m)
			if k == 0 {
				sets[i] = mat.NewDense(len(set), len(f), nil)
			}
			sets[i].SetRow(k, f)
		}
	}
	_, d := sets[0].Dims()
	for f := range d { // a feature that is the same in all of the second set stays as it is
		if sd := stat.StdDev(mat.Col(nil, f, sets[1]), nil); sd > 0 {
			for _, s := range sets {
				col := mat.Col(nil, f, s)
				for k := range col {
					col[k] /= sd
				}
				s.SetCol(f, col)
			}
		}
	}
	return frechet(sets[0], sets[1])
}

// frechet is the squared Fréchet distance of the normal distributions with the means and covariances of the rows:
// |m₁ − m₂|² + tr(C₁ + C₂ − 2 (√C₁ C₂ √C₁)^½) (Dowson and Landau 1982).
func frechet(a, b *mat.Dense) (float64, error) {
	_, d := a.Dims()
	var ca, cb mat.SymDense
	stat.CovarianceMatrix(&ca, a, nil)
	stat.CovarianceMatrix(&cb, b, nil)
	sum := 0.0
	for f := range d {
		diff := stat.Mean(mat.Col(nil, f, a), nil) - stat.Mean(mat.Col(nil, f, b), nil)
		sum += diff*diff + ca.At(f, f) + cb.At(f, f)
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(&ca, true) {
		return 0, fmt.Errorf("the Fréchet distance is %w: no eigenvalues", ErrUndefined)
	}
	var vectors, root, product mat.Dense
	eigen.VectorsTo(&vectors)
	values := eigen.Values(nil)
	for i, v := range values {
		values[i] = math.Sqrt(max(0, v)) // rounding may leave less than nothing
	}
	root.Product(&vectors, mat.NewDiagDense(d, values), vectors.T())
	product.Product(&root, &cb, &root)
	inner := mat.NewSymDense(d, nil)
	for i := range d {
		for j := range i + 1 {
			inner.SetSym(i, j, (product.At(i, j)+product.At(j, i))/2)
		}
	}
	if !eigen.Factorize(inner, false) {
		return 0, fmt.Errorf("the Fréchet distance is %w: no eigenvalues", ErrUndefined)
	}
	for _, v := range eigen.Values(nil) {
		sum -= 2 * math.Sqrt(max(0, v))
	}
	return max(0, sum), nil
}

// dctFeatures are the features of FrechetDCT. Samples count as shares of 255.
func dctFeatures(m *raster.Image) []float64 {
	const diagonals = 2*dctSide - 1
	var energy, coefficients [diagonals]float64
	grey := m.Convert(1)
	for y := 0; y+dctSide <= m.Height; y += dctSide {
		for x := 0; x+dctSide <= m.Width; x += dctSide {
			var rows, block [dctSide][dctSide]float64
			for i := range dctSide {
				for u := range dctSide {
					for j := range dctSide {
						rows[i][u] += float64(grey.Pix[(y+i)*m.Width+x+j]) / 255 * dctBasis[u][j]
					}
				}
			}
			for v := range dctSide {
				for u := range dctSide {
					for i := range dctSide {
						block[v][u] += rows[i][u] * dctBasis[v][i]
					}
					energy[u+v] += block[v][u] * block[v][u]
					coefficients[u+v]++
				}
			}
		}
	}
	var out []float64
	for k := 1; k < diagonals; k++ {
		const nothing = 1e-8 // keeps the logarithm of a flat image finite
		out = append(out, math.Log10(energy[k]/coefficients[k]+nothing))
	}
	for c := range m.Channels {
		p := plane(m, c)
		mean, sd := stat.PopMeanStdDev(p, nil)
		out = append(out, mean/255, sd/255)
	}
	return out
}

// dctBasis are the orthonormal cosines of the DCT-II of 8 values.
var dctBasis = func() (b [dctSide][dctSide]float64) {
	for u := range b {
		scale := math.Sqrt(2. / dctSide)
		if u == 0 {
			scale = math.Sqrt(1. / dctSide)
		}
		for x := range b[u] {
			b[u][x] = scale * math.Cos(math.Pi*float64(2*x+1)*float64(u)/(2*dctSide))
		}
	}
	return b
}()
