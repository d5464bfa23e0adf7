package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// alarms counts the series that fail, by metric, of many series of observations that make gives.
func alarms(t *testing.T, series, length int, on Occasion, ids []string, make func() Observation) map[string]int {
	t.Helper()
	shape := raster.NewImage(calibrationSide, calibrationSide, 1, 8)
	failed := map[string]int{}
	for range series {
		r := measurements{}
		for range length {
			if err := r.observe(System{}, on, make()); err != nil {
				t.Fatal(err)
			}
		}
		for _, m := range Metrics {
			if m.On == on && m.Criterion != nil && r.row("", System{}, m, shape).Verdict == Fail {
				failed[m.ID]++
			}
		}
	}
	for _, id := range ids {
		t.Logf("%s: %d of %d series of %d values fail", id, failed[id], series, length)
	}
	return failed
}

// flawed is an image of random bytes. A share of flaw of them is replaced: by 255 if it is positive.
func flawed(rng *rand.Rand, flaw float64) *raster.Image {
	m := raster.NewImage(calibrationSide, calibrationSide, 1, 8)
	for i := range m.Pix {
		v := rng.Uint64()
		m.Pix[i] = byte(v)
		if flaw > 0 && float64(v>>11)*0x1p-53 < flaw {
			m.Pix[i] = 255
		}
	}
	return m
}

var ofOneImage = []string{IDEntropy, IDChiSquare, IDCorrelation[metrics.Horizontal], IDCorrelation[metrics.Vertical], IDCorrelation[metrics.Diagonal]}

// Series of ideal data fail as often as the level says: twice Alpha/2 at most, and the test of the mean by itself Alpha/2. Counts that
// would be seen less than once in 10,000 such tests are errors.
func TestSeriesAreCalibrated(t *testing.T) {
	const rare = 1e-4
	rng := rand.New(rand.NewPCG(2011, 2))
	noise := func() Observation { return Observation{A: flawed(rng, 0)} }
	pairs := func() Observation { return Observation{A: flawed(rng, 0), B: flawed(rng, 0)} }
	for _, c := range []struct {
		series, length int
		on             Occasion
		ids            []string
		make           func() Observation
	}{
		{500, 2, EachImage, ofOneImage, noise}, {300, 30, EachImage, ofOneImage, noise},
		{800, 2, CiphersOneBit, []string{IDNPCR, IDUACI}, pairs}, {500, 30, CiphersOneBit, []string{IDNPCR, IDUACI}, pairs},
	} {
		failed := alarms(t, c.series, c.length, c.on, c.ids, c.make)
		for _, id := range c.ids {
			if k := failed[id]; binomialTail(k, c.series, Alpha) < rare || binomialHead(k, c.series, Alpha/2) < rare {
				t.Errorf("%s: %d of %d series of %d random images fail", id, k, c.series, c.length)
			}
		}
	}
}

// Values that share an image are correlated: by Shared, which for UACI at 8 bits is (1/180)/(1/18) for continuous samples. A series of one
// ciphertext against many fails as seldom as one of independent pairs; without the correction one in four would fail.
func TestSharedImagesAreCalibrated(t *testing.T) {
	const series, length = 400, 25
	shape := raster.NewImage(calibrationSide, calibrationSide, 1, 8)
	Near(t, "correlation of UACI", randomUACI(shape).Shared, 0.1, 1e-4)
	rng := rand.New(rand.NewPCG(2011, 3))
	var first *raster.Image
	taken := 0
	failed := alarms(t, series, length, CiphersOneBit, []string{IDNPCR, IDUACI}, func() Observation {
		if taken++; taken%length == 1 {
			first = flawed(rng, 0)
		}
		return Observation{A: first, B: flawed(rng, 0)}
	})
	for _, id := range []string{IDNPCR, IDUACI} {
		if k := failed[id]; binomialTail(k, series, 1.5*Alpha) < 1e-4 {
			t.Errorf("%s: %d of %d series that share an image fail", id, k, series)
		}
	}
	s := shares{}
	s.add(first, flawed(rng, 0))
	s.add(first, flawed(rng, 0))
	Near(t, "two values of one image, correlated by 1", s.independent(2, 1), 1, 1e-12)
	Near(t, "two values of one image, correlated by 0", s.independent(2, 0), 2, 1e-12)
}

// Slightly bad data: flaws that the test of a single image does not see are found in a series, on either side.
func TestSeriesHavePower(t *testing.T) {
	const series, length = 60, 30
	rng := rand.New(rand.NewPCG(2011, 4))
	check := func(what string, failed map[string]int, id string, least float64) {
		t.Helper()
		if k := failed[id]; float64(k) < least*series {
			t.Errorf("%s: %s finds it in %d of %d series", what, id, k, series)
		}
	}
	same := func(share float64) func() Observation { // pairs of which a share of the bytes is made equal, or different if it is negative
		return func() Observation {
			o := Observation{A: flawed(rng, 0), B: flawed(rng, 0)}
			for i := range o.A.Pix {
				switch {
				case rng.Float64() >= math.Abs(share):
				case share > 0:
					o.B.Pix[i] = o.A.Pix[i]
				case o.B.Pix[i] == o.A.Pix[i]:
					o.B.Pix[i]++
				}
			}
			return o
		}
	}
	// NPCR is 99.51 and 99.71 %; one image of this size keeps 99.36 to 99.86 %.
	check("0.1 % of the bytes equal", alarms(t, series, length, CiphersOneBit, nil, same(0.001)), IDNPCR, 0.95)
	check("a quarter of the equal bytes changed", alarms(t, series, length, PlainAndCipher, nil, same(-0.25)), IDNPCRPlainCipher, 0.95)
	uneven := alarms(t, series, length, EachImage, nil, func() Observation { return Observation{A: flawed(rng, 0.005)} })
	check("0.5 % of the bytes are 255", uneven, IDChiSquare, 0.9)
	check("0.5 % of the bytes are 255", uneven, IDEntropy, 0.9)
	// A histogram that is too even: most of the bytes are a shuffled list of all values.
	even := alarms(t, series, length, EachImage, nil, func() Observation {
		m := flawed(rng, 0)
		for i := range len(m.Pix) / 10 {
			m.Pix[i] = byte(i)
		}
		rng.Shuffle(len(m.Pix), func(i, k int) { m.Pix[i], m.Pix[k] = m.Pix[k], m.Pix[i] })
		return Observation{A: m}
	})
	check("10 % of the histogram even", even, IDChiSquare, 0.9)
	check("10 % of the histogram even", even, IDEntropy, 0.9)
	correlated := alarms(t, series, length, EachImage, nil, func() Observation {
		m := flawed(rng, 0)
		for i := 1; i < len(m.Pix); i++ {
			if rng.Float64() < 0.015 {
				m.Pix[i] = m.Pix[i-1]
			}
		}
		return Observation{A: m}
	})
	check("1.5 % of the bytes repeat", correlated, IDCorrelation[metrics.Horizontal], 0.9)
}

// The power is what the tables say: a mean that is off by detects fails nine times in ten, one that is off by nothing once in a hundred.
func TestStatedPower(t *testing.T) {
	const series = 4000
	rng := rand.New(rand.NewPCG(2011, 5))
	shape := raster.NewImage(256, 256, 3, 8)
	_, sd := metrics.NPCRExpected(shape.Samples(), shape.Max())
	c := randomNPCR(shape)
	for _, length := range []int{1, 5, 60} {
		values := make([]float64, length)
		detects := c.judge(values, float64(length)).detects
		for _, x := range []struct{ offset, low, high float64 }{{0, 0.004, 0.0145}, {detects, 0.88, 0.92}, {-detects, 0.88, 0.92}} {
			failed := 0
			for range series {
				for i := range values {
					values[i] = c.Expected + x.offset + sd*rng.NormFloat64()
				}
				if c.judge(values, float64(length)).verdict == Fail {
					failed++
				}
			}
			what := fmt.Sprintf("%d values that are off by %.4f", length, x.offset)
			if share := float64(failed) / series; share < x.low || share > x.high {
				t.Errorf("%s: %.3f of the series fail, want %g to %g", what, share, x.low, x.high)
			}
		}
	}
	// 60 images find what one does not: 7.7 times less.
	one, many := c.judge(make([]float64, 1), 1).detects, c.judge(make([]float64, 60), 60).detects
	if many > one/6 {
		t.Errorf("one image detects %.4f, 60 detect %.4f", one, many)
	}
}
