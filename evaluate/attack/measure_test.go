package attack

import (
	"math"
	"math/rand/v2"
	"testing"

	"keygan/cipher"
	"keygan/cipher/catmap"
	"keygan/data/raster"
)

// TestPeriods: the known periods of Arnold's map, and that half of it leaves a quarter of the pixels in place where the side is 256.
func TestPeriods(t *testing.T) {
	for side, want := range map[int]int{256: 192, 128: 96, 512: 384, 124: 15, 300: 300} {
		if got := catmap.Period(side, 1, 1); got != want {
			t.Errorf("%d: %d, want %d", side, got, want)
		}
	}
	m := raster.NewImage(256, 256, 3, 8) // each pixel has its own number
	for i := range m.Pix {
		m.Pix[i] = byte(i / 3 >> (8 * (i % 3)))
	}
	moved, back := catmap.Apply(m, 1, 1, 96), 0
	for i := 0; i < len(m.Pix); i += 3 {
		if [3]byte(m.Pix[i:]) == [3]byte(moved.Pix[i:]) {
			back++
		}
	}
	if back != 256*256/4 {
		t.Errorf("%d pixels are back after 96 iterations", back)
	}
}

// TestCycles: in float32 nearly all orbits end in the cycles of 4344, 836 and 1 at r = 4, most in that of 3733 at r = 3.99.
func TestCycles(t *testing.T) {
	found := cycles(rand.New(rand.NewPCG(1, 1)), 2000, 4)
	for i, want := range []int{4344, 1, 836} {
		if found[i].length != want {
			t.Errorf("r = 4: %v", found)
		}
	}
	if sum := found[0].share + found[1].share + found[2].share; sum < 90 {
		t.Errorf("r = 4: %.1f %% of the orbits", sum)
	}
	if found := cycles(rand.New(rand.NewPCG(1, 1)), 2000, 3.99); found[0].length != 3733 || found[0].share < 50 {
		t.Errorf("r = 3.99: %v", found)
	}
	for _, x := range degenerate {
		if n := cycleLength(float32(x), 4); n != 1 {
			t.Errorf("x0 = %v ends in a cycle of %d", x, n)
		}
	}
}

// TestSingleState: whatever x0 and r, the keystream is recovered from its first bytes, and other bytes give nothing.
func TestSingleState(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 1))
	for range 8 {
		x0, r := random.Float32(), 3.9+0.1*random.Float32()
		for range 1000 {
			x0 = cipher.LogisticNext32(x0, r)
		}
		stream := singleBytes(4000, x0, r)
		x, found, _, ok := singleState(stream[:knownBytes])
		if !ok {
			t.Errorf("x0 = %v, r = %v: not found", x0, r)
			continue
		}
		for i, v := range singleBytes(len(stream)-1, x, found) {
			if v != stream[i+1] {
				t.Errorf("x0 = %v, r = %v: byte %d is another one", x0, r, i+1)
				break
			}
		}
	}
	noise := make([]byte, knownBytes)
	for i := range noise {
		noise[i] = byte(random.IntN(256))
	}
	if _, _, tried, ok := singleState(noise); ok || tried < 400_000 {
		t.Errorf("noise: found %v after %d values of r", ok, tried)
	}
}

// TestDamage: on an image whose samples are 43.5 from the middle the PSNR is 22.5, 21.5 and 15.5 dB.
func TestDamage(t *testing.T) {
	m := raster.NewImage(256, 256, 1, 8)
	for i := range m.Pix {
		m.Pix[i] = byte(84 + 87*(i/256/8%2))
	}
	b, targets, err := newBench(t.Context(), Options{Plain: []*raster.Image{m, m}, Networks: []*cipher.Network{idealGenerator}, Schemes: []string{"xor", "paper"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range targets {
		if s.info.OnlyAttacks != nil {
			continue
		}
		r := damaged(b, s)
		for i, want := range []float64{22.5, 21.5, 15.5} {
			measured, expected := r.Measured[2*i].Value, r.Measured[2*i+1].Value
			if math.Abs(expected-want) > 0.05 || math.Abs(measured-expected) > 0.25 {
				t.Errorf("%s, %s: PSNR %.2f dB, expected %.2f, known %.1f", s, Damages[i].Name, measured, expected, want)
			}
		}
	}
}

// TestNotNoise: of 300 random images none is told from noise, and the p-values are spread as they should be; a picture is.
func TestNotNoise(t *testing.T) {
	random, below := rand.NewChaCha8([32]byte{1}), 0
	for range 300 {
		m := raster.NewImage(64, 64, 3, 8)
		random.Read(m.Pix)
		_, told := notNoise(m)
		if told.distinguishes() {
			t.Errorf("told by %s, p = %g", told.test, told.p)
		}
		if told.p < 0.1 {
			below++
		}
	}
	// Corrected p-values are below 0.1 with a probability of at most 0.1, and not much less: 30 ± 5.
	if below < 10 || below > 52 {
		t.Errorf("%d of 300 p-values are below 0.1", below)
	}
	if _, told := notNoise(plainImages(t, 64)[0]); !told.distinguishes() {
		t.Errorf("an X-ray is taken for noise: %+v", told)
	}
	if _, told := notNoise(raster.NewImage(64, 64, 3, 8)); !told.distinguishes() {
		t.Error("a black image is taken for noise")
	}
}

// TestBlur: the mean of what lies around, fewer at the edges.
func TestBlur(t *testing.T) {
	m := raster.NewImage(5, 4, 3, 8)
	m.Pix[3*(5*1+1)+2] = 90 // row 1, column 1, blue
	got := blur(m, 1)
	for x := range 4 {
		for y := range 5 {
			want := 0
			if x <= 2 && y <= 2 {
				rows, columns := 3, 3
				if x == 0 {
					rows = 2
				}
				if y == 0 {
					columns = 2
				}
				want = (90 + rows*columns/2) / (rows * columns)
			}
			if v := got.Pix[3*(5*x+y)+2]; int(v) != want {
				t.Errorf("row %d, column %d: %d, want %d", x, y, v, want)
			}
		}
	}
}
