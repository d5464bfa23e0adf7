package experiment

import (
	"hash/maphash"
	"math"

	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Alpha is the significance level of the verdicts in the tables: random data fails a series of values with this probability.
const Alpha = metrics.Alpha

// Verdict is what the threshold of a metric says about a series of values.
type Verdict string

// The verdicts. A metric without a threshold has none.
const (
	None Verdict = ""
	Pass Verdict = "pass"
	Fail Verdict = "fail"
)

// A Criterion is what random data or an exact decryption gives, and the band that one value of random data keeps with probability
// 1 − Level. Both sides are wrong: a histogram that is too even and ciphertexts that differ in too many bytes are not random either.
type Criterion struct {
	Expected  float64
	Low, High float64 // of one value; −Inf or +Inf where nothing is too low or too high
	Level     float64

	// Mean is the p-quantile of the mean of n independent values of random data; n need not be whole. Without it the mean must keep
	// the band of one value.
	Mean func(n, p float64) float64

	// Shared is the correlation of two values of random data that have one of their two images in common.
	Shared float64
}

// A judgement is what a criterion says of a series.
type judgement struct {
	verdict Verdict
	missed  int // values beyond the critical ones

	// The mean of random data keeps this band, at Alpha for one value and at Alpha/2 for more. A mean that is off by detects leaves it
	// with a probability of Power.
	low, high, detects float64
}

// Power is the probability with which a series fails whose mean is off by as much as the tables say that it detects.
const Power = 0.9

// judge tests the values of a series against those of random data. Its mean is tested on both sides with the spread of a mean of so many
// values. The values by themselves are tested as well, because misses may cancel out in the mean: no more of them may be beyond the critical
// values than chance explains. Random data fails each of the two with probability Alpha/2. For a single value they are one test, at
// Alpha. Independent is how many independent values say as much as these.
func (c Criterion) judge(values []float64, independent float64) judgement {
	n := float64(len(values))
	if n == 0 {
		return judgement{}
	}
	level := Alpha / 2
	if n == 1 {
		level = Alpha
	}
	j := judgement{verdict: Pass}
	j.low, j.high, j.detects = c.meanBand(independent, level)
	sum := 0.0 // divided once, at the end: the mean of ones must be 1
	for _, x := range values {
		sum += x
		if !(x >= c.Low && x <= c.High) { // NaN is beyond
			j.missed++
		}
	}
	mean := sum / n
	if !(mean >= j.low && mean <= j.high) || (n > 1 || c.Mean == nil) && binomialTail(j.missed, len(values), c.Level) <= level {
		j.verdict = Fail
	}
	return j
}

// meanBand is the band that the mean of n independent values of random data keeps with probability 1 − level, and the smallest offset of
// the mean that leaves it with probability Power.
func (c Criterion) meanBand(n, level float64) (low, high, detects float64) {
	if c.Mean == nil {
		return c.Low, c.High, 0
	}
	low, high = c.Mean(n, level/2), c.Mean(n, 1-level/2)
	z := distuv.UnitNormal.Quantile(1 - level/2)
	return low, high, (high - low) / 2 * (1 + distuv.UnitNormal.Quantile(Power)/z)
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

// normally is the criterion of values with a normal distribution.
func normally(expected, sd float64) Criterion {
	z := distuv.UnitNormal.Quantile(1 - Alpha/2)
	return Criterion{
		Expected: expected, Low: expected - z*sd, High: expected + z*sd, Level: Alpha,
		Mean: func(n, p float64) float64 { return expected + sd/math.Sqrt(n)*distuv.UnitNormal.Quantile(p) },
	}
}

// The entropy of n bytes follows from χ² of their histogram, to the second order: H = 8 − χ²/(2n ln 2) − (256² − 1)/(12n² ln 2). The last
// term is a mean, and matters for small images only (Harris 1975).
func randomEntropy(m *raster.Image) Criterion {
	n, chi := float64(len(m.Pix)), randomChiSquare(m)
	entropy := func(chi float64) float64 { return 8 - (chi/2+(256*256-1)/(12*n))/(n*math.Ln2) }
	return Criterion{
		Expected: entropy(chi.Expected), Low: entropy(chi.High), High: entropy(chi.Low), Level: Alpha,
		Mean: func(k, p float64) float64 { return entropy(chi.Mean(k, 1-p)) },
	}
}

// The sum of k values of χ² has k times the degrees of freedom.
func randomChiSquare(*raster.Image) Criterion {
	low, high := metrics.ChiSquareBand(Alpha / 2)
	return Criterion{
		Expected: metrics.ChiSquareFreedom, Low: low, High: high, Level: Alpha,
		Mean: func(k, p float64) float64 { return distuv.ChiSquared{K: metrics.ChiSquareFreedom * k}.Quantile(p) / k },
	}
}

// randomNPCR also holds between a plain image and a uniform cipher, whatever the plain image, and so for pairs that share an image.
func randomNPCR(m *raster.Image) Criterion {
	return normally(metrics.NPCRExpected(m.Samples(), m.Max()))
}

// The mean difference to a given image depends on that image's histogram, and so the values of pairs that share an image are correlated:
// by 0.1 at 8 bits.
func randomUACI(m *raster.Image) Criterion {
	c := normally(metrics.UACIExpected(m.Samples(), m.Max()))
	_, sd := metrics.UACIExpected(1, m.Max())
	f := float64(m.Max())
	sum, squares := 0.0, 0.0 // over the values of a sample: the mean difference of a random sample to it, in percent
	for v := range m.Max() + 1 {
		x := float64(v)
		g := 100 * (x*(x+1) + (f-x)*(f-x+1)) / (2 * (f + 1) * f)
		sum, squares = sum+g, squares+g*g
	}
	mean := sum / (f + 1)
	c.Shared = (squares/(f+1) - mean*mean) / (sd * sd)
	return c
}

func randomCorrelation(d metrics.Direction) func(*raster.Image) Criterion {
	return func(m *raster.Image) Criterion { return normally(0, 1/math.Sqrt(float64(d.Pairs(m)))) }
}

// shares counts in how many values of a series an image takes part, by the image's samples.
type shares map[uint64]int

var sharesSeed = maphash.MakeSeed()

func (s shares) add(images ...*raster.Image) {
	for _, m := range images {
		s[maphash.Bytes(sharesSeed, m.Pix)]++
	}
}

// independent is how many independent values say as much as n values, of which those that have an image in common are correlated.
func (s shares) independent(n int, correlation float64) float64 {
	pairs := 0 // ordered ones that have an image in common
	for _, d := range s {
		pairs += d * (d - 1)
	}
	return float64(n*n) / (float64(n) + correlation*float64(pairs))
}
