package attack

import (
	"errors"
	"math"

	"keygan/cipher"
	"keygan/cipher/catmap"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// The criteria for images that an attack found.
const (
	// visible is the correlation of the samples of a found image with those of the image that was looked for, from which on the
	// one is taken to show the other. That of noise is 0 with a standard deviation of 0.002 at 256×256×3.
	visible = 0.3

	criterionWhole   = "at least 99 % of the samples of the plain image are found"
	criterionVisible = "the samples of what is found correlate with those of the plain image, r ≥ 0.3"
)

// A finding compares an image that an attack found with the truth.
type finding struct {
	equal       float64 // share of samples, in percent
	correlation float64 // of the samples, over all channels; 0 where it is undefined
	values      []Value
}

func (f finding) whole() bool   { return f.equal >= 99 }
func (f finding) visible() bool { return f.correlation >= visible }

func judge(found, truth *raster.Image) finding {
	npcr := must(metrics.NPCR(found, truth))
	f := finding{equal: 100 - npcr, correlation: pearson(found.Pix, truth.Pix)}
	f.values = []Value{{"samples found", f.equal, "%"}, {"correlation with the plain image", f.correlation, ""}}
	psnr := must(metrics.PSNR(found, truth))
	if !math.IsInf(psnr, 0) { // identical images have none
		f.values = append(f.values, Value{"PSNR", psnr, "dB"})
	}
	ssim, err := metrics.SSIM(found, truth, metrics.Gaussian11)
	if !errors.Is(err, metrics.ErrUndefined) {
		check(err)
		f.values = append(f.values, Value{"SSIM", ssim, ""})
	}
	return f
}

// pearson is the correlation of two series of bytes, 0 where one of them is constant.
func pearson(a, b []byte) float64 {
	var sa, sb, saa, sbb, sab float64 // sums of whole numbers far below 2⁵³: exact
	for i, v := range a {
		x, y := float64(v), float64(b[i])
		sa, sb, saa, sbb, sab = sa+x, sb+y, saa+x*x, sbb+y*y, sab+x*y
	}
	n := float64(len(a))
	va, vb := n*saa-sa*sa, n*sbb-sb*sb
	if va == 0 || vb == 0 {
		return 0
	}
	return (n*sab - sa*sb) / math.Sqrt(va*vb)
}

// smoothest undoes every possible iteration count of Arnold's map, 0 included, and keeps the image whose neighbours correlate most, as
// those of pictures do. It is the whole of attack 1, and the last step of others.
func smoothest(m *raster.Image) (best *raster.Image, iterations int, correlation float64) {
	correlation = math.Inf(-1)
	for k := range catmap.Period(m.Width, 1, 1) {
		moved := catmap.Invert(m, 1, 1, k)
		if r := neighbours(moved); r > correlation {
			best, iterations, correlation = moved, k, r
		}
	}
	return best, iterations, correlation
}

// neighbours is the mean of the horizontal and the vertical correlation in the first channel, 0 for a constant one. Both are needed: the
// map's first shear by itself leaves one of them high.
func neighbours(m *raster.Image) float64 {
	h, err := metrics.Correlation(m, 0, metrics.Horizontal)
	v, err2 := metrics.Correlation(m, 0, metrics.Vertical)
	if err != nil || err2 != nil {
		return 0
	}
	return (h + v) / 2
}

func xored(a, b *raster.Image) *raster.Image {
	out := a.Clone()
	cipher.XOR(out.Pix, a.Pix, b.Pix)
	return out
}
