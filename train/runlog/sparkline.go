package runlog

import (
	"math"
	"slices"
)

// bars are the eight heights of a sparkline, the lowest first.
var bars = []rune("▁▂▃▄▅▆▇█")

// Sparkline draws values as at most width characters, each the mean of as many values, from the least at the lowest bar to the
// greatest at the highest. Values that are not finite are blanks. Where all are above zero and some a hundred times others, as
// at the beginning of a training, their logarithms are drawn.
func Sparkline(values []float64, width int) string {
	values = binned(values, width)
	least, most := bounds(values)
	if least > 0 && most/least >= 100 {
		values = slices.Clone(values)
		for i, v := range values {
			values[i] = math.Log(v)
		}
		least, most = bounds(values)
	}
	line := make([]rune, len(values))
	for i, v := range values {
		switch {
		case !Finite(v):
			line[i] = ' '
		case most == least:
			line[i] = bars[len(bars)/2]
		default: // halves first: the difference of two large values may overflow
			share := (v/2 - least/2) / (most/2 - least/2)
			line[i] = bars[min(int(share*float64(len(bars))), len(bars)-1)]
		}
	}
	return string(line)
}

// bounds are the least and the greatest of those values that are finite.
func bounds(values []float64) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if Finite(v) {
			least, most = min(least, v), max(most, v)
		}
	}
	return least, most
}

// binned is the means of width runs of values, as equal in length as can be; NaN where a run has no finite value.
func binned(values []float64, width int) []float64 {
	if len(values) <= width {
		return values
	}
	bins := make([]float64, max(width, 0))
	for i := range bins {
		sum, n := 0.0, 0
		for _, v := range values[i*len(values)/width : (i+1)*len(values)/width] {
			if Finite(v) {
				sum += v
				n++
			}
		}
		bins[i] = sum / float64(n)
	}
	return bins
}
