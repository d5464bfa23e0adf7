package attack

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/stat/distuv"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// falseAlarm is the probability with which random bytes are taken for something else, in one decision. It is so small because a run
// makes hundreds of them.
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
	npcr := must(metrics.NPCR(a, b))
	uaci := must(metrics.UACI(a, b))
	return []Value{{"NPCR", npcr, "%"}, {"UACI", uaci, "%"}}, strongestOf(differenceP(npcr, uaci, a))
}

// differenceP is how likely such an NPCR and such a UACI are for two random images of the shape of m.
func differenceP(npcr, uaci float64, m *raster.Image) map[string]float64 {
	npcrMean, npcrSD := metrics.NPCRExpected(m.Samples(), m.Max())
	uaciMean, uaciSD := metrics.UACIExpected(m.Samples(), m.Max())
	return map[string]float64{"NPCR": normalP((npcr - npcrMean) / npcrSD), "UACI": normalP((uaci - uaciMean) / uaciSD)}
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
func chiSquareP(chi float64) float64 {
	d := distuv.ChiSquared{K: metrics.ChiSquareFreedom}
	return min(1, 2*min(d.CDF(chi), d.Survival(chi)))
}

func normalP(z float64) float64 { return 2 * distuv.UnitNormal.Survival(math.Abs(z)) }

// say puts the decision into words.
func (s strongest) say(what string) string {
	if s.distinguishes() {
		return fmt.Sprintf("%s is told from noise by its %s", what, s.test)
	}
	return fmt.Sprintf("%s cannot be told from noise (least probable: its %s, p = %.2g)", what, s.test, s.p)
}
