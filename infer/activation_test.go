package infer

import (
	"math"
	"testing"
)

// math.Tanh is good to a few units of 1e-16 here, whatever the machine.
func TestTanh(t *testing.T) {
	check := func(x float32) {
		got, want := float64(tanh(x)), math.Tanh(float64(x))
		// half a unit in the last place of float32, and a little for a tie that math.Tanh decides otherwise
		if d := math.Abs(got - want); !(d <= 0.5001*0x1p-23*math.Abs(want)) {
			t.Errorf("tanh(%v) = %v, want %v", x, got, want)
		}
	}
	for i := -400000; i <= 400000; i++ {
		check(float32(i) / 20000)
	}
	for e := -120; e < 127; e++ {
		check(float32(math.Ldexp(1.37, e)))
		check(float32(math.Ldexp(-1.9, e)))
	}
	check(math.MaxFloat32)
	check(float32(math.Inf(-1)))
	if v := tanh(float32(math.NaN())); v == v {
		t.Errorf("tanh(NaN) = %v", v)
	}
	if v := tanh(0); v != 0 {
		t.Errorf("tanh(0) = %v", v)
	}
}

func TestReLU(t *testing.T) {
	nan, zero := float32(math.NaN()), float32(0)
	x := []float32{-1, 0, -zero, 2, nan, float32(math.Inf(-1)), float32(math.Inf(1))}
	relu(x)
	if x[0] != 0 || x[1] != 0 || !math.Signbit(float64(x[2])) || x[3] != 2 || x[4] == x[4] || x[5] != 0 || !math.IsInf(float64(x[6]), 1) {
		t.Error(x)
	}
}
