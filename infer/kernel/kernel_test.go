package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// What the processor says for itself must be what is tested: a machine that has AVX-512 and does not run it here fails.
func TestEverySetOfThisMachineIsThere(t *testing.T) {
	var names []string
	for _, s := range Sets() {
		names = append(names, s.String())
	}
	want := []string{"go"}
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil && runtime.GOARCH == "amd64" && !purego {
		flags := strings.Fields(string(info))
		if slices.Contains(flags, "avx2") && slices.Contains(flags, "fma") {
			want = append(want, "avx2")
			if slices.Contains(flags, "avx512f") {
				want = append(want, "avx512")
			}
		}
		if !slices.Equal(names, want) {
			t.Errorf("the sets are %v, but the processor has %v", names, want)
		}
	} else if names[0] != "go" || purego && len(names) != 1 {
		t.Errorf("the sets are %v", names)
	}
	t.Logf("sets: %v, best: %v", names, Best())
}

// vectors runs f with each set that is not the reference.
func vectors(t *testing.T, f func(t *testing.T, s *Set)) {
	for _, s := range Sets()[1:] {
		t.Run(s.String(), func(t *testing.T) { f(t, s) })
	}
}

// margin is what must stay as it was around whatever a kernel writes.
const margin = 37

// poisoned is n NaN.
func poisoned(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = math.Float32frombits(0x7fc12345)
	}
	return x
}

func same[T float32 | float64](t *testing.T, got, want []T, format string, args ...any) {
	t.Helper()
	for i := range want {
		if math.Float64bits(float64(got[i])) != math.Float64bits(float64(want[i])) {
			t.Fatalf("%s: number %d of %d is %v, want %v", fmt.Sprintf(format, args...), i, len(want), got[i], want[i])
		}
	}
}

// randoms are normal, with zeros of both signs among them.
func randoms(n int, seed uint64) []float32 {
	r := rand.New(rand.NewPCG(seed, 2))
	x := make([]float32, n)
	for i := range x {
		switch r.IntN(10) {
		case 0:
			x[i] = 0
		case 1:
			x[i] = float32(math.Copysign(0, -1))
		default:
			x[i] = float32(r.NormFloat64())
		}
	}
	return x
}

// plainProduct is the definition of a product, an element at a time.
func plainProduct(p *Product) {
	k := len(p.Offsets) * p.Run
	for i := range p.Rows {
		for n := range p.Panels * Block {
			c := &p.C[i*p.CRow+n]
			*c = 0
			for s, o := range p.Offsets {
				for j := range p.Run {
					*c = exactFMA(p.A[i*p.ARow+o+j], p.B[(n/Block*k+s*p.Run+j)*Block+n%Block], *c)
				}
			}
		}
	}
}

// testProduct makes operands of the given sizes, shifted by some numbers so that nothing is aligned.
func testProduct(rows, panels, segments, run, shift int, seed uint64) (*Product, []float32) {
	k := segments * run
	p := &Product{Rows: rows, Panels: panels, Run: run, CRow: panels*Block + shift%3*Block, ARow: 1 + (shift*7)%23}
	for s := range segments {
		p.Offsets = append(p.Offsets, (s*31+shift)%57)
	}
	p.A = randoms(shift+(rows-1)*p.ARow+57+run, seed)[shift:]
	p.B = randoms(shift+k*panels*Block, seed+1)[shift:]
	all := poisoned(2*margin + (rows-1)*p.CRow + panels*Block)
	p.C = all[margin : len(all)-margin]
	return p, all
}

// The Go code against the definition, and the vectors against the Go code.
func TestProduct(t *testing.T) {
	for _, c := range [][4]int{{1, 1, 1, 1}, {2, 1, 1, 3}, {3, 2, 2, 5}, {5, 3, 3, 16}, {7, 1, 9, 2}, {2, 2, 0, 3}, {2, 2, 2, 0}} {
		want, wantAll := testProduct(c[0], c[1], c[2], c[3], 1, 4)
		plainProduct(want)
		goPaths(t, func() {
			got, all := testProduct(c[0], c[1], c[2], c[3], 1, 4)
			goSet.Product(got)
			same(t, all, wantAll, "go, %v, fused %v", c, fuses)
		})
	}
	vectors(t, func(t *testing.T, s *Set) {
		check := func(rows, panels, segments, run, shift int) {
			got, all := testProduct(rows, panels, segments, run, shift, uint64(rows))
			want, wantAll := testProduct(rows, panels, segments, run, shift, uint64(rows))
			s.Product(got)
			goSet.Product(want)
			same(t, all, wantAll, "rows %d, panels %d, segments %d of %d, shift %d", rows, panels, segments, run, shift)
		}
		for rows := 1; rows <= 31; rows++ {
			for panels := 1; panels <= 3; panels++ {
				for _, run := range []int{0, 1, 2, 3, 4, 5, 16} {
					check(rows, panels, 1+run%3, run, (rows+run)%16)
				}
			}
		}
		check(64, 16, 1, 256, 0)
		check(13, 5, 49, 3, 3)
	})
}

func TestRowSums(t *testing.T) {
	vectors(t, func(t *testing.T, s *Set) {
		for width := 1; width <= 70; width++ {
			for blocks := 1; blocks <= 3; blocks++ {
				stride := blocks*Block + width%5
				x := randoms((width-1)*stride+blocks*Block+width%7, uint64(width))[width%7:]
				sums := func(s *Set) []float64 {
					d := slices.Repeat([]float64{math.NaN()}, 2*blocks*Block+3)
					s.RowSums(d[1:], d[2+blocks*Block:], x, width, stride, blocks)
					return d
				}
				same(t, sums(s), sums(goSet), "width %d, %d blocks", width, blocks)
			}
		}
	})
}

func TestAffine(t *testing.T) {
	activation := func(a Activation, v float32) float32 {
		if v < 0 && a == ReLU {
			return 0
		} else if v < 0 && a == LeakyReLU {
			return float32(v * 0.2)
		}
		return v
	}
	for _, s := range Sets() {
		for pixels := range 5 {
			for blocks := range 4 {
				for variant := range 48 {
					n := blocks * Block
					a := &Affine{Stride: n + pixels%2*Block, Pixels: pixels, Blocks: blocks, AddStride: n + pixels%3,
						Mean: randoms(n+1, 1)[1:], Scale: randoms(n+2, 2)[2:], LeakyBefore: variant&1 != 0, Activation: Activation(variant % 3)}
					if variant&2 != 0 {
						a.Add = randoms(pixels*(n+4), 3)
					}
					if variant&4 != 0 {
						a.Shift = randoms(n, 5)
					}
					if variant&8 != 0 {
						a.Noise, a.NoiseScale = randoms(pixels, 6), randoms(n, 7)
					}
					all := poisoned(2*margin + pixels*a.Stride)
					a.X = all[margin:]
					for i := range pixels {
						copy(a.X[i*a.Stride:], randoms(n, uint64(i)))
					}
					want := slices.Clone(all)
					for i := range pixels {
						for c := range n {
							v := &want[margin+i*a.Stride+c]
							*v = float32(float32(*v-a.Mean[c]) * a.Scale[c])
							if a.Shift != nil {
								*v += a.Shift[c]
							}
							if a.LeakyBefore {
								*v = activation(LeakyReLU, *v)
							}
							if a.Add != nil {
								*v += a.Add[i*a.AddStride+c]
							}
							*v = activation(a.Activation, *v)
							if a.Noise != nil {
								*v += float32(a.NoiseScale[c] * a.Noise[i])
							}
						}
					}
					s.Affine(a)
					same(t, all, want, "%v: %d pixels, %d blocks, variant %d", s, pixels, blocks, variant)
				}
			}
		}
	}
}

// winogradCase is a row of tiles with its pixels, around which nothing may change.
func winogradCase(count, blocks, side int, seed uint64) (w *Winograd, tiles, pixels []float32) {
	w = &Winograd{Count: count, Blocks: blocks, TileStride: blocks*Block + int(seed%3), Pixel: blocks*Block + int(seed%2)}
	w.Row = (4*count+2)*w.Pixel + 5
	w.Frequency = count*w.TileStride + 7
	tiles = poisoned(2*margin + 36*w.Frequency)
	pixels = poisoned(2*margin + side*w.Row)
	w.Tiles, w.Pixels = tiles[margin:], pixels[margin:]
	return w, tiles, pixels
}

func TestWinogradTransforms(t *testing.T) {
	vectors(t, func(t *testing.T, s *Set) {
		for count := range 6 {
			for blocks := range 4 {
				for seed := range uint64(3) {
					w, tiles, pixels := winogradCase(count, blocks, 6, seed)
					copy(pixels, randoms(len(pixels), seed))
					s.WinogradInput(w)
					v, wantTiles, wantPixels := winogradCase(count, blocks, 6, seed)
					copy(wantPixels, pixels)
					goSet.WinogradInput(v)
					same(t, tiles, wantTiles, "input: %d tiles, %d blocks", count, blocks)

					w, tiles, pixels = winogradCase(count, blocks, 4, seed)
					copy(tiles, randoms(len(tiles), seed))
					s.WinogradOutput(w)
					v, wantTiles, wantPixels = winogradCase(count, blocks, 4, seed)
					copy(wantTiles, tiles)
					goSet.WinogradOutput(v)
					same(t, pixels, wantPixels, "output: %d tiles, %d blocks", count, blocks)
				}
			}
		}
		for n := range 7 {
			stride := Block * (1 + n%3)
			src := randoms(n*9*stride+Block, uint64(n))
			transform := func(s *Set) []float32 {
				dst := poisoned(36*(n*Block+3) + margin)
				s.WinogradWeights(dst[1:], n*Block+3, src[n%3:], stride, n)
				return dst
			}
			same(t, transform(s), transform(goSet), "weights of %d channels", n)
		}
	})
}

// The transforms together are a 3×3 convolution, up to rounding.
func TestWinogradIsAConvolution(t *testing.T) {
	x, g := randoms(36*Block, 1), randoms(9*Block, 2)
	v, u, m, y := make([]float32, 36*Block), make([]float32, 36*Block), make([]float32, 36*Block), make([]float32, 16*Block)
	goSet.WinogradInput(&Winograd{Tiles: v, Frequency: Block, Pixels: x, Row: 6 * Block, Pixel: Block, Count: 1, Blocks: 1})
	goSet.WinogradWeights(u, Block, g, Block, 1)
	for i := range m {
		m[i] = u[i] * v[i] // each lane its own convolution of one channel
	}
	goSet.WinogradOutput(&Winograd{Tiles: m, Frequency: Block, Pixels: y, Row: 4 * Block, Pixel: Block, Count: 1, Blocks: 1})
	for i := range y {
		px, lane := i/Block, i%Block
		want := 0.0
		for k := range 9 {
			want += float64(g[k*Block+lane]) * float64(x[((px/4+k/3)*6+px%4+k%3)*Block+lane])
		}
		if d := math.Abs(float64(y[i]) - want); d > 2e-5 {
			t.Errorf("pixel %d, lane %d is %v, want %v", px, lane, y[i], want)
		}
	}
}

// A slice that is too short is the caller's mistake, and found before anything is written behind it.
func TestShortSlicesPanic(t *testing.T) {
	for _, s := range Sets() {
		for name, call := range map[string]func(p *Product){
			"A":        func(p *Product) { p.A = p.A[:len(p.A)-1] },
			"B":        func(p *Product) { p.B = p.B[:len(p.B)-1] },
			"C":        func(p *Product) { p.C = p.C[:len(p.C)-1] },
			"segments": func(p *Product) { p.Offsets[0] = -1 },
		} {
			p := &Product{Rows: 3, Panels: 2, CRow: 32, ARow: 8, Run: 8, Offsets: []int{0}, A: make([]float32, 24), B: make([]float32, 256), C: make([]float32, 96)}
			s.Product(p)
			call(p)
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%v: no panic for %s", s, name)
					}
				}()
				s.Product(p)
			}()
		}
	}
}
