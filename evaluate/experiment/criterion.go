package experiment

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Alpha is the significance level of the verdicts in the tables.
const Alpha = 0.01

// Verdict is what the threshold of a metric says about a series of values.
type Verdict string

// The verdicts. A metric without a threshold has none.
const (
	None Verdict = ""
	Pass Verdict = "pass"
	Fail Verdict = "fail"
)

// A Criterion is what random data gives, or an exact decryption must give, and the critical values between which random data stays with
// probability 1 − Level.
type Criterion struct {
	Expected  float64
	Low, High float64 // −Inf or +Inf where nothing is too low or too high
	Level     float64
}

// outside reports whether v is beyond a critical value. NaN is.
func (c Criterion) outside(v float64) bool { return !(v >= c.Low && v <= c.High) }

// judge passes a series when its mean lies between the critical values and no more of its values lie beyond them than chance explains:
// random data would give that many or more with a probability above Alpha. For one value that is the plain test. For many it does not
// fail a scheme for the few misses that random data has as well, and misses do not cancel out in the mean.
func (c Criterion) judge(values []float64) (v Verdict, missed int) {
	if len(values) == 0 {
		return None, 0
	}
	sum := 0.0 // divided once, at the end: the mean of ones must be 1
	for _, x := range values {
		sum += x
		if c.outside(x) {
			missed++
		}
	}
	if c.outside(sum/float64(len(values))) || binomialTail(missed, len(values), c.Level) <= Alpha {
		return Fail, missed
	}
	return Pass, missed
}

// binomialTail is the probability of k or more of n, each by itself having probability p.
func binomialTail(k, n int, p float64) float64 {
	if k <= 0 {
		return 1
	}
	if p == 0 {
		return 0
	}
	return mathext.RegIncBeta(float64(k), float64(n-k+1), p)
}

func randomEntropy(m *raster.Image) Criterion {
	n := len(m.Pix)
	expected, _ := metrics.EntropyExpected(n)
	return Criterion{expected, metrics.EntropyFloor(n, Alpha), math.Inf(1), Alpha}
}

func randomChiSquare(*raster.Image) Criterion {
	low, high := metrics.ChiSquareBand(Alpha)
	return Criterion{metrics.ChiSquareFreedom, low, high, 2 * Alpha} // Alpha on either side
}

// randomNPCR also holds between a plain image and a uniform cipher, whatever the plain image.
func randomNPCR(m *raster.Image) Criterion {
	expected, _ := metrics.NPCRExpected(m.Samples(), m.Max())
	return Criterion{expected, metrics.NPCRCritical(m.Samples(), m.Max(), Alpha), math.Inf(1), Alpha}
}

func randomUACI(m *raster.Image) Criterion {
	expected, _ := metrics.UACIExpected(m.Samples(), m.Max())
	low, high := metrics.UACIBand(m.Samples(), m.Max(), Alpha)
	return Criterion{expected, low, high, Alpha}
}

func randomCorrelation(d metrics.Direction) func(*raster.Image) Criterion {
	return func(m *raster.Image) Criterion {
		band := metrics.CorrelationBand(d.Pairs(m), Alpha)
		return Criterion{0, -band, band, Alpha}
	}
}
