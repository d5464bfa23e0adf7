package experiment

import (
	"fmt"
	"math"

	"keygan/data/raster"
	"keygan/evaluate/metrics"
)

// localEntropy and the entries below it are metrics of one image by itself.
var localEntropy = Metric{
	ID: "local_entropy", Name: "local entropy", Formula: "Wu, Zhou, Saveriades, Agaian, Noonan and Natarajan (2013)",
	Definition: "mean Shannon entropy of 30 blocks of 1,936 bytes; a block is a stretch of one channel in reading order; " +
		"the threshold is that of random bytes, since the published band (7.9019 to 7.9030 for α = 0.05) is too narrow by √30",
	Better: Nearer, Unit: "bits", Digits: 6, Brief: 4, On: EachImage,
	Criterion: func(*raster.Image) Criterion { return normally(metrics.LocalEntropyExpected()) },
	Measure:   func(o Observation) (float64, error) { return metrics.LocalEntropy(o.A) },
}

var histogramVariance = Metric{
	ID: "histogram_variance", Name: "histogram variance", Formula: "Zhang and Wang (2014)",
	Definition: "variance of the counts of the 256 byte values: χ² times n/256² for n bytes",
	Better:     Nearer, Digits: 1, Brief: 0, On: EachImage,
	Measure:  exact(func(o Observation) float64 { return metrics.HistogramVariance(o.A) }),
	Expected: func(o Observation) float64 { return metrics.ChiSquareFreedom * float64(len(o.A.Pix)) / (256 * 256) },
}

var floatingFrequency = Metric{
	ID: "floating_frequency", Name: "floating frequency", Formula: "after CrypTool",
	Definition: "number of different byte values among 256 neighbours of a channel in reading order, mean over all places of that window",
	Better:     Nearer, Digits: 3, Brief: 1, On: EachImage,
	Measure:  func(o Observation) (float64, error) { return metrics.FloatingFrequency(o.A) },
	Expected: func(Observation) float64 { return metrics.FloatingFrequencyExpected() },
}

// texture is one of the values of the grey-level co-occurrence matrix.
func texture(name, what string, digits int, value func(metrics.GLCM) float64) Metric {
	return Metric{
		ID: "glcm_" + name, Name: "GLCM " + name, Formula: "Haralick, Shanmugam and Dinstein (1973)",
		Definition: what + " over the shares p(i, j) of neighbours with the values i and j: 256 levels, distance 1, mean over four angles, " +
			"separately for each channel",
		Better: Nearer, Digits: digits, Brief: min(digits, 4), On: EachImage, EachChannel: true,
		Measure: func(o Observation) (float64, error) {
			g, err := metrics.Texture(o.A, o.Channel)
			return value(g), err
		},
		Expected: func(o Observation) float64 { return value(metrics.TextureExpected(o.A.Width * o.A.Height)) },
	}
}

func mae(on Occasion, id, name, definition string) Metric {
	return Metric{ID: id, Name: name, Definition: definition, Better: Nearer, Digits: 3, Brief: 1, On: on, Measure: pair(metrics.MAE)}
}

func msssim(on Occasion, id, name, definition string) Metric {
	return Metric{
		ID: id, Name: name, Formula: "Wang, Simoncelli and Bovik (2003)", Better: Lower, Digits: 4, Brief: 3, On: on, Measure: pair(metrics.MSSSIM),
		Definition: definition + "; five scales, mean over the channels; a scale whose mean is negative counts as 0; from 176×176 pixels on",
	}
}

// expects states what an exact decryption gives, where another metric has the threshold.
func expects(v float64) func(*Metric) {
	return func(m *Metric) { m.Better, m.Expected = Nearer, func(Observation) float64 { return v } }
}

// overPairs is a metric over all pairs of keys. They share keys, so there is no threshold.
func overPairs(m Metric, expected func(samples, top int) (mean, sd float64)) Metric {
	m.Criterion = nil
	m.Expected = func(o Observation) float64 {
		mean, _ := expected(o.A.Samples(), o.A.Max())
		return mean
	}
	return m
}

var plainKeyCorrelation = Metric{
	ID: "correlation_plain_key", Name: "correlation plain–key", Formula: "Pearson (1895)",
	Definition: "Pearson r between the samples of a plain image and of its key, over all channels: what the key shows of the image",
	Better:     Nearer, Digits: 4, Brief: 3, On: PlainAndKey, Measure: pair(metrics.Pearson),
	Criterion: func(m *raster.Image) Criterion { return normally(0, 1/math.Sqrt(float64(m.Samples()))) },
}

var effectiveKeys = Metric{
	ID: "effective_keys", Name: "effective number of keys", Formula: "Friedman and Dieng (2023), the Vendi score",
	Definition: "how many different keys the keys of n images count as: exp of the entropy of the eigenvalues of the matrix of Pearson r " +
		"between them, divided by n; n for keys that have nothing in common, 1 for n times the same",
	Better: Higher, Digits: 3, Brief: 2, On: AllKeys,
	Measure:  func(o Observation) (float64, error) { return metrics.EffectiveNumber(o.Set) },
	Expected: func(o Observation) float64 { return float64(len(o.Set)) },
	Remark:   func(o Observation) string { return fmt.Sprintf("of %d keys", len(o.Set)) },
}

var keysToTargets = Metric{
	ID: "frechet_dct", Name: "Fréchet distance of DCT features", Formula: "after Heusel et al. (2017), whose FID it is not",
	Definition: "between keys and target images, at the size of the training: of means and covariances of fixed features (log energies of the " +
		"diagonals of 8×8 DCT blocks, mean and deviation of each channel), in squared standard deviations of the targets; " +
		"expected: of as many other target images",
	Better: Lower, Digits: 2, Brief: 1, On: KeysAndTargets,
	Measure: func(o Observation) (float64, error) { return metrics.FrechetDCT(o.Set, o.Targets) },
	Expected: func(o Observation) float64 {
		d, err := metrics.FrechetDCT(o.Controls, o.Targets)
		if err != nil {
			panic(err) // there are as many of them as keys, and of their shape
		}
		return d
	},
	Remark: func(o Observation) string {
		return fmt.Sprintf("%d keys, %d target images", len(o.Set), len(o.Targets))
	},
}
