package seeds

import (
	"math"
	"math/rand/v2"
	"testing"
)

var (
	nine = []float64{3.1, -0.4, 7.9, 2.2, 15.0, 4.4, 1.0, 0.3, 6.6}
	six  = []float64{2.0, 9.1, 5.5, 12.5, 8.8, 4.4}
)

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-9*max(1, math.Abs(want))) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// The known answers are those of scipy 1.10.1: stats.trim_mean(x, 0.25), numpy's mean and std(ddof=1), stats.t.interval(0.95, n−1, …).
func TestSummaryKnownAnswers(t *testing.T) {
	for _, c := range []struct {
		values                   []float64
		iqm, mean, sd, low, high float64
	}{
		{nine, 3.4599999999999995, 4.455555555555556, 4.839450152422048, 0.7356248679645168, 8.175486243146594},
		{six, 6.950000000000001, 7.050000000000001, 3.79196518971364, 3.070576583154905, 11.029423416845097},
		{nine[:3], 3.5333333333333337, 3.5333333333333337, 4.166933324800547, -6.817902881542178, 13.884569548208844},
		{nine[:4], 2.6500000000000004, 3.2, 3.4669871646719432, -2.316750246339094, 8.716750246339094},
	} {
		s := Summarize(append([]float64{math.NaN(), math.Inf(1)}, c.values...))
		near(t, "IQM", *s.IQM, c.iqm)
		near(t, "mean", *s.Mean, c.mean)
		near(t, "SD", *s.SD, c.sd)
		near(t, "low", *s.Low, c.low)
		near(t, "high", *s.High, c.high)
		if s.N != len(c.values) {
			t.Errorf("n = %d of %d", s.N, len(c.values))
		}
	}
	if s := Summarize(nil); s.N != 0 || s.Mean != nil || s.IQM != nil {
		t.Errorf("%+v of nothing", s)
	}
	if s := Summarize([]float64{2}); *s.Mean != 2 || *s.IQM != 2 || s.SD != nil || s.Low != nil || s.BootstrapLow != nil {
		t.Errorf("%+v of one value", s)
	}
}

// The t interval of a few normal values holds their mean in 95 % of cases. The bootstrap's approaches that with many values only. Of three
// it is their range, which holds the mean of a symmetric distribution unless all three lie on one side of it: 1 − 2/2³ = 75 %.
func TestCoverage(t *testing.T) {
	const trials = 100
	rng := rand.New(rand.NewPCG(3, 4))
	for _, c := range []struct {
		n               int
		student, middle float64 // probability, and that of the bootstrap
	}{{3, 0.95, 0.75}, {30, 0.95, 0.93}} {
		student, bootstrap := 0, 0
		for range trials {
			values := make([]float64, c.n)
			for i := range values {
				values[i] = 10 + 3*rng.NormFloat64()
			}
			s := Summarize(values)
			if *s.Low <= 10 && 10 <= *s.High {
				student++
			}
			if *s.BootstrapLow <= 10 && 10 <= *s.BootstrapHigh {
				bootstrap++
			}
		}
		for _, found := range []struct {
			what    string
			count   int
			correct float64
		}{{"t", student, c.student}, {"bootstrap", bootstrap, c.middle}} {
			share := float64(found.count) / trials
			if sd := math.Sqrt(found.correct * (1 - found.correct) / trials); math.Abs(share-found.correct) > 4*sd {
				t.Errorf("n = %d: the %s interval holds the mean in %.3f of the trials, want %.2f", c.n, found.what, share, found.correct)
			}
		}
	}
}

// Of three values all 27 samples are taken: the least and the greatest of them are one in 27 each, more than 2.5 %.
func TestBootstrapOfFewValues(t *testing.T) {
	low, high := Bootstrap([]float64{4, 1, 9}, IQM)
	near(t, "low", low, 1)
	near(t, "high", high, 9)
	seen := map[[4]float64]bool{}
	Bootstrap([]float64{1, 2, 3, 4}, func(s []float64) float64 {
		seen[[4]float64(s)] = true
		return s[0]
	})
	if len(seen) != 256 {
		t.Errorf("%d different samples of 4 values, want 4⁴", len(seen))
	}
}

// The known answers are those of scipy 1.10.1: stats.mannwhitneyu(a, b, method="exact").
func TestCompareKnownAnswers(t *testing.T) {
	shifted := make([]float64, 4)
	for i, v := range six[:4] {
		shifted[i] = v - 0.01
	}
	for _, c := range []struct {
		a, b            []float64
		p, least, above float64
	}{
		{nine[:5], shifted, 0.7301587301587302, 2. / 126, 0.4},
		{nine[:3], []float64{20, 30, 40}, 0.1, 0.1, 0},
		{[]float64{20, 30, 40}, nine[:3], 0.1, 0.1, 1},
		{[]float64{1, 1}, []float64{1, 1}, 1, 2. / 6, 0.5},
	} {
		got := Compare(c.a, c.b)
		near(t, "p", got.P, c.p)
		near(t, "least p", got.LeastP, c.least)
		near(t, "above", got.Above, c.above)
	}
}

// With ties, p is what going through all ways to deal the values gives.
func TestCompareTies(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 50 {
		all := make([]float64, 4+rng.IntN(5))
		for i := range all {
			all[i] = float64(rng.IntN(4))
		}
		n := 1 + rng.IntN(len(all)-1)
		pairs := func(chosen uint) (u float64) { // in which a chosen value is above another; ties count half
			for i, x := range all {
				for j, y := range all {
					if chosen>>i&1 == 1 && chosen>>j&1 == 0 {
						u += map[bool]float64{true: 1}[x > y]
						u += map[bool]float64{true: 0.5}[x == y]
					}
				}
			}
			return u
		}
		middle := float64(n*(len(all)-n)) / 2
		observed, far, ways := math.Abs(pairs(1<<n-1)-middle), 0.0, 0.0
		for chosen := range uint(1) << len(all) {
			count := 0
			for i := range all {
				count += int(chosen >> i & 1)
			}
			if count != n {
				continue
			}
			ways++
			if math.Abs(pairs(chosen)-middle) >= observed-1e-9 {
				far++
			}
		}
		got := Compare(all[:n], all[n:])
		near(t, "p", got.P, far/ways)
		near(t, "above", got.Above, pairs(1<<n-1)/(2*middle))
	}
}
