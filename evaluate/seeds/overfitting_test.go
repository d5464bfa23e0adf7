package seeds

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// A margin is a length on the measure's own scale. Values near 0, which a share of themselves would leave undecided, are judged, and values
// far from 0 have no more room than others.
func TestNoOverfitting(t *testing.T) {
	s := System{Row: "W", KeyBytes: 64 * 64 * 3}
	for _, c := range []struct {
		measure          string
		heldOut, trained []float64
		want             Verdict
	}{
		{"Entropy", []float64{7, 7.1, 7.2}, []float64{7.01, 7.12, 7.19}, Holds},
		{"Entropy", []float64{4, 4.1, 4.2}, []float64{7, 7.1, 7.2}, Fails},
		{"Entropy", []float64{6.7, 6.8, 6.91}, []float64{7, 7.1, 7.2}, Fails}, // by 0.3 bits, 4 % of the value
		{"Entropy", []float64{6, 7, 8}, []float64{8, 7, 6}, NotDecidable},
		{"Correlation", []float64{0.003, 0.001, 0.002}, []float64{0.002, 0.002, 0.002}, Holds}, // by half of the value
		{"Correlation", []float64{0.933, 0.931, 0.932}, []float64{0.9, 0.9, 0.9}, Fails},       // by 4 % of the value
		{"Chi2", []float64{7426, 7000, 7800}, []float64{7000, 7426, 7426}, Holds},
		{"Chi2", []float64{70000, 71000, 70500}, []float64{7000, 7426, 7426}, Fails},
		{"Distance", []float64{5.5, 5.4, 5.6}, []float64{5.6, 5.5, 5.4}, Holds},
		{"Distance", []float64{4.5, 4.4, 4.6}, []float64{5.6, 5.5, 5.7}, Fails},
	} {
		r := &Report{Courses: []Course{course(c.measure, heldOut, c.heldOut), course(c.measure, trained, c.trained)}}
		if got, measured := r.noOverfitting(s); !measured || got.Verdict != c.want {
			t.Errorf("%s: %v held out, %v trained: %s, want %s: %v", c.measure, c.heldOut, c.trained, got.Verdict, c.want, got.Evidence)
		}
	}
}

// Cramér's V of equal bytes is 1, whatever their number; of random bytes it is nearly 0; of bytes of which half are equal it is a half.
func TestCramersV(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, side := range []int{48, 256} {
		m := raster.NewImage(side, side, 1, 8)
		near(t, "V of equal bytes", cramersV(metrics.Measure(m).ChiSquare, len(m.Pix)), 1)
		for i := range m.Pix {
			m.Pix[i] = byte(rng.Uint32())
		}
		if v, want := cramersV(metrics.Measure(m).ChiSquare, len(m.Pix)), 1/float64(side); math.Abs(v-want) > want/4 { // E χ² = 255
			t.Errorf("V of %d random bytes is %v, want about %v", len(m.Pix), v, want)
		}
		for i := range m.Pix {
			m.Pix[i] = byte(max(0, i*512/len(m.Pix)-256))
		}
		if v := cramersV(metrics.Measure(m).ChiSquare, len(m.Pix)); math.Abs(v-0.5) > 0.01 {
			t.Errorf("V of bytes of which half are equal is %v", v)
		}
	}
}

func TestMarginsAreInTheReport(t *testing.T) {
	r := &Report{Courses: []Course{course("Entropy", heldOut, []float64{7, 7}), course("Entropy", trained, []float64{7, 7})}}
	c, _ := r.noOverfitting(System{Row: "W"})
	for _, want := range []string{"0.16 for entropy", "0.02 for χ²", "0.02 for correlation", "0.669 for distance"} {
		if !strings.Contains(c.Test, want) {
			t.Errorf("no %q in %q", want, c.Test)
		}
	}
}
