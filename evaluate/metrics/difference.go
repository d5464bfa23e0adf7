package metrics

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"keygan/data/raster"
)

// In the formulas of Wu, Noonan and Agaian (2011), F is the largest value of a sample, 255 or 65535, and N the number of samples.

// NPCR is the number-of-pixels change rate: the share of samples in which two images differ, in percent. A sample of 16 bits counts
// once, whichever of its bits differ.
//
// The field takes the two ciphertexts of plain images that differ in one bit. The images must have the same shape.
func NPCR(a, b *raster.Image) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	differ := 0
	size := a.Depth / 8
	for i := 0; i < len(a.Pix); i += size {
		if a.Pix[i] != b.Pix[i] || a.Pix[i+size-1] != b.Pix[i+size-1] {
			differ++
		}
	}
	return 100 * float64(differ) / float64(a.Samples()), nil
}

// UACI is the unified average changing intensity: the mean absolute difference of samples over F, in percent, for images of one shape.
func UACI(a, b *raster.Image) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	sum := 0
	for i := range a.Samples() {
		d := a.Sample(i) - b.Sample(i)
		sum += max(d, -d)
	}
	return 100 * float64(sum) / float64(a.Max()) / float64(a.Samples()), nil
}

// NPCRExpected is the mean and the standard deviation, in percent, of the NPCR of two independent random images with the
// given number of samples from 0 to top: μ = F/(F+1), σ² = F/((F+1)²N). The mean is 99.6094 % at 8 bits and 99.9985 % at 16.
func NPCRExpected(samples, top int) (mean, sd float64) {
	f := float64(top)
	return 100 * f / (f + 1), 100 * math.Sqrt(f/float64(samples)) / (f + 1)
}

// UACIExpected is the mean and the standard deviation, in percent, of the UACI of two independent random images with the given number of
// samples from 0 to top: μ = (F+2)/(3F+3), σ² = (F+2)(F²+2F+3)/(18(F+1)²FN). The mean is 33.4635 % at 8 bits and 33.3338 % at 16.
func UACIExpected(samples, top int) (mean, sd float64) {
	f := float64(top)
	variance := (f + 2) * (f*f + 2*f + 3) / (18 * (f + 1) * (f + 1) * f * float64(samples))
	return 100 * (f + 2) / (3*f + 3), 100 * math.Sqrt(variance)
}

// NPCRCritical is the NPCR, in percent, that two independent random images with the given number of samples from 0 to top
// miss with probability alpha. The test is one-sided: only too few differences tell against a scheme.
func NPCRCritical(samples, top int, alpha float64) float64 {
	mean, sd := NPCRExpected(samples, top)
	return mean + sd*distuv.UnitNormal.Quantile(alpha)
}

// UACIBand is the band, in percent, that the UACI of two independent random images leaves with probability alpha, on either side.
func UACIBand(samples, top int, alpha float64) (low, high float64) {
	mean, sd := UACIExpected(samples, top)
	z := distuv.UnitNormal.Quantile(1 - alpha/2)
	return mean - z*sd, mean + z*sd
}

// ExpectedUACI is the UACI, in percent, to expect between a plain image and a cipher image of uniform samples that do not
// depend on it: E|P − C| for a sample P is (P(P+1) + (F−P)(F−P+1)) / (2(F+1)). It is that of UACIExpected only when the plain
// samples are uniform; against a black image it is 50 %.
func ExpectedUACI(plain *raster.Image) float64 {
	top := plain.Max()
	sum := 0 // below 2³² a sample
	for i := range plain.Samples() {
		p := plain.Sample(i)
		sum += p*(p+1) + (top-p)*(top-p+1)
	}
	f := float64(top)
	return 100 * float64(sum) / (2 * (f + 1)) / f / float64(plain.Samples())
}

// MAE is the mean absolute difference of two images' samples, in grey levels of their depth: UACI times F. The images must have the same
// shape.
func MAE(a, b *raster.Image) (float64, error) {
	uaci, err := UACI(a, b)
	return uaci / 100 * float64(a.Max()), err
}

// ExpectedMAE is the MAE to expect between a plain image and a cipher image of uniform samples that do not depend on it.
func ExpectedMAE(plain *raster.Image) float64 {
	return ExpectedUACI(plain) / 100 * float64(plain.Max())
}

// MSE is the mean squared difference of two images' samples, in squared grey levels of their depth. The images must have the same shape.
func MSE(a, b *raster.Image) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	// Squares are at most 2³², so that 2³² samples fit: the sum is exact.
	var sum uint64
	if a.Depth == 8 {
		for i, v := range a.Pix {
			d := int(v) - int(b.Pix[i])
			sum += uint64(d * d)
		}
	} else {
		for i := range a.Samples() {
			d := a.Sample(i) - b.Sample(i)
			sum += uint64(d * d)
		}
	}
	return float64(sum) / float64(a.Samples()), nil
}

// PSNR is the peak signal-to-noise ratio of two images of one shape, 10 log₁₀(MAX²/MSE) in decibels: +Inf for identical images.
func PSNR(a, b *raster.Image) (float64, error) {
	mse, err := MSE(a, b)
	if err != nil {
		return 0, err
	}
	return PSNROf(mse, a.Max()), nil
}

// PSNROf is the PSNR in decibels that belongs to an MSE, for samples up to peak: +Inf for an MSE of 0.
func PSNROf(mse float64, peak int) float64 {
	if mse == 0 {
		return math.Inf(1)
	}
	return 10 * math.Log10(float64(peak)*float64(peak)/mse)
}

// ExpectedMSE is the MSE to expect between a plain image P and a cipher image of uniform samples that do not depend on it: the variance
// of a uniform sample, (L²−1)/12 with L levels, plus E[(P − MAX/2)²]. With 8 bits that is 5461.25 + E[(P − 127.5)²].
func ExpectedMSE(plain *raster.Image) float64 {
	levels := float64(plain.Max() + 1)
	centre := float64(plain.Max()) / 2
	sum := 0.0
	n := plain.Samples()
	for i := range n {
		d := float64(plain.Sample(i)) - centre
		sum += d * d
	}
	return (levels*levels-1)/12 + sum/float64(n)
}
