package catmap

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"keygan/data/raster"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// mapVectors were made by testdata/make_vectors.py.
type vectors struct {
	Maps []struct {
		Height, Width, Channels, A, B, Iterations int
		Seed                                      uint32
		Result                                    string
	}
}

func readVectors(t *testing.T) vectors {
	t.Helper()
	b, err := os.ReadFile("../testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Maps) == 0 {
		t.Fatal("no vectors")
	}
	return v
}

// Arnold's map takes row x, column y to row x+y, column x+2y modulo 3:
//
//	(0,0)→(0,0) (0,1)→(1,2) (0,2)→(2,1)
//	(1,0)→(1,1) (1,1)→(2,0) (1,2)→(0,2)
//	(2,0)→(2,2) (2,1)→(0,1) (2,2)→(1,0)
func TestArnoldByHand(t *testing.T) {
	m := raster.NewImage(3, 3, 1, 8)
	copy(m.Pix, "abc"+"def"+"ghi")
	got := Apply(m, 1, 1, 1)
	if want := "ahf" + "idb" + "ecg"; string(got.Pix) != want {
		t.Errorf("got %s, want %s", got.Pix, want)
	}
}

// On 2 rows of 3 columns: x′ = (x + y) mod 2, y′ = (y + x′) mod 3.
//
//	(0,0)→(0,0) (0,1)→(1,2) (0,2)→(0,2)
//	(1,0)→(1,1) (1,1)→(0,1) (1,2)→(1,0)
func TestRectangleByHand(t *testing.T) {
	m := raster.NewImage(3, 2, 1, 8)
	copy(m.Pix, "abc"+"def")
	got := Apply(m, 1, 1, 1)
	if want := "aec" + "fdb"; string(got.Pix) != want {
		t.Errorf("got %s, want %s", got.Pix, want)
	}
}

func TestAgainstNumPy(t *testing.T) {
	for _, v := range readVectors(t).Maps {
		t.Run(fmt.Sprintf("%dx%dx%d", v.Width, v.Height, v.Channels), func(t *testing.T) {
			got := Apply(noise(v.Width, v.Height, v.Channels, v.Seed), v.A, v.B, v.Iterations)
			if hex.EncodeToString(got.Pix) != v.Result {
				t.Errorf("a=%d b=%d iterations=%d: got %x, want %s", v.A, v.B, v.Iterations, got.Pix, v.Result)
			}
		})
	}
}

// drawImage draws a small image of any shape, often square, every pixel with its own number where it has room for one.
func drawImage(t *rapid.T) *raster.Image {
	w := rapid.IntRange(1, 20).Draw(t, "width")
	h := w
	if !rapid.Bool().Draw(t, "square") {
		h = rapid.IntRange(1, 20).Draw(t, "height")
	}
	m := raster.NewImage(w, h, rapid.IntRange(1, 4).Draw(t, "channels"), rapid.SampledFrom([]int{8, 16}).Draw(t, "depth"))
	number(m)
	return m
}

func TestIterationsAreRepetitions(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawImage(t)
		a, b := rapid.IntRange(-30, 30).Draw(t, "a"), rapid.IntRange(-30, 30).Draw(t, "b")
		k := rapid.IntRange(0, 12).Draw(t, "iterations")
		want := m
		for range k {
			want = Apply(want, a, b, 1)
		}
		got := Apply(m, a, b, k)
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("%s, a=%d b=%d k=%d: %s", m, a, b, k, d)
		}
		if d := cmp.Diff(m, Invert(got, a, b, k)); d != "" {
			t.Fatalf("%s, a=%d b=%d k=%d: the inverse gives another image: %s", m, a, b, k, d)
		}
	})
}

// The fast map is the definition, for every pixel size and for shapes of less than a tile, a whole one and a few.
func TestAgainstReference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.SampledFrom([]int{1, 2, 3, 7, 8, 9, 31, 63, 64, 65, 127, 128, 129, 168, 169, 256, 257, 300, 511, 512, 513, 600})
		w := side.Draw(t, "width")
		h := w
		if rapid.Bool().Draw(t, "rectangle") {
			h = side.Draw(t, "height")
		}
		m := raster.NewImage(w, h, rapid.IntRange(1, 4).Draw(t, "channels"), rapid.SampledFrom([]int{8, 16}).Draw(t, "depth"))
		number(m)
		a, b := rapid.IntRange(-400, 400).Draw(t, "a"), rapid.IntRange(-400, 400).Draw(t, "b")
		k := rapid.IntRange(0, 6).Draw(t, "iterations")
		got := Apply(m, a, b, k)
		if !same(got, referenceCatMap(m, a, b, k)) {
			t.Fatalf("%s, a=%d b=%d k=%d: not the map of the definition", m, a, b, k)
		}
		if !same(Invert(got, a, b, k), m) {
			t.Fatalf("%s, a=%d b=%d k=%d: the inverse gives another image", m, a, b, k)
		}
	})
}

// Every matrix of determinant 1 is the product of its passes, of which there are two, or four where n has several prime divisors.
func TestPasses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 60).Draw(t, "n")
		if rapid.Bool().Draw(t, "large") {
			n = rapid.SampledFrom([]int{2310, 4096, 4097, 30030, 12000}).Draw(t, "large n")
		}
		any := rapid.IntRange(0, n-1)
		m := identity(n)
		for range 4 { // products of shears are all such matrices
			m = m.times(matrix{1 % n, any.Draw(t, "along columns"), 0, 1 % n, n})
			m = m.times(matrix{1 % n, 0, any.Draw(t, "along rows"), 1 % n, n})
		}
		product := identity(n)
		p := m.passes()
		for _, v := range p {
			product = matrix{1 % n, 0, mod(v.before, n), 1 % n, n}.times(product)
			product = matrix{0, 1 % n, 1 % n, 0, n}.times(product)
			product = matrix{mod(v.scale, n), 0, 0, 1 % n, n}.times(product)
			product = matrix{1 % n, 0, mod(v.after, n), 1 % n, n}.times(product)
			if _, ok := inverse(mod(v.scale, n), n); !ok && n > 1 {
				t.Fatalf("%v is scaled by %d", m, v.scale)
			}
		}
		if product != m || len(p)%2 != 0 || len(p) > 4 || (len(p) > 2 && (n == 4096 || n == 59)) {
			t.Fatalf("%v has the passes %v, whose product is %v", m, p, product)
		}
		if inverse := m.inverse(); m.times(inverse) != identity(n) || inverse.times(m) != identity(n) {
			t.Fatalf("%v has the inverse %v", m, inverse)
		}
	})
}

// No two pixels go to one place, and pixel (0, 0) stays.
func TestCatMapIsBijective(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := raster.NewImage(rapid.IntRange(1, 200).Draw(t, "width"), rapid.IntRange(1, 200).Draw(t, "height"), 1, 16)
		number(m)
		a, b := rapid.IntRange(0, 30).Draw(t, "a"), rapid.IntRange(0, 30).Draw(t, "b")
		out := Apply(m, a, b, rapid.IntRange(0, 9).Draw(t, "iterations"))
		seen := make([]bool, m.Samples())
		for i := range out.Samples() {
			p := out.Sample(i)
			if seen[p] {
				t.Fatalf("%s: pixel %d is there twice", m, p)
			}
			seen[p] = true
		}
		if out.Sample(0) != 0 {
			t.Fatalf("%s: pixel (0, 0) moved", m)
		}
	})
}

func TestPeriod(t *testing.T) {
	for side, want := range map[int]int{1: 1, 2: 3, 256: 192, 128: 96, 512: 384, 124: 15, 300: 300, 10: 30, 50: 150, 250: 750} {
		if got := Period(side, 1, 1); got != want {
			t.Errorf("the period at %d is %d, want %d", side, got, want)
		}
	}
	for side := 2; side < 200; side++ {
		if p := Period(side, 1, 1); p > 3*side {
			t.Errorf("the period at %d is %d, more than 3 times as much", side, p)
		}
	}
	m := noise(124, 124, 1, 1)
	for k := 1; k <= 15; k++ {
		if same := bytes.Equal(Apply(m, 1, 1, k).Pix, m.Pix); same != (k == 15) {
			t.Errorf("at 124, %d iterations: image unchanged is %v", k, same)
		}
	}
}

// After half the period at 256 a quarter of the pixels are back in place.
func TestHalfPeriod(t *testing.T) {
	m := raster.NewImage(256, 256, 1, 16)
	for i := range m.Samples() {
		m.SetSample(i, i)
	}
	moved, back := Apply(m, 1, 1, 96), 0
	for i := range m.Samples() {
		if moved.Sample(i) == i {
			back++
		}
	}
	if back != 256*256/4 {
		t.Errorf("%d pixels in place, want a quarter: %d", back, 256*256/4)
	}
}

func TestCatMapRefusesNegativeIterations(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	Apply(raster.NewImage(2, 2, 1, 8), 1, 1, -1)
}

// Inside one tile a square is mapped without memory for the image between the passes. It must be the same map.
func TestApplySquare(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(2, 64).Draw(t, "side")
		m := raster.NewImage(n, n, 1, 8)
		copy(m.Pix, noise(n, n, 1, rapid.Uint32Range(1, 1<<31).Draw(t, "seed")).Pix)
		a, b := rapid.IntRange(1, 300).Draw(t, "a"), rapid.IntRange(1, 300).Draw(t, "b")
		p := NewPasses(n, n, a, b, rapid.IntRange(1, 4).Draw(t, "iterations"))
		if len(p) == 0 {
			return // the identity
		}
		want, got := make([]byte, n*n), make([]byte, n*n)
		p.Apply(want, m.Pix, n, n, 1)
		p.ApplySquare(NewTiles(1, n), got, m.Pix, n)
		if !bytes.Equal(want, got) {
			t.Fatalf("%d×%d, %+v: another map", n, n, p)
		}
	})
}
