// Package fidelity measures images that networks have made: each by itself, beside the plain image that it was made from, and beside what
// was made of another one.
//
//	found, err := fidelity.Of(plain, keys)
//	for _, m := range fidelity.Measures {
//		mean, sd, n := m.Mean(found)
//		…
//	}
//
// It says how good keys are while a run trains, and an [Assessment] is what keygan-train test shows. It needs no libtorch.
package fidelity

import (
	"errors"
	"math"

	"gonum.org/v1/gonum/stat"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// Values are an image beside the plain one that it was made from, and what it is by itself. All are 8-bit images; what is undefined is nil.
type Values struct {
	MSE         *float64 `json:"mse,omitempty"`               // squared grey levels; of the plain image itself, this and the next three are nil
	PSNR        *float64 `json:"psnr,omitempty"`              // decibels; nil of an image that is equal to the plain one
	SSIM        *float64 `json:"ssim,omitempty"`              // 11×11 Gaussian window
	Plain       *float64 `json:"plain_correlation,omitempty"` // Pearson's r of the samples with those of the plain image; nil of a flat image
	Entropy     *float64 `json:"entropy"`                     // bits per byte
	ChiSquare   *float64 `json:"chi2"`                        // of the bytes, 255 degrees of freedom
	Correlation *float64 `json:"correlation"`                 // |r| of neighbours, the mean over three directions; nil of a flat image
	Zeros       *float64 `json:"zeros"`                       // share of bytes that are 0
	Another     *float64 `json:"another_ssim,omitempty"`      // SSIM of the plain image with what was restored of the next one; only in an Assessment
	Distance    *float64 `json:"distance,omitempty"`          // mean difference to what was made of the next image: UACI, percent of the range
}

// valuesOf measures an image that was made from a plain one (nil: there is none), beside what was made from the next (nil: likewise).
func valuesOf(plain, image, next *raster.Image) (f Values, err error) {
	put := func(to **float64, v float64, failed error) {
		switch {
		case failed == nil && !math.IsNaN(v) && !math.IsInf(v, 0):
			*to = &v
		case !errors.Is(failed, metrics.ErrUndefined):
			err = errors.Join(err, failed)
		}
	}
	with := func(to **float64, other *raster.Image, measure func(a, b *raster.Image) (float64, error)) {
		if other != nil {
			v, failed := measure(other, image)
			put(to, v, failed)
		}
	}
	with(&f.MSE, plain, metrics.MSE)
	with(&f.PSNR, plain, metrics.PSNR)
	with(&f.SSIM, plain, func(a, b *raster.Image) (float64, error) { return metrics.SSIM(a, b, metrics.Gaussian11) })
	with(&f.Plain, plain, metrics.Pearson)
	with(&f.Distance, next, metrics.UACI)
	own := metrics.Measure(image)
	f.Entropy, f.ChiSquare = &own.Entropy, &own.ChiSquare
	var sizes []float64
	for _, r := range []*float64{own.Correlation.Horizontal, own.Correlation.Vertical, own.Correlation.Diagonal} {
		if r != nil {
			sizes = append(sizes, math.Abs(*r))
		}
	}
	put(&f.Correlation, stat.Mean(sizes, nil), nil)
	put(&f.Zeros, float64(metrics.Histogram(image)[0])/float64(len(image.Pix)), nil)
	return f, err
}

// Of measures each image of a row that was made from plain images; nil: they are the plain images themselves. Each has the one after it as
// its next, the last has the first.
func Of(plain, row []*raster.Image) ([]Values, error) {
	all := make([]Values, len(row))
	for i, image := range row {
		var of, next *raster.Image
		if plain != nil {
			of = plain[i]
		}
		if len(row) > 1 {
			next = row[(i+1)%len(row)]
		}
		var err error
		if all[i], err = valuesOf(of, image, next); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// A Measure is a number of Values: a column of test.csv and, where it judges keys, of metrics.csv.
type Measure struct {
	Name, Head string // in test.csv and for export --best; in the table that keygan-train test prints, "": not there
	Column     string // in metrics.csv, after "Held-out" or "Training"; "": not there
	Decimals   int
	Better     float64 // 1: more is better, −1: less is; 0: it picks no checkpoint
	Value      func(*Values) *float64
}

// Measures lists all, in the order of the tables.
var Measures = []Measure{
	{"mse", "MSE", "", 1, 0, func(f *Values) *float64 { return f.MSE }},
	{"psnr", "PSNR", "", 2, 0, func(f *Values) *float64 { return f.PSNR }},
	{"ssim", "SSIM", "Plain SSIM", 4, 0, func(f *Values) *float64 { return f.SSIM }},
	{"plain_correlation", "", "Plain Correlation", 4, 0, func(f *Values) *float64 { return f.Plain }},
	{"entropy", "entropy", "Entropy", 4, 1, func(f *Values) *float64 { return f.Entropy }},
	{"chi2", "χ²", "Chi2", 0, -1, func(f *Values) *float64 { return f.ChiSquare }},
	{"correlation", "|r|", "Correlation", 4, -1, func(f *Values) *float64 { return f.Correlation }},
	{"zeros", "", "Zeros", 4, 0, func(f *Values) *float64 { return f.Zeros }},
	{"distance", "", "Distance", 2, 0, func(f *Values) *float64 { return f.Distance }},
	{"another_ssim", "", "", 4, 0, func(f *Values) *float64 { return f.Another }},
}

// Mean is the mean of a measure over the images that have it, with its standard deviation. There are n of them; of none it is NaN.
func (m Measure) Mean(all []Values) (mean, sd float64, n int) {
	var values []float64
	for _, f := range all {
		if v := m.Value(&f); v != nil {
			values = append(values, *v)
		}
	}
	if len(values) == 0 {
		return math.NaN(), math.NaN(), 0
	}
	mean, sd = stat.MeanStdDev(values, nil)
	return mean, sd, len(values)
}
