package experiment

import (
	"math"
	"testing"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

func TestJudge(t *testing.T) {
	c := Criterion{Expected: 0, Low: -1, High: 1, Level: .01}
	many := func(value float64, misses int) []float64 {
		v := make([]float64, 50)
		for i := range misses {
			v[i] = value * float64(1-2*(i%2))
		}
		return v
	}
	for _, x := range []struct {
		values []float64
		want   Verdict
		missed int
	}{
		{nil, None, 0},
		{[]float64{.5}, Pass, 0},
		{[]float64{1.5}, Fail, 1},
		{[]float64{math.NaN()}, Fail, 1},
		{[]float64{1.5, 0, 0, 0}, Pass, 1},   // 4 % of random series do so
		{[]float64{5, 0, 0, 0}, Fail, 1},     // the mean is outside
		{many(2, 2), Pass, 2},                // 9 %
		{many(2, 4), Fail, 4},                // 0.2 %
		{[]float64{2, -2, 2, -2}, Fail, 4},   // cancels out in the mean
		{[]float64{1, 1, -1}, Pass, 0},       // on the edge
		{[]float64{1.01, 1.01, 1}, Fail, 2},  //
		{[]float64{math.Inf(1), 0}, Fail, 1}, //
	} {
		if got := c.judge(x.values, float64(len(x.values))); got.verdict != x.want || got.missed != x.missed {
			t.Errorf("%v: %s, %d missed; want %s, %d", x.values, got.verdict, got.missed, x.want, x.missed)
		}
	}
	exact := Criterion{Expected: 1, Low: 1, High: 1}
	if j := exact.judge([]float64{1, 1, 1}, 3); j.verdict != Pass {
		t.Errorf("exact: %s", j.verdict)
	}
	if j := exact.judge([]float64{1, 1 - 1e-15, 1}, 3); j.verdict != Fail || j.missed != 1 {
		t.Errorf("almost exact: %s", j.verdict)
	}
	// Against the sum of the probabilities: P(X ≥ 2) of 10 at .1.
	Near(t, "binomial tail", binomialTail(2, 10, .1), 1-math.Pow(.9, 10)-10*.1*math.Pow(.9, 9), 1e-12)
}

func TestExpectedUACI(t *testing.T) {
	black := raster.NewImage(4, 4, 1, 8)
	Near(t, "black", metrics.ExpectedUACI(black), 50, 1e-12)
	all := raster.NewImage(16, 16, 1, 8)
	for i := range all.Pix {
		all.Pix[i] = byte(i)
	}
	mean, _ := metrics.UACIExpected(1, 255)
	Near(t, "every value once", metrics.ExpectedUACI(all), mean, 1e-12)
}

func TestEightBits(t *testing.T) {
	m := raster.NewImage(5, 1, 1, 16)
	for i, v := range []int{0, 128, 129, 32768, 65535} {
		m.SetSample(i, v)
	}
	got := m.EightBits()
	for i, want := range []byte{0, 0, 1, 128, 255} {
		if got.Pix[i] != want {
			t.Errorf("sample %d: %d, want %d", m.Sample(i), got.Pix[i], want)
		}
	}
	if low := raster.NewImage(2, 2, 1, 8); low.EightBits() != low {
		t.Error("an image of 8 bits was copied")
	}
}
