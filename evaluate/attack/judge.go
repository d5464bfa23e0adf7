package attack

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat/distuv"

	"keygan/cipher"
	"keygan/cipher/catmap"
	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// falseAlarm is the probability with which random bytes are taken for something else: small, as a run makes hundreds of decisions.
const falseAlarm = 1e-5

// strongest is the decision of a distinguisher: the p-values of several tests of the same bytes, each as improbable as it is under
// the hypothesis that the bytes are random, and which test is the least probable.
type strongest struct {
	test string
	p    float64 // of the least probable, corrected for the number of tests (Bonferroni)
}

func (s strongest) distinguishes() bool { return s.p < falseAlarm }

func strongestOf(p map[string]float64) strongest {
	out := strongest{p: math.Inf(1)}
	for name, v := range p {
		if v < out.p || (v == out.p && name < out.test) {
			out = strongest{name, v}
		}
	}
	out.p = min(1, out.p*float64(len(p)))
	return out
}

// notNoise asks whether an image can be told from random bytes, by its histogram and by the correlation of its neighbours.
func notNoise(m *raster.Image) ([]Value, strongest) {
	chi := metrics.ChiSquare(m)
	p := map[string]float64{"χ²": chiSquareP(chi)}
	values := []Value{{"entropy", metrics.Entropy(m), "bits per byte"}, {"χ²", chi, ""}}
	for _, d := range metrics.Directions {
		r, ok := meanCorrelation(m, d)
		if !ok {
			p[d.String()+" correlation"] = 0 // constant samples
			continue
		}
		values = append(values, Value{d.String() + " correlation", r, ""})
		p[d.String()+" correlation"] = normalP(r * math.Sqrt(float64(d.Pairs(m)*m.Channels)))
	}
	return values, strongestOf(p)
}

// differs asks whether two images differ as independent random ones do, by NPCR and UACI.
func differs(a, b *raster.Image) ([]Value, strongest) {
	npcr, uaci := must(metrics.NPCR(a, b)), must(metrics.UACI(a, b))
	npcrMean, npcrSD := metrics.NPCRExpected(a.Samples(), a.Max())
	uaciMean, uaciSD := metrics.UACIExpected(a.Samples(), a.Max())
	p := map[string]float64{"NPCR": normalP((npcr - npcrMean) / npcrSD), "UACI": normalP((uaci - uaciMean) / uaciSD)}
	return []Value{{"NPCR", npcr, "%"}, {"UACI", uaci, "%"}}, strongestOf(p)
}

// meanCorrelation is Pearson's r of adjacent samples, the mean over the channels; not ok where a channel is constant.
func meanCorrelation(m *raster.Image, d metrics.Direction) (r float64, ok bool) {
	for c := range m.Channels {
		v, err := metrics.Correlation(m, c, d)
		if err != nil {
			return 0, false
		}
		r += v / float64(m.Channels)
	}
	return r, true
}

// chiSquareP is two-sided: too even a histogram is not random either.
func chiSquareP(chi float64) float64 { return uniformP([]float64{chi}) }

// uniformP is the same for the χ² of several images: their sum has so many times the degrees of freedom.
func uniformP(chis []float64) float64 {
	d := distuv.ChiSquared{K: metrics.ChiSquareFreedom * float64(len(chis))}
	sum := floats.Sum(chis)
	return min(1, 2*min(d.CDF(sum), d.Survival(sum)))
}

func normalP(z float64) float64 { return 2 * distuv.UnitNormal.Survival(math.Abs(z)) }

// either is the first of two texts where something holds.
func either(holds bool, yes, no string) string {
	if holds {
		return yes
	}
	return no
}

// The criteria for images that an attack found.
const (
	// visible is the correlation of the samples of a found image with those of the image that was looked for, from which on the
	// one is taken to show the other. That of noise is 0 with a standard deviation of 0.002 at 256×256×3.
	visible = 0.3

	criterionWhole = "at least 99 % of the samples of the plain image are found"
	criterionSeen  = "the samples of what is found correlate with those of the plain image, r ≥ 0.3, and explain at least 1 % of what " +
		"the baseline leaves unexplained of it, or more in images so small that chance explains as much; the baseline is the best mixture of " +
		"the evaluation's other images, the means of drawn chest X-rays and of drawn brain scans, and the cipher image blurred"
)

// leastBeyond is how much of what the baseline leaves unexplained a found image of so many samples must explain, in percent. Chance has
// an r² of one by the number of independent samples; of an image that was smoothed over 7×7 pixels there is one for 49. Four standard
// deviations from 0 are 1 % at 78,400 samples.
func leastBeyond(samples int) float64 { return max(1, 100*4*4*49/float64(samples)) }

// A finding compares an image that an attack found with the truth.
type finding struct {
	equal       float64 // share of samples, in percent
	correlation float64 // of the samples, over all channels; 0 where it is undefined
	beyond      float64 // see beyond; 0 where nobody asked
	samples     int
	values      []Value
}

func (f finding) whole() bool   { return f.equal >= 99 }
func (f finding) visible() bool { return f.correlation >= visible }
func (f finding) seen() bool    { return f.visible() && f.beyond >= leastBeyond(f.samples) }

func judge(found, truth *raster.Image) finding {
	f := finding{equal: samplesFound(found, truth), correlation: pearson(found, truth), samples: len(truth.Pix)}
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

// samplesFound is the share of samples that are equal, in percent.
func samplesFound(found, truth *raster.Image) float64 { return 100 - must(metrics.NPCR(found, truth)) }

// pearson is the correlation of the samples of two images, 0 where one of them is constant.
func pearson(a, b *raster.Image) float64 {
	r, err := metrics.Pearson(a, b)
	if !errors.Is(err, metrics.ErrUndefined) {
		check(err)
	}
	return r
}

// unscrambled undoes the permutation of a target as well as an attacker can. He knows the published count of iterations. Where the count
// is secret he takes what smoothest guesses.
func (b *bench) unscrambled(t *target, m *raster.Image) *raster.Image {
	switch {
	case !t.info.MovesPixels:
		return m
	case t.info.Iterations:
		return catmap.Invert(m, 1, 1, b.params.Iterations)
	}
	found, _, _ := smoothest(m)
	return found
}

// unpublished says what the attack on the first image would give if nobody had published the count of iterations.
func (b *bench) unpublished(t *target, first trial, scrambled *raster.Image) []Value {
	if !t.info.MovesPixels || !t.info.Iterations {
		return nil
	}
	guessed, iterations, _ := smoothest(scrambled)
	return []Value{
		{"iterations, as published", float64(b.params.Iterations), ""}, {"iterations guessed by the smoothest result", float64(iterations), ""},
		{"correlation with the plain image by that guess", pearson(guessed, first.truth), ""},
	}
}

// smoothest undoes every possible iteration count of Arnold's map, 0 included, and keeps the image whose neighbours correlate most, as
// those of pictures do. An eighth of the rows shows which few counts deserve to be looked at in full.
func smoothest(m *raster.Image) (best *raster.Image, iterations int, correlation float64) {
	const finalists = 6
	counts, rough := make([]int, catmap.Period(m.Width, 1, 1)), make([]float64, catmap.Period(m.Width, 1, 1))
	a, b, c, d := 1, 0, 0, 1 // Arnold's matrix, to the power of the count
	for k := range counts {
		counts[k], rough[k] = k, roughNeighbours(m, a, b, c, d)
		a, b, c, d = (a+c)%m.Width, (b+d)%m.Width, (a+2*c)%m.Width, (b+2*d)%m.Width
	}
	slices.SortStableFunc(counts, func(i, j int) int { return cmp.Compare(rough[j], rough[i]) })
	correlation = math.Inf(-1)
	for _, k := range counts[:min(finalists, len(counts))] {
		moved := catmap.Invert(m, 1, 1, k)
		if r := neighbours(moved); r > correlation {
			best, iterations, correlation = moved, k, r
		}
	}
	return best, iterations, correlation
}

// roughNeighbours is neighbours of an eighth of the pixels of the image that has in row x, column y the pixel that m has in row
// a·x + b·y, column c·x + d·y.
func roughNeighbours(m *raster.Image, a, b, c, d int) float64 {
	n := m.Width
	at := func(x, y int) int { return int(m.Pix[((a*x+b*y)%n*n+(c*x+d*y)%n)*m.Channels]) }
	var pairs, s, ss int
	var sums, squares, products [2]int // of the neighbours to the right and below
	for x := 0; x < n-1; x += 8 {
		v := at(x, 0)
		for y := range n - 1 {
			right, below := at(x, y+1), at(x+1, y)
			pairs, s, ss = pairs+1, s+v, ss+v*v
			sums[0], squares[0], products[0] = sums[0]+right, squares[0]+right*right, products[0]+v*right
			sums[1], squares[1], products[1] = sums[1]+below, squares[1]+below*below, products[1]+v*below
			v = right
		}
	}
	total := 0.0
	for i := range sums {
		variances := float64(pairs*ss-s*s) * float64(pairs*squares[i]-sums[i]*sums[i])
		if variances <= 0 {
			return 0
		}
		total += float64(pairs*products[i]-s*sums[i]) / math.Sqrt(variances)
	}
	return total / 2
}

// neighbours is the mean of the horizontal and vertical correlation in the first channel, or 0: a shear by itself leaves one high.
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
