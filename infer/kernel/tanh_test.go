package kernel

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// math.Tanh is good to a few units of 1e-16 here, whatever the machine.
func TestTanh(t *testing.T) {
	check := func(x float32) {
		got, want := float64(Tanh(x)), math.Tanh(float64(x))
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
	if v := Tanh(float32(math.NaN())); v == v {
		t.Errorf("tanh(NaN) = %v", v)
	}
	if v := Tanh(0); v != 0 {
		t.Errorf("tanh(0) = %v", v)
	}
}

// The vectors against the Go code, for every kind of number and length.
func TestTanhVectors(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	special := []float32{0, float32(math.Copysign(0, -1)), 19.9999, 20, -20, 20.0001, 88, -1e30, math.MaxFloat32, math.SmallestNonzeroFloat32,
		float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 0.34657359, -0.34657359, 1, -1}
	number := func(i int) float32 {
		switch {
		case i < len(special):
			return special[i]
		case i%2 == 0:
			return float32(r.NormFloat64() * 8)
		}
		v := math.Float32frombits(r.Uint32())
		if v != v {
			return 0.5
		}
		return v
	}
	vectors(t, func(t *testing.T, s *Set) {
		for n := range 2000 {
			if n > 40 && n < 1999 {
				continue
			}
			n := n * n / 8
			all := poisoned(n + 2*margin)
			for i := range n {
				all[margin+i] = number(i)
			}
			want := slices.Clone(all)
			for i, v := range want[margin : margin+n] {
				want[margin+i] = Tanh(v)
			}
			s.Tanh(all[margin:][:n])
			same(t, all, want, "%d numbers", n)
		}
	})
}
