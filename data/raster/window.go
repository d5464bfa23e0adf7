package raster

import (
	"math"
	"slices"
)

// windowShare is the share of values that a window leaves out at each end, so that a few hot voxels do not darken the rest.
const windowShare = 0.005

// A Window maps numbers of any range to grey levels: Low and below to 0, High and above to 255, linear between.
type Window struct{ Low, High float64 }

// WindowOf returns the window that leaves out windowShare of n values at each end, judged on at most a million of them. Where that leaves a
// single value, as in a mask with few ones, it takes the extremes. NaN and infinities do not count.
func WindowOf(n int, value func(i int) float64) Window {
	const most = 1 << 20
	count := min(n, most)
	sample := make([]float64, 0, count)
	for k := range count {
		// Spread evenly but not regularly, so that the steps do not hit the same column of every row.
		from, to := int(int64(n)*int64(k)/int64(count)), int(int64(n)*int64(k+1)/int64(count))
		v := value(from + int(int64(k)*7919%int64(to-from)))
		if !math.IsNaN(v) && !math.IsInf(v, 0) {
			sample = append(sample, v)
		}
	}
	if len(sample) == 0 {
		return Window{}
	}
	slices.Sort(sample)
	skip := int(float64(len(sample)) * windowShare)
	w := Window{sample[skip], sample[len(sample)-1-skip]}
	if w.Low == w.High {
		w = Window{sample[0], sample[len(sample)-1]}
	}
	return w
}

// Level maps v to [0, 255] and rounds halves up. NaN and an empty window give 0.
func (w Window) Level(v float64) byte {
	// Halved, no difference of two float64 overflows. The conversions keep a compiler from fusing.
	share := (v/2 - w.Low/2) / (w.High/2 - w.Low/2)
	return Clamp(math.Floor(float64(share*255) + 0.5))
}
