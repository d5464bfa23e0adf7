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

// A criterion is what random data would give, and the critical values between which it stays with probability 1 − level.
type criterion struct {
	expected  float64
	low, high float64 // −Inf or +Inf where nothing is too low or too high
	level     float64
}

// outside reports whether v is beyond a critical value. NaN is.
func (c criterion) outside(v float64) bool { return !(v >= c.low && v <= c.high) }

// judge passes a series when its mean lies between the critical values and no more of its values lie beyond them than
// chance explains: when random data would give so many or more with a probability of at least Alpha. For one value that
// is the plain test; for many it neither fails a scheme for the few that random data fails, too, nor passes one
// whose misses cancel out in the mean.
func (c criterion) judge(values []float64) (v Verdict, missed int) {
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
	if c.outside(sum/float64(len(values))) || binomialTail(missed, len(values), c.level) <= Alpha {
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

// criteria are the thresholds at Alpha for images of the shape of m, by the identifiers of the metrics.
func criteria(m *raster.Image) map[string]criterion {
	n, samples, top := len(m.Pix), m.Samples(), m.Max()
	inf := math.Inf(1)
	entropy, _ := metrics.EntropyExpected(n)
	chiLow, chiHigh := metrics.ChiSquareBand(Alpha)
	npcr, _ := metrics.NPCRExpected(samples, top)
	uaci, _ := metrics.UACIExpected(samples, top)
	uaciLow, uaciHigh := metrics.UACIBand(samples, top, Alpha)
	changed := criterion{npcr, metrics.NPCRCritical(samples, top, Alpha), inf, Alpha}
	intensity := criterion{uaci, uaciLow, uaciHigh, Alpha}
	c := map[string]criterion{
		IDEntropy:         {entropy, metrics.EntropyFloor(n, Alpha), inf, Alpha},
		IDChiSquare:       {metrics.ChiSquareFreedom, chiLow, chiHigh, 2 * Alpha}, // Alpha on either side
		IDNPCR:            changed,
		IDNPCRPlainCipher: changed, // also what a uniform cipher gives, whatever the plain image
		IDNPCRKeyKey:      changed,
		IDNPCRKeyOneBit:   changed,
		IDUACI:            intensity,
		IDUACIKeyKey:      intensity,
		IDUACIKeyOneBit:   intensity,
		IDNPCRSameKey:     changed,
		IDUACISameKey:     intensity,
		IDNPCRGenerators:  changed,
		IDUACIGenerators:  intensity,

		IDKeySensitivityCipher:    changed,
		IDKeySensitivityDecrypted: changed,
		IDNPCRWrongKey:            changed,
		// Decryption is exact or it is wrong.
		IDMSEDecrypted:  {0, 0, 0, 0},
		IDPSNRDecrypted: {inf, inf, inf, 0},
		IDSSIMDecrypted: {1, 1, 1, 0},
		IDExact:         {100, 100, 100, 0},
	}
	for _, d := range metrics.Directions {
		band := metrics.CorrelationBand(d.Pairs(m), Alpha)
		c[IDCorrelation[d]] = criterion{0, -band, band, Alpha}
	}
	return c
}
