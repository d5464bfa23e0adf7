package infer

import (
	"math"
	"testing"
)

// The sums as doc.go says them, one lane after the other.
func TestRowSums(t *testing.T) {
	for n := range 70 {
		row := make([]float32, n)
		var s, q [16]float64
		for i := range row {
			row[i] = float32(math.Ldexp(float64(i*i%37)-17.3, i%23-11)) // of very different sizes, so that order shows
			s[i%16] += float64(row[i])
			q[i%16] += float64(row[i]) * float64(row[i])
		}
		for half := 8; half > 0; half /= 2 {
			for i := range half {
				s[i], q[i] = s[i]+s[i+half], q[i]+q[i+half]
			}
		}
		if sum, squares := rowSums(row); sum != s[0] || squares != q[0] {
			t.Errorf("%d elements: %v and %v, want %v and %v", n, sum, squares, s[0], q[0])
		}
	}
}

func TestInstanceNorm(t *testing.T) {
	for _, c := range []struct {
		name          string
		height, width int
		at            func(i int) float32
		std           float64 // of the result
	}{
		{"spread", 5, 19, func(i int) float32 { return float32(i*i%31) - 7 }, 1},
		{"far from zero", 8, 8, func(i int) float32 { return 1000 + float32(i%2) }, 1},
		{"constant", 3, 33, func(int) float32 { return 123.456 }, 0},
		{"one pixel", 1, 1, func(int) float32 { return -5 }, 0},
	} {
		plane := make([]float32, c.height*c.width)
		for i := range plane {
			plane[i] = c.at(i)
		}
		instanceNorm(plane, c.height, c.width)
		var sum, squares float64
		for _, v := range plane {
			sum += float64(v)
			squares += float64(v) * float64(v)
		}
		n := float64(len(plane))
		if mean, std := sum/n, math.Sqrt(squares/n); math.Abs(mean) > 1e-3 || math.Abs(std-c.std) > 1e-3 {
			t.Errorf("%s: mean %v and deviation %v, want 0 and %v", c.name, mean, std, c.std)
		}
	}
}
