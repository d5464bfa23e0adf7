package infer

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"

	"keygan/infer/kernel"
)

// withKernels makes models run on s for the rest of the test.
func withKernels(t *testing.T, s *kernel.Set) {
	before := kernels
	kernels = s
	t.Cleanup(func() { kernels = before })
}

// byEachAlgorithm is a by each algorithm alone, and by AlgorithmFMA in the layers that it cannot compute.
func byEachAlgorithm(a Arch) map[string]Arch {
	all := map[string]Arch{}
	for _, algorithm := range []string{AlgorithmDirect, AlgorithmFMA, AlgorithmColumns, AlgorithmWinograd} {
		b := a
		b.Layers = slices.Clone(a.Layers)
		for i := range b.Layers {
			if l := &b.Layers[i]; algorithm != AlgorithmDirect {
				l.Algorithm = algorithm
				if l.validateAlgorithm() != nil {
					l.Algorithm = AlgorithmFMA
				}
			}
		}
		all[algorithm] = b
	}
	return all
}

// fma32 is x·y + z, rounded once.
func fma32(x, y, z float32) float32 {
	s := float64(x)*float64(y) + float64(z)
	if math.Float64bits(s)<<35 != 1<<63 && math.Abs(s) >= 0x1p-120 {
		return float32(s)
	}
	big64 := func(v float32) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(float64(v)) }
	r := new(big.Float).SetPrec(2000).Mul(big64(x), big64(y))
	if r.Add(r, big64(z)); r.Sign() == 0 {
		return float32(s)
	}
	f, _ := r.Float32()
	return f
}

// plainTaps calls tap for each of an output pixel's taps, rows and columns of the kernel ascending: with the place in the
// kernel, and the input pixel, which may be outside.
func plainTaps(l Layer, y, x int, tap func(ky, kx, iy, ix int)) {
	for ky := range l.Kernel {
		for kx := range l.Kernel {
			iy, ix := y*l.Stride-l.Padding+ky, x*l.Stride-l.Padding+kx
			if l.Type == ConvTranspose {
				iy, ix = y+l.Padding-ky, x+l.Padding-kx
				if iy%l.Stride != 0 || ix%l.Stride != 0 {
					continue
				}
				iy, ix = iy/l.Stride, ix/l.Stride
			}
			tap(ky, kx, iy, ix)
		}
	}
}

// plainFast is rule 9 of doc.go as loops.
func plainFast(l Layer, weight []float32, in Array) Array {
	height, width := in.Shape[1], in.Shape[2]
	pixel := func(c, y, x int) float32 {
		if y < 0 || y >= height || x < 0 || x >= width {
			return 0
		}
		return in.Data[(c*height+y)*width+x]
	}
	weightAt := func(m, c, ky, kx int) float32 {
		if l.Type == ConvTranspose {
			return weight[((c*l.Out+m)*l.Kernel+ky)*l.Kernel+kx]
		}
		return weight[((m*l.In+c)*l.Kernel+ky)*l.Kernel+kx]
	}
	out := Array{Shape: []int{l.Out, l.outputSize(height), l.outputSize(width)}}
	if l.Algorithm == AlgorithmWinograd {
		return plainWinograd(l, weightAt, pixel, out)
	}
	for m := range l.Out {
		for y := range out.Shape[1] {
			for x := range out.Shape[2] {
				var sums [maxKernel]float32
				plainTaps(l, y, x, func(ky, kx, iy, ix int) {
					chain := &sums[0]
					if l.Algorithm == AlgorithmColumns {
						chain = &sums[kx]
					}
					for c := range l.In {
						*chain = fma32(weightAt(m, c, ky, kx), pixel(c, iy, ix), *chain)
					}
				})
				if l.Algorithm == AlgorithmColumns {
					for _, v := range sums[1:l.Kernel] {
						sums[0] += v
					}
				}
				out.Data = append(out.Data, sums[0])
			}
		}
	}
	return out
}

// sandwich is line applied to the columns of x and then to the rows of what that gives.
func sandwich(x [][]float32, line func(v []float32) []float32) [][]float32 {
	transposed := func(x [][]float32) [][]float32 {
		y := make([][]float32, len(x[0]))
		for _, row := range x {
			for j, v := range row {
				y[j] = append(y[j], v)
			}
		}
		return y
	}
	each := func(x [][]float32) (y [][]float32) {
		for _, v := range x {
			y = append(y, line(v))
		}
		return y
	}
	return each(transposed(each(transposed(x))))
}

// plainWinograd is F(4×4, 3×3), a tile and a pair of channels at a time.
func plainWinograd(l Layer, weight func(m, c, ky, kx int) float32, pixel func(c, y, x int) float32, out Array) Array {
	input := func(d []float32) []float32 {
		return []float32{
			float32(4*(d[0]-d[2])) + (d[4] - d[2]), (d[4] - float32(4*d[2])) + (d[3] - float32(4*d[1])),
			(d[4] - float32(4*d[2])) - (d[3] - float32(4*d[1])), (d[4] - d[2]) + float32(2*(d[3]-d[1])),
			(d[4] - d[2]) - float32(2*(d[3]-d[1])), (d[5] - d[3]) - float32(4*(d[3]-d[1])),
		}
	}
	kernelLine := func(g []float32) []float32 {
		return []float32{g[0], (g[0] + g[2]) + g[1], (g[0] + g[2]) - g[1],
			(g[0] + float32(4*g[2])) + float32(2*g[1]), (g[0] + float32(4*g[2])) - float32(2*g[1]), g[2]}
	}
	output := func(m []float32) []float32 {
		s, d, t, e := m[1]+m[2], m[1]-m[2], m[3]+m[4], m[3]-m[4]
		return []float32{(m[0] + s) + t, d + float32(2*e), s + float32(4*t), (d + float32(8*e)) + m[5]}
	}
	scale := []*big.Rat{big.NewRat(1, 4), big.NewRat(-1, 6), big.NewRat(-1, 6), big.NewRat(1, 24), big.NewRat(1, 24), big.NewRat(1, 1)}
	grid := func(n int, at func(y, x int) float32) (g [][]float32) {
		for y := range n {
			g = append(g, make([]float32, n))
			for x := range n {
				g[y][x] = at(y, x)
			}
		}
		return g
	}
	padding, flip := l.Padding, func(k int) int { return k }
	if l.Type == ConvTranspose {
		padding, flip = 2-l.Padding, func(k int) int { return 2 - k }
	}
	height, width := out.Shape[1], out.Shape[2]
	out.Data = make([]float32, l.Out*height*width)
	for m := range l.Out {
		var u [][][]float32
		for c := range l.In {
			t := sandwich(grid(3, func(y, x int) float32 { return weight(m, c, flip(y), flip(x)) }), kernelLine)
			u = append(u, grid(6, func(y, x int) float32 {
				s, _ := new(big.Rat).Mul(scale[y], scale[x]).Float32()
				return t[y][x] * s
			}))
		}
		for top := 0; top < height; top += 4 {
			for left := 0; left < width; left += 4 {
				sum := grid(6, func(y, x int) float32 { return 0 })
				for c := range l.In {
					v := sandwich(grid(6, func(y, x int) float32 { return pixel(c, top+y-padding, left+x-padding) }), input)
					for y := range 6 {
						for x := range 6 {
							sum[y][x] = fma32(u[c][y][x], v[y][x], sum[y][x])
						}
					}
				}
				for y, row := range sandwich(sum, output) {
					for x, v := range row {
						if top+y < height && left+x < width {
							out.Data[(m*height+top+y)*width+left+x] = v
						}
					}
				}
			}
		}
	}
	return out
}

// Every algorithm, kernel, stride and padding, on every set of kernels, with memory that holds NaN from before.
func TestFastConvolutionIsThePlainLoop(t *testing.T) {
	layers := []Layer{
		{In: 3, Out: 5, Kernel: 7, Stride: 1, Padding: 3},
		{In: 16, Out: 40, Kernel: 3, Stride: 2, Padding: 1},
		{In: 17, Out: 16, Kernel: 3, Stride: 1, Padding: 1},
		{In: 5, Out: 33, Kernel: 3, Stride: 1, Padding: 2},
		{In: 20, Out: 3, Kernel: 3, Stride: 1},
		{In: 2, Out: 1, Kernel: 4, Stride: 2, Padding: 1},
		{In: 1, Out: 9, Kernel: 1, Stride: 3},
		{In: 2, Out: 2, Kernel: 5, Stride: 4, Padding: 4},
		{In: 6, Out: 70, Kernel: 2, Stride: 1, Padding: 1},
		{In: 32, Out: 20, Kernel: 3, Stride: 2, Padding: 1, OutputPadding: 1, Type: ConvTranspose},
		{In: 18, Out: 17, Kernel: 3, Stride: 1, Padding: 1, Type: ConvTranspose},
		{In: 4, Out: 2, Kernel: 3, Stride: 1, Type: ConvTranspose},
		{In: 3, Out: 2, Kernel: 3, Stride: 1, Padding: 2, Type: ConvTranspose},
		{In: 30, Out: 2, Kernel: 4, Stride: 2, Padding: 1, Type: ConvTranspose},
		{In: 3, Out: 4, Kernel: 2, Stride: 4, OutputPadding: 3, Type: ConvTranspose}, // phases without any tap
		{In: 2, Out: 3, Kernel: 5, Stride: 3, Padding: 4, OutputPadding: 2, Type: ConvTranspose},
	}
	tested := map[string]int{}
	for _, s := range kernel.Sets() {
		withKernels(t, s)
		for _, l := range layers {
			if l.Type == "" {
				l.Type = Conv
			}
			for _, l.Algorithm = range []string{AlgorithmFMA, AlgorithmColumns, AlgorithmWinograd} {
				l.Name = "m"
				if l.validateAlgorithm() != nil {
					continue
				}
				if err := l.validate(); err != nil {
					t.Fatal(err)
				}
				a := Arch{Layers: []Layer{l}}
				params := randomParams(a, uint64(l.In))
				for _, size := range [][2]int{{1, 1}, {1, 2}, {3, 2}, {5, 7}, {8, 8}, {9, 16}, {2, 37}, {13, 11}} {
					from := shape3{l.In, size[0], size[1]}
					to := shape3{l.Out, l.outputSize(size[0]), l.outputSize(size[1])}
					if to.height < 1 || to.width < 1 {
						continue
					}
					x := randomArray([]int{l.In, size[0], size[1]}, 7)
					want := plainConv(l, params["m.weight"].Data, x)
					schedule := newModel(a, params).newSchedule(s, from, []shape3{to}, 3)
					copy(schedule.in.data, poisoned(len(schedule.in.data)))
					copy(schedule.out.data, poisoned(len(schedule.out.data)))
					copy(schedule.transformed, poisoned(len(schedule.transformed)))
					for _, w := range schedule.scratch {
						copy(w, poisoned(len(w)))
					}
					got := poisoned(to.size())
					schedule.run(got, x.Data, Seed{})
					if i := differ(got, want.Data); i >= 0 {
						t.Errorf("%v: %+v of %v: element %d is %v, want %v", s, l, from, i, got[i], want.Data[i])
					}
					tested[s.String()+" "+l.Algorithm]++
				}
			}
		}
	}
	for _, s := range kernel.Sets() {
		for _, algorithm := range []string{AlgorithmFMA, AlgorithmColumns, AlgorithmWinograd} {
			if tested[s.String()+" "+algorithm] < 30 {
				t.Errorf("%v: %s was tested %d times", s, algorithm, tested[s.String()+" "+algorithm])
			}
		}
	}
}

// Long rows are cut into several units, whose sums for the norm come later.
func TestWinogradUnitsCoverEveryTile(t *testing.T) {
	for _, c := range [][3]int{{1, 1, 1}, {16, 16, 2}, {3, 64, 2}, {3, 65, 2}, {7, 200, 5}, {64, 3, 1}, {5, 1, 64}} {
		units, wholeRows := winogradUnits(c[0], c[1], c[2])
		seen := map[[2]int]int{}
		for _, u := range units {
			if u.rows*u.cols > unitTiles || wholeRows && u.cols != c[1] {
				t.Errorf("%v: a unit of %v", c, u)
			}
			for y := range u.rows {
				for x := range u.cols {
					seen[[2]int{u.row + y, u.col + x}]++
				}
			}
		}
		if len(seen) != c[0]*c[1] {
			t.Errorf("%v: %d tiles are covered", c, len(seen))
		}
		for at, n := range seen {
			if n != 1 || at[0] >= c[0] || at[1] >= c[1] {
				t.Errorf("%v: tile %v is covered %d times", c, at, n)
			}
		}
	}
}

func TestFastAlgorithms(t *testing.T) {
	var names []string
	for _, l := range ResNet(64, 1, 3, 256).WithFastAlgorithms().Layers {
		names = append(names, l.Algorithm)
	}
	want := "direct_fma direct_fma direct_fma winograd4 winograd4 direct_fma direct_fma columns_fma"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("the algorithms are %s, want %s", got, want)
	}
	for name, c := range map[string]struct {
		change func(a *Arch)
		want   string
	}{
		"mixed":              {func(a *Arch) { a.Layers[2].Algorithm = AlgorithmDirect }, `algorithm "direct" beside "columns_fma"`},
		"version 1":          {func(a *Arch) { a.FormatVersion = 1 }, "needs format version 2"},
		"columns of stride":  {func(a *Arch) { a.Layers[1].Algorithm = AlgorithmColumns }, `"columns_fma" is for convolutions of stride 1`},
		"winograd of stride": {func(a *Arch) { a.Layers[1].Algorithm = AlgorithmWinograd }, `"winograd4" is for 3×3 kernels of stride 1`},
		"unknown":            {func(a *Arch) { a.Layers[1].Algorithm = "winograd6" }, `unknown algorithm "winograd6"`},
	} {
		a := ResNet(4, 1, 3, 64).WithFastAlgorithms()
		if err := a.Validate(); err != nil {
			t.Fatal(err)
		}
		c.change(&a)
		if err := a.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// Whole networks of every kind, to the last bit, on every set of kernels, with 1 and with 3 threads.
func TestFastForwardIsThePlainLoop(t *testing.T) {
	for name, a := range versions {
		a = a.WithFastAlgorithms()
		if name == "everything" || name == "batch" { // narrow as they are, they would not be computed so
			for i := range a.Layers {
				if l := &a.Layers[i]; l.Kernel == 3 && l.Stride == 1 {
					l.Algorithm = AlgorithmWinograd
				}
			}
		}
		if err := a.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		params := randomParams(a, 11)
		for _, size := range [][2]int{{16, 16}, {4, 20}, {13, 7}} {
			if a.Latent > 0 && size != [2]int{16, 16} {
				continue
			}
			x := Array{Shape: []int{a.Channels, size[0], size[1]}, Data: a.samples(testImage(size[1], size[0], a.Channels, 3))}
			want := plainForward(a, params, x, countingSeed())
			for _, s := range kernel.Sets() {
				for _, threads := range []int{1, 3} {
					t.Run(fmt.Sprintf("%s/%v/%v/threads=%d", name, size, s, threads), func(t *testing.T) {
						withThreads(t, threads)
						withKernels(t, s)
						m := newModel(a, params)
						for range 2 { // the second time with the memory of the first
							got, err := m.ForwardFrom(x.Data, size[0], size[1], countingSeed())
							if err != nil {
								t.Fatal(err)
							}
							if i := differ(got, want.Data); i >= 0 {
								t.Fatalf("number %d is %v, want %v", i, got[i], want.Data[i])
							}
						}
					})
				}
			}
		}
	}
}
