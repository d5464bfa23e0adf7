package kernel

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactFMA is x·y + z, rounded once, by arithmetic of any length.
func exactFMA(x, y, z float32) float32 {
	big64 := func(v float32) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(float64(v)) }
	r := new(big.Float).SetPrec(2000).Mul(big64(x), big64(y))
	r.Add(r, big64(z))
	if r.Sign() == 0 { // package big knows no rule for the sign of a sum that is zero
		return float32(float64(x)*float64(y)) + z
	}
	f, _ := r.Float32() // to nearest even, below the normal numbers too
	return f
}

// goFMA is how the products in Go use fma.
func goFMA(x, y, z float32) float32 {
	p := float64(x) * float64(y)
	s := float64(p) + float64(z)
	if tie(s) {
		s = fma(p, float64(z))
	}
	return float32(s)
}

// Few bits in each number and exponents that meet make ties; exponents at the lower end make numbers below the normal ones.
func TestFMAIsRoundedOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 5))
	short := func(exponent int) float32 {
		mantissa := 1 + float64(r.Uint32N(1<<4))/16 + float64(r.Uint32N(1<<3))*math.Ldexp(1, -23)
		if r.IntN(8) == 0 {
			mantissa = 1 + float64(r.Uint32N(1<<23))/(1<<23)
		}
		return float32(math.Ldexp(mantissa*float64(1-2*r.IntN(2)), exponent))
	}
	ties, twice := 0, 0
	check := func(x, y, z float32) {
		got, want := goFMA(x, y, z), exactFMA(x, y, z)
		if math.Float32bits(got) != math.Float32bits(want) {
			t.Fatalf("fma(%b, %b, %b) = %b, want %b", x, y, z, got, want)
		}
		if s := float64(x)*float64(y) + float64(z); tie(s) {
			ties++
			if float32(s) != want {
				twice++
			}
		}
	}
	for range 300000 {
		e := r.IntN(40) - 20
		check(short(e), short(-e+r.IntN(8)), short(r.IntN(80)-40))
		check(short(e-70), short(-e-r.IntN(90)), short(-126-r.IntN(30)+r.IntN(30)))
	}
	for _, x := range []float32{0, float32(math.Copysign(0, -1)), 1, -1, math.SmallestNonzeroFloat32, math.MaxFloat32} {
		for _, y := range []float32{0, float32(math.Copysign(0, -1)), 1, -1, -math.SmallestNonzeroFloat32, -math.MaxFloat32} {
			for _, z := range []float32{0, float32(math.Copysign(0, -1)), 1, math.SmallestNonzeroFloat32, math.MaxFloat32} {
				check(x, y, z)
			}
		}
	}
	if ties < 1000 || twice < 100 {
		t.Errorf("%d possible ties, %d that two roundings get wrong: the numbers are not hard enough", ties, twice)
	}
}

// The instruction itself, where there is one, on the same kind of numbers: the second step of a chain whose first makes z of 1·z.
func TestFMAIsTheInstruction(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 9))
	n := 4096
	for _, s := range Sets() {
		for range 20 {
			x := math.Float32frombits(r.Uint32()&0x80ffffff | uint32(r.IntN(200)+20)<<23)
			p := &Product{A: []float32{1, x}, B: make([]float32, 2*n), C: make([]float32, n), Offsets: []int{0}, Run: 2, Rows: 1,
				Panels: n / Block}
			want := make([]float32, n)
			for i := range n {
				z, y := &p.B[i/Block*2*Block+i%Block], &p.B[i/Block*2*Block+Block+i%Block]
				*y = math.Float32frombits(r.Uint32() & 0xbff80007)
				*z = float32(-float64(x)*float64(*y))*float32(math.Ldexp(1, r.IntN(60)-30)) + 0 // a chain never begins with −0
				want[i] = exactFMA(x, *y, *z)
				if math.IsInf(float64(want[i]), 0) || math.IsInf(float64(*z), 0) {
					*z, want[i] = 0, exactFMA(x, *y, 0)
				}
			}
			goPaths(t, func() {
				clear(p.C)
				s.Product(p)
				for i := range want {
					if math.Float32bits(p.C[i]) != math.Float32bits(want[i]) {
						t.Fatalf("%v, fused %v: %b times column %d gives %b, want %b", s, fuses, x, i, p.C[i], want[i])
					}
				}
			})
		}
	}
}
