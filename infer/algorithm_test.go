package infer

import (
	"fmt"
	"math"
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

// computable reports whether l's algorithm computes it.
func (l Layer) computable() bool {
	return slices.ContainsFunc(l.kind().algorithms, func(a *algorithm) bool { return a.name == l.Algorithm && a.canCompute(l) })
}

// byEachAlgorithm is a with each algorithm in all layers, and AlgorithmFMA in those that it cannot compute.
func byEachAlgorithm(a Arch) map[string]Arch {
	all := map[string]Arch{}
	for _, algorithm := range []string{AlgorithmFMA, AlgorithmColumns, AlgorithmWinograd} {
		b := a
		b.Layers = slices.Clone(a.Layers)
		for i := range b.Layers {
			l := &b.Layers[i]
			l.Algorithm = algorithm
			if !l.computable() {
				l.Algorithm = AlgorithmFMA
			}
		}
		all[algorithm] = b
	}
	return all
}

// Every algorithm, kernel, stride and padding, on every set of kernels, with memory that holds NaN from before.
func TestConvolutionIsThePlainLoop(t *testing.T) {
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
				if !l.computable() {
					continue
				}
				if err := l.validate(); err != nil {
					t.Fatal(err)
				}
				a := Arch{Layers: []Layer{l}}
				params := randomParams(a, uint64(l.In))
				for _, size := range [][2]int{{1, 1}, {1, 2}, {3, 2}, {5, 7}, {8, 8}, {9, 16}, {2, 37}, {13, 11}} {
					from := shape3{l.In, size[0], size[1]}
					to := shape3{l.Out, l.OutputSize(size[0]), l.OutputSize(size[1])}
					if to.height < 1 || to.width < 1 {
						continue
					}
					x := randomArray([]int{l.In, size[0], size[1]}, 7)
					want := plainSums(l, params["m.weight"].Data, x)
					schedule := layersSchedule(newModel(a, params), 3, from, to)
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

func TestAlgorithms(t *testing.T) {
	var names []string
	for _, l := range ResNet(64, 1, 3, 256).Layers {
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
		"direct":             {func(a *Arch) { a.Layers[2].Algorithm = "direct" }, `unknown algorithm "direct"`},
		"columns of stride":  {func(a *Arch) { a.Layers[1].Algorithm = AlgorithmColumns }, `"columns_fma" is for convolutions of stride 1`},
		"winograd of stride": {func(a *Arch) { a.Layers[1].Algorithm = AlgorithmWinograd }, `"winograd4" is for 3×3 kernels of stride 1`},
		"unknown":            {func(a *Arch) { a.Layers[1].Algorithm = "winograd6" }, `unknown algorithm "winograd6"`},
	} {
		a := ResNet(4, 1, 3, 64)
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
func TestForwardIsThePlainLoop(t *testing.T) {
	for name, a := range versions {
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
							got, err := m.Forward(x.Data, size[0], size[1], countingSeed())
							if err != nil {
								t.Fatal(err)
							}
							if i := differ(got, want.Data); i >= 0 {
								t.Fatalf("number %d is %v, want %v", i, got[i], want.Data[i])
							}
							spread(t, got)
						}
					})
				}
			}
		}
	}
}

// spread fails where the numbers are too much alike to show anything.
func spread(t *testing.T, x []float32) {
	t.Helper()
	different := map[float32]bool{}
	for _, v := range x {
		different[v] = true
	}
	if len(different) < len(x)/4 {
		t.Errorf("only %d of %d numbers are different", len(different), len(x))
	}
}

func poisoned(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	return x
}

// differ is the first place where two arrays differ in a bit, or −1.
func differ(a, b []float32) int {
	if len(a) != len(b) {
		return 0
	}
	for i := range a {
		if math.Float32bits(a[i]) != math.Float32bits(b[i]) {
			return i
		}
	}
	return -1
}
