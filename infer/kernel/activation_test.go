package kernel

import (
	"math"
	"testing"
)

func TestReLU(t *testing.T) {
	nan, zero := float32(math.NaN()), float32(0)
	x := []float32{-1, 0, -zero, 2, nan, float32(math.Inf(-1)), float32(math.Inf(1))}
	ReLU.Apply(x)
	if x[0] != 0 || x[1] != 0 || !math.Signbit(float64(x[2])) || x[3] != 2 || x[4] == x[4] || x[5] != 0 || !math.IsInf(float64(x[6]), 1) {
		t.Error(x)
	}
}
