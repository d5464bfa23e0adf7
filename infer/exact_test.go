package infer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"keygan/data/raster"
)

// testImage is the same on every machine: noise over a gradient, of 8 bits.
func testImage(width, height, channels int, seed uint64) *raster.Image {
	img := raster.NewImage(width, height, channels, 8)
	for i := range img.Pix {
		seed = seed*6364136223846793005 + 1442695040888963407
		img.Pix[i] = byte(i%width*128/width) + byte(seed>>57)
	}
	return img
}

// plainConv is rule 3 of doc.go as a loop: each output element collects its taps in order, from +0.
func plainConv(l Layer, weight []float32, in Array) Array {
	if l.Algorithm != AlgorithmDirect {
		return plainFast(l, weight, in)
	}
	height, width := in.Shape[1], in.Shape[2]
	out := Array{Shape: []int{l.Out, l.outputSize(height), l.outputSize(width)}}
	// source is the input row (or column) that output row o sees through kernel row k, if there is one.
	source := func(o, k, n int) (int, bool) {
		i := o*l.Stride - l.Padding + k
		if l.Type == ConvTranspose {
			i = o + l.Padding - k
			if i%l.Stride != 0 {
				return 0, false
			}
			i /= l.Stride
		}
		return i, i >= 0 && i < n
	}
	for m := range l.Out {
		for y := range out.Shape[1] {
			for x := range out.Shape[2] {
				var sum float32
				for c := range l.In {
					for ky := range l.Kernel {
						for kx := range l.Kernel {
							iy, okY := source(y, ky, height)
							ix, okX := source(x, kx, width)
							if !okY || !okX {
								continue
							}
							w := (m*l.In + c) * l.Kernel * l.Kernel
							if l.Type == ConvTranspose {
								w = (c*l.Out + m) * l.Kernel * l.Kernel
							}
							sum += float32(weight[w+ky*l.Kernel+kx] * in.Data[(c*height+iy)*width+ix])
						}
					}
				}
				out.Data = append(out.Data, sum)
			}
		}
	}
	return out
}

// Every size of kernel, stride and padding, tails of every block, and memory that holds NaN from before.
func TestConvolutionIsThePlainLoop(t *testing.T) {
	layers := []Layer{
		{In: 3, Out: 5, Kernel: 7, Stride: 1, Padding: 3},
		{In: 31, Out: 6, Kernel: 3, Stride: 1, Padding: 1}, // 279 steps: more than a block
		{In: 57, Out: 4, Kernel: 3, Stride: 2, Padding: 1}, // 513 steps
		{In: 64, Out: 3, Kernel: 2, Stride: 1, Padding: 1}, // 256 steps: just a block
		{In: 2, Out: 1, Kernel: 4, Stride: 2, Padding: 1},
		{In: 1, Out: 9, Kernel: 1, Stride: 3},
		{In: 2, Out: 2, Kernel: 5, Stride: 4, Padding: 4},
		{In: 5, Out: 6, Kernel: 3, Stride: 2, Padding: 1, OutputPadding: 1, Type: ConvTranspose},
		{In: 130, Out: 2, Kernel: 4, Stride: 2, Padding: 1, Type: ConvTranspose},
		{In: 3, Out: 4, Kernel: 2, Stride: 4, OutputPadding: 3, Type: ConvTranspose}, // phases without any tap
		{In: 2, Out: 3, Kernel: 5, Stride: 3, Padding: 4, OutputPadding: 2, Type: ConvTranspose},
	}
	for _, l := range layers {
		if l.Type == "" {
			l.Type = Conv
		}
		l.Name, l.Algorithm = "m", AlgorithmDirect
		if err := l.validate(); err != nil {
			t.Fatal(err)
		}
		a := Arch{Layers: []Layer{l}}
		params := randomParams(a, uint64(l.In))
		c := newConvolution(l, params["m.weight"].Data)
		for _, size := range [][2]int{{1, 1}, {1, 2}, {3, 2}, {5, 7}, {8, 8}, {9, 16}, {2, 65}, {13, 11}} {
			from := shape3{l.In, size[0], size[1]}
			to := shape3{l.Out, l.outputSize(size[0]), l.outputSize(size[1])}
			if to.height < 1 || to.width < 1 {
				continue
			}
			x := randomArray([]int{l.In, size[0], size[1]}, 7)
			want := plainConv(l, params["m.weight"].Data, x)
			got := poisoned(to.size())
			c.run(got, to, x.Data, from, poisonedWorkers(3, l.Out))
			if i := differ(got, want.Data); i >= 0 {
				t.Errorf("%+v of %v: element %d is %v, want %v", l, from, i, got[i], want.Data[i])
			}
		}
	}
}

func poisoned(n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(math.NaN())
	}
	return x
}

func poisonedWorkers(n, outChannels int) []workspace {
	workers := make([]workspace, n)
	nan := float32(math.NaN())
	for i := range workers {
		w := &workers[i]
		w.reserve(outChannels)
		for j := range w.b {
			w.b[j] = quadB{{nan, nan}, {nan, nan}, {nan, nan}, {nan, nan}}
		}
		for j := range w.c {
			w.c[j] = tile{{nan, nan}, {nan, nan}, {nan, nan}, {nan, nan}}
		}
		for j := range w.rows {
			copy(w.rows[j][:], poisoned(blockCols))
		}
	}
	return workers
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

// golden are the SHA-256 of output and key of small networks. They hold on every platform: a change here breaks every key
// that was ever made, and needs another Layer.Algorithm instead.
var golden = []struct {
	width, blocks, channels int
	imageWidth, imageHeight int
	output, key             string
}{
	{4, 2, 3, 20, 14,
		"a8c453a36bbbf7199c71a271524af4ff1ce50f2850df082323efea827c22dc0c",
		"1e8b8701263db939872dc9c5a87a4cbe5ae0aafc27148e6a4e4b5ec2f8399cfd"},
	{3, 1, 1, 64, 64,
		"3194070f13e66a039490e9d37a05bff6c51b86e75d5aaa747dc2ba2f8e3839fe",
		"1b8fcd23738fb0140e9d74993d0061e212e5003e06c0fced5ffffc28ea48af9c"},
	{8, 0, 3, 7, 5,
		"8f53acc43504ff46213352f72c535259c873d92287e86c9a7455e9954bbd568b",
		"a675798c11c05f00c4003e7ff2981193c5acc03f558a747705cd0f40d2e0f5f5"},
}

func TestGolden(t *testing.T) {
	for _, g := range golden {
		name := fmt.Sprintf("width=%d/blocks=%d/channels=%d/%dx%d", g.width, g.blocks, g.channels, g.imageWidth, g.imageHeight)
		t.Run(name, func(t *testing.T) {
			a := ResNet(g.width, g.blocks, g.channels, 64)
			m := newModel(a, randomParams(a, 3))
			img := testImage(g.imageWidth, g.imageHeight, 3, 4)
			y, err := m.Forward(img.Floats(g.channels), img.Height, img.Width)
			if err != nil {
				t.Fatal(err)
			}
			if h := sha256Hex(floatBytes(y)); h != g.output {
				t.Errorf("the output's hash is %s, want %s", h, g.output)
			}
			key, err := m.Key(img)
			if err != nil {
				t.Fatal(err)
			}
			if h := sha256Hex(key.Pix); h != g.key {
				t.Errorf("the key's hash is %s, want %s", h, g.key)
			}
		})
	}
}

func sha256Hex(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// From 1 thread to 64, more than there are rows in some layers.
func TestThreadsDoNotMatter(t *testing.T) {
	for name, a := range map[string]Arch{
		"direct": ResNet(6, 2, 3, 64), "fast": ResNet(6, 2, 3, 64).WithFastAlgorithms(), "chaos": Chaos(4, 1, 3, 64).WithFastAlgorithms(),
	} {
		t.Run(name, func(t *testing.T) {
			m := newModel(a, randomParams(a, 9))
			x := a.samples(testImage(61, 70, 3, 1))
			var want []float32
			for _, threads := range []int{1, 2, 3, 7, 16, 64} {
				withThreads(t, threads)
				got, err := m.Forward(x, 70, 61)
				if err != nil {
					t.Fatal(err)
				}
				if want == nil {
					want = got
				}
				if i := differ(got, want); i >= 0 {
					t.Errorf("with %d threads, number %d is %v, with 1 it is %v", threads, i, got[i], want[i])
				}
			}
		})
	}
}

// One model, several goroutines, images of different sizes, so that memory is passed on between them.
func TestConcurrentForward(t *testing.T) {
	a := ResNet(3, 1, 1, 32)
	m := newModel(a, randomParams(a, 2))
	var wg sync.WaitGroup
	for g := range 4 {
		img := testImage(16+8*g, 40-7*g, 1, uint64(g))
		want, err := newModel(a, randomParams(a, 2)).Key(img)
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			wg.Go(func() {
				for range 5 {
					if key, err := m.Key(img); err != nil || !slices.Equal(key.Pix, want.Pix) {
						t.Errorf("%v: %v, or another key than alone", img, err)
					}
				}
			})
		}
	}
	wg.Wait()
}
