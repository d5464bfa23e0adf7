package evaluate

import (
	"math"

	"keygan/data/raster"
	"keygan/evaluate/experiment"
)

// toyMetric is all that a new metric takes.
var toyMetric = experiment.Metric{
	ID: "toy_size", Name: "toy size", Definition: "the number of bytes", Formula: "after Lilliput (1726)", Better: experiment.Higher, Unit: "toys", Digits: 2, Brief: 2,
	On:      experiment.PlainAndCipher,
	Measure: func(o experiment.Observation) (float64, error) { return float64(len(o.B.Pix)), nil },
	Criterion: func(*raster.Image) experiment.Criterion {
		return experiment.Criterion{Expected: 9999, Low: 9000, High: math.Inf(1), Level: 0.01}
	},
	Summary: true,
}
