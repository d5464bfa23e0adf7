package metrics

import (
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"keygan/data"
)

// byteMax is F in the formulas of Wu, Noonan and Agaian (2011): the largest value of a byte.
const byteMax = 255.0

// NPCR is the number-of-pixels change rate: the share of bytes in which two images differ, in percent.
//
// The field takes the two ciphertexts of plain images that differ in one bit. The images must have the same shape.
func NPCR(a, b *data.Image) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	differ := 0
	for i, v := range a.Pix {
		if v != b.Pix[i] {
			differ++
		}
	}
	return 100 * float64(differ) / float64(len(a.Pix)), nil
}

// UACI is the unified average changing intensity: the mean absolute difference of two images' bytes over 255, in
// percent. The images must have the same shape.
func UACI(a, b *data.Image) (float64, error) {
	if err := sameShape(a, b); err != nil {
		return 0, err
	}
	sum := 0
	for i, v := range a.Pix {
		d := int(v) - int(b.Pix[i])
		sum += max(d, -d)
	}
	return 100 * float64(sum) / byteMax / float64(len(a.Pix)), nil
}

// NPCRExpected is the mean and the standard deviation, in percent, of the NPCR of two independent random images of n
// bytes: μ = F/(F+1), σ² = F/((F+1)²n).
func NPCRExpected(n int) (mean, sd float64) {
	return 100 * byteMax / (byteMax + 1), 100 * math.Sqrt(byteMax/float64(n)) / (byteMax + 1)
}

// UACIExpected is the mean and the standard deviation, in percent, of the UACI of two independent random images of n
// bytes: μ = (F+2)/(3F+3), σ² = (F+2)(F²+2F+3)/(18(F+1)²Fn).
func UACIExpected(n int) (mean, sd float64) {
	const f = byteMax
	variance := (f + 2) * (f*f + 2*f + 3) / (18 * (f + 1) * (f + 1) * f * float64(n))
	return 100 * (f + 2) / (3*f + 3), 100 * math.Sqrt(variance)
}

// NPCRCritical is the NPCR, in percent, that two independent random images of n bytes miss with probability alpha. The
// test is one-sided: only too few differences tell against a scheme.
func NPCRCritical(n int, alpha float64) float64 {
	mean, sd := NPCRExpected(n)
	return mean + sd*distuv.UnitNormal.Quantile(alpha)
}

// UACIBand is the band, in percent, that the UACI of two independent random images of n bytes leaves with probability
// alpha. The test is two-sided.
func UACIBand(n int, alpha float64) (low, high float64) {
	mean, sd := UACIExpected(n)
	z := distuv.UnitNormal.Quantile(1 - alpha/2)
	return mean - z*sd, mean + z*sd
}

// ExpectedUACI is the UACI, in percent, to expect between a plain image and a cipher image of uniform bytes that do not
// depend on it: E|P − C| for a byte P is (P(P+1) + (F−P)(F−P+1)) / (2(F+1)). It is 33.46 % only when the plain bytes are
// uniform, too; against a black image it is 50 %.
func ExpectedUACI(plain *data.Image) float64 {
	const f = byteMax
	sum := 0.0
	for v, count := range Histogram(plain) {
		p := float64(v)
		sum += float64(count) * (p*(p+1) + (f-p)*(f-p+1)) / (2 * (f + 1))
	}
	return 100 * sum / f / float64(len(plain.Pix))
}
