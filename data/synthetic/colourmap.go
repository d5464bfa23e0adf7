package synthetic

import "math"

// A colourMap gives a colour for each of 256 levels.
type colourMap [256][3]byte

var (
	// jet runs from dark blue over cyan, yellow and red to dark red: three trapezia, a quarter of the range apart.
	jet = newColourMap(func(t float64) [3]float64 {
		ramp := func(centre float64) float64 { return 1.5 - math.Abs(4*t-centre) }
		return [3]float64{ramp(3), ramp(2), ramp(1)}
	})

	// viridis, by van der Walt and Smith, through nine of its colours.
	viridis = newColourMap(func(t float64) [3]float64 {
		stops := [9][3]float64{
			{68, 1, 84}, {71, 44, 122}, {59, 81, 139}, {44, 113, 142}, {33, 144, 141},
			{39, 173, 129}, {92, 200, 99}, {170, 220, 50}, {253, 231, 37},
		}
		i := min(int(8*t), 7)
		part := 8*t - float64(i)
		var c [3]float64
		for k := range c {
			c[k] = (stops[i][k] + part*(stops[i+1][k]-stops[i][k])) / 255
		}
		return c
	})
)

func newColourMap(colour func(t float64) [3]float64) (m colourMap) {
	for i := range m {
		for k, v := range colour(float64(i) / 255) {
			m[i][k] = grey(v)
		}
	}
	return m
}

// grey rounds a brightness in [0, 1] to a level.
func grey(v float64) byte { return byte(min(max(v, 0), 1)*255 + 0.5) }
