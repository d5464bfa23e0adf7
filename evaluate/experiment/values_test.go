package experiment

import (
	"math"
	"slices"
	"testing"

	"keygan/data/raster"
)

// A row has the values that it is the mean of, but not times, and none where one of them is infinite: JSON has no number for it.
func TestRowsHoldTheirValues(t *testing.T) {
	of := System{Scheme: "xor"}
	for _, c := range []struct {
		timed        bool
		values, want []float64
	}{
		{false, []float64{1, 2, 6}, []float64{1, 2, 6}},
		{true, []float64{1, 2, 6}, nil},
		{false, []float64{1, math.Inf(1)}, nil},
	} {
		r := measurements{}
		r.at(of, "m").values = c.values
		row := r.row("s", of, Metric{ID: "m", Timed: c.timed}, raster.NewImage(1, 1, 1, 8))
		if !slices.Equal(row.Values, c.want) || row.Measured == nil {
			t.Errorf("%v: %v", c.values, row.Values)
		}
	}
}
