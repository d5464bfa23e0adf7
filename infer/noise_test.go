package infer

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

// math.Log is good to a unit of 1e-16 here, whatever the machine.
func TestLogarithm(t *testing.T) {
	check := func(x float64) {
		got, want := logarithm(x), math.Log(x)
		if d := math.Abs(got - want); !(d <= 0x1p-51*math.Abs(want)) {
			t.Errorf("ln %v = %v, want %v", x, got, want)
		}
	}
	for i := 1; i <= 200000; i++ {
		check(float64(i) / 200000)
	}
	for e := -107; e < 0; e++ {
		for _, m := range []float64{1, math.Sqrt2, math.Nextafter(math.Sqrt2, 0), 1.9999, math.Nextafter(2, 0)} {
			check(math.Ldexp(m, e))
		}
	}
	if v := logarithm(1); v != 0 {
		t.Errorf("ln 1 = %v", v)
	}
}

// The ends of the range, and steps of 2⁻⁵³ at most everywhere.
func TestUniform(t *testing.T) {
	for _, c := range []struct {
		bits uint64
		want float64
	}{
		{0, 0}, {1<<10 - 1, 0}, {1 << 10, 0x1p-53}, {1<<63 - 1, 1 - 0x1p-53}, {1 << 63, -1}, {1<<64 - 1, -0x1p-53},
	} {
		if got := uniform(c.bits); got != c.want {
			t.Errorf("uniform(%#x) = %v, want %v", c.bits, got, c.want)
		}
	}
}

// goldenNoise is part of the contract: a change here breaks every key that was ever drawn with noise.
var goldenNoise = []struct {
	stream, n int
	first     [3]uint32 // bits of the first numbers
	sum       string    // SHA-256 of all, as little-endian bytes
}{
	{0, 100, [3]uint32{0x40066298, 0x3e908b30, 0x3ff2b6e9}, "870962db31421272c02eebc27f2b9e4259e3e31faedd91ed9b78a69a7a952d52"},
	{1, 1 << 12, [3]uint32{0x3f689b91, 0xbeda4e00, 0x3f67c2cd}, "857cda8dcb1ed15197f653715c8d4bd929d3ae2472339e7c868a18060de2f3a5"},
	{2, 12345, [3]uint32{0xbf19fa85, 0x3f8c088d, 0x3e3fe489}, "0e393eedbc576e9105d67949ac40de2d3f40a86797fe62d9d64df14d532df2c8"},
}

// countingSeed is 0, 1, 2, …
func countingSeed() (s Seed) {
	for i := range s {
		s[i] = byte(i)
	}
	return s
}

func TestGoldenNoise(t *testing.T) {
	for _, g := range goldenNoise {
		x := Noise(countingSeed(), g.stream, g.n)
		first := [3]uint32{math.Float32bits(x[0]), math.Float32bits(x[1]), math.Float32bits(x[2])}
		if first != g.first {
			t.Errorf("stream %d begins with %#x, want %#x", g.stream, first, g.first)
		}
		if h := sha256Hex(floatBytes(x)); h != g.sum {
			t.Errorf("the hash of stream %d is %s, want %s", g.stream, h, g.sum)
		}
	}
}

// Of 400,000 numbers the moments of a standard normal distribution and its tails lie within five standard errors.
func TestNoiseIsNormal(t *testing.T) {
	const n = 400_000
	var moments [5]float64
	beyond := map[float64]int{1: 0, 2: 0, 3: 0}
	lag := 0.0
	x := Noise(countingSeed(), 7, n)
	for i, v := range x {
		p := 1.0
		for k := range moments {
			moments[k] += p / n
			p *= float64(v)
		}
		for limit := range beyond {
			if math.Abs(float64(v)) > limit {
				beyond[limit]++
			}
		}
		lag += float64(v) * float64(x[(i+1)%n]) / n
	}
	for _, c := range []struct {
		name                 string
		got, want, deviation float64 // of one number
	}{
		{"mean", moments[1], 0, 1},
		{"variance", moments[2], 1, math.Sqrt(2)},
		{"skewness", moments[3], 0, math.Sqrt(15)},
		{"fourth moment", moments[4], 3, math.Sqrt(96)},
		{"correlation of neighbours", lag, 0, 1},
	} {
		if math.Abs(c.got-c.want) > 5*c.deviation/math.Sqrt(n) {
			t.Errorf("%s is %v, want %v", c.name, c.got, c.want)
		}
	}
	for limit, count := range beyond {
		p := math.Erfc(limit / math.Sqrt2)
		if math.Abs(float64(count)/n-p) > 5*math.Sqrt(p*(1-p)/n) {
			t.Errorf("beyond %v lie %d of %d, want %v", limit, count, n, p*n)
		}
	}
}

// A longer draw begins as a shorter one; other streams and other seeds give other numbers.
func TestNoiseStreams(t *testing.T) {
	long := Noise(Seed{}, 3, 101)
	for _, n := range []int{0, 1, 2, 3, 64, 100} {
		if !slices.Equal(Noise(Seed{}, 3, n), long[:n]) {
			t.Errorf("the first %d numbers are not those of a longer draw", n)
		}
	}
	seen := map[float32]string{}
	for bit := range 257 { // 256 seeds of one bit, and the zero seed
		var seed Seed
		if bit < 256 {
			seed[bit/8] = 1 << (bit % 8)
		}
		for stream := range 3 {
			name := fmt.Sprintf("seed bit %d, stream %d", bit, stream)
			first := Noise(seed, stream, 1)[0]
			if other, ok := seen[first]; ok {
				t.Errorf("%s begins as %s", name, other)
			}
			seen[first] = name
		}
	}
}

func BenchmarkNoise(b *testing.B) {
	const n = 256 * 256
	b.SetBytes(4 * n)
	for b.Loop() {
		Noise(Seed{}, 0, n)
	}
}
