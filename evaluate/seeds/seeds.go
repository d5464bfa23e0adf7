// Package seeds puts the results of several trainings of the same systems together: what holds for every training, and what was luck.
//
//	in := seeds.Input{Name: "reproduce", Trainings: trainings, Evaluations: map[uint64]string{1: "results/seed-1", 2: "results/seed-2"}}
//	r, err := seeds.New(ctx, in)
//	err = r.Write("runs/reproduce")
//
// A training is one system trained with one seed; an evaluation is the folder that package evaluate wrote for one seed, with a generator
// for each system. The report has a table of systems and metrics, claims that can only be judged over seeds, and the course of the keys
// over the training's steps.
//
// The spread over seeds and the spread over images are never mixed. Over seeds, a value is the mean over the images of one training; over
// images, it is the mean over the trainings of one image.
package seeds

import (
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Summary is what some values have in common. Fields that need more values than there are stay nil.
type Summary struct {
	N    int      `json:"n"`
	Mean *float64 `json:"mean"`
	SD   *float64 `json:"sd"`  // sample standard deviation
	IQM  *float64 `json:"iqm"` // interquartile mean
	// BootstrapLow and BootstrapHigh are the 95 % percentile bootstrap interval of the interquartile mean. Of three values it is their range.
	BootstrapLow  *float64 `json:"bootstrap_low"`
	BootstrapHigh *float64 `json:"bootstrap_high"`
	// Low and High are the 95 % interval of the mean by Student's t. It is as sure as it says for a few values, if they are normal.
	Low    *float64  `json:"low"`
	High   *float64  `json:"high"`
	Values []float64 `json:"values"`
}

// confidence is that of all intervals.
const confidence = 0.95

// Summarize describes values. Values that are not finite are left out.
func Summarize(values []float64) Summary {
	values = slices.DeleteFunc(slices.Clone(values), func(v float64) bool { return math.IsNaN(v) || math.IsInf(v, 0) })
	s := Summary{N: len(values), Values: values}
	if s.N == 0 {
		return s
	}
	mean, sd := stat.MeanStdDev(values, nil)
	iqm := IQM(values)
	s.Mean, s.IQM = &mean, &iqm
	if s.N == 1 {
		return s
	}
	low, high := Bootstrap(values, IQM)
	half := sd / math.Sqrt(float64(s.N)) * distuv.StudentsT{Sigma: 1, Nu: float64(s.N - 1)}.Quantile((1+confidence)/2)
	from, to := mean-half, mean+half
	s.SD, s.BootstrapLow, s.BootstrapHigh, s.Low, s.High = &sd, &low, &high, &from, &to
	return s
}

// IQM is the interquartile mean: that of the values without the lowest and the highest ⌊n/4⌋, as in Agarwal et al. (2021), "Deep
// Reinforcement Learning at the Edge of the Statistical Precipice". Of fewer than four values it is the mean.
func IQM(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	cut := len(sorted) / 4
	return stat.Mean(sorted[cut:len(sorted)-cut], nil)
}

// resamples is how many samples a bootstrap draws. Of five values or fewer there are less, and it takes each once.
const resamples = 10_000

// Bootstrap is the 95 % percentile interval of a statistic: its quantiles over samples drawn from the values with replacement. The draws
// are the same each time.
func Bootstrap(values []float64, statistic func([]float64) float64) (low, high float64) {
	n := len(values)
	count, all := int(math.Pow(float64(n), float64(n))), true
	if n > 5 {
		count, all = resamples, false
	}
	rng := rand.New(rand.NewPCG(1, 1))
	found, sample := make([]float64, count), make([]float64, n)
	for i := range found {
		for k, digits := 0, i; k < n; k, digits = k+1, digits/n { // i in base n, or random digits
			at := digits % n
			if !all {
				at = rng.IntN(n)
			}
			sample[k] = values[at]
		}
		found[i] = statistic(sample)
	}
	slices.Sort(found)
	tail := (1 - confidence) / 2
	return stat.Quantile(tail, stat.Empirical, found, nil), stat.Quantile(1-tail, stat.Empirical, found, nil)
}
