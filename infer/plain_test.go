package infer

import (
	"cmp"
	"math"
	"math/big"

	"keygan/infer/kernel"
)

// plainForward is the contract of doc.go as loops: slow, without packing, threads or reused memory.
func plainForward(a Arch, params map[string]Array, x Array, seed Seed) Array {
	return plainNetwork(a, params, x, seed, plainSums)
}

// plainNetwork is plainForward with other sums.
func plainNetwork(a Arch, params map[string]Array, x Array, seed Seed, sums func(Layer, []float32, Array) Array) Array {
	in := plainInput(a, x, seed)
	var remembered Array
	stream := 0
	for _, l := range a.Layers {
		if l.Residual == ResidualBegin {
			remembered = in
		}
		out := sums(l, params[l.Name+".weight"].Data, in)
		plane := out.Shape[1] * out.Shape[2]
		var noise []float32
		if l.Noise != "" {
			stream++
			noise = Noise(seed, stream, plane)
		}
		for c := range l.Out {
			scale, mean, shift := plainNorm(l, params, c, out)
			for i := c * plane; i < (c+1)*plane; i++ {
				v := &out.Data[i]
				if l.Bias {
					*v += params[l.Name+".bias"].Data[c]
				}
				switch l.Norm {
				case NormInstance:
					*v = float32(*v-mean) * scale
				case NormInstanceAffine, NormBatch:
					*v = float32(float32(*v-mean)*scale) + shift
				}
				if l.Residual == ResidualEnd {
					*v = plainActivation(l.BeforeAdd, *v) + remembered.Data[i]
				}
				*v = plainActivation(l.Activation, *v)
				if noise != nil {
					*v += float32(params[l.Noise+".weight"].Data[c] * noise[i%plane])
				}
			}
		}
		in = out
	}
	if a.Latent > 0 {
		return in
	}
	height, width := x.Shape[1], x.Shape[2]
	key := Array{Shape: []int{in.Shape[0], height, width}}
	for i := range in.Data {
		if y, x := i/in.Shape[2]%in.Shape[1], i%in.Shape[2]; y < height && x < width {
			key.Data = append(key.Data, in.Data[i])
		}
	}
	return key
}

// plainInput is rule 7 for the sides, and rule 8 for what comes before the layers.
func plainInput(a Arch, x Array, seed Seed) Array {
	if a.Latent > 0 {
		return Array{[]int{a.Latent, 1, 1}, Noise(seed, 0, a.Latent)}
	}
	height, width := x.Shape[1], x.Shape[2]
	noise := make([]float32, len(x.Data))
	if a.InputNoise > 0 {
		noise = Noise(seed, 0, len(x.Data))
	}
	low, high := a.ValueRange[0], a.ValueRange[1]
	in := Array{Shape: []int{a.Channels, (height + 3) / 4 * 4, (width + 3) / 4 * 4}}
	for c := range a.Channels {
		for row := range in.Shape[1] {
			for col := range in.Shape[2] {
				i := (c*height+min(row, height-1))*width + min(col, width-1)
				v := x.Data[i]
				if a.InputNoise > 0 {
					v += float32(float32(a.InputNoise*(high-low)) * noise[i])
					if v < low {
						v = low
					} else if v > high {
						v = high
					}
				}
				in.Data = append(in.Data, v)
			}
		}
	}
	return in
}

// plainNorm is rule 5: what is taken from each element of channel c, what it is multiplied by, and what is added.
func plainNorm(l Layer, params map[string]Array, c int, x Array) (scale, mean, shift float32) {
	height, width := x.Shape[1], x.Shape[2]
	weight := func(name string) float64 { return float64(params[l.NormName+name].Data[c]) }
	var m, variance float64
	switch l.Norm {
	case "":
		return
	case NormBatch:
		m, variance = weight(".running_mean"), weight(".running_var")
	default:
		var sum, squares float64
		for row := range height {
			var s, q [16]float64
			for col := range width {
				v := float64(x.Data[(c*height+row)*width+col])
				if l.Bias {
					v = float64(float32(v) + params[l.Name+".bias"].Data[c])
				}
				s[col%16] += v
				q[col%16] += float64(v * v)
			}
			for _, half := range []int{8, 4, 2, 1} {
				for i := range half {
					s[i] += s[i+half]
					q[i] += q[i+half]
				}
			}
			sum += s[0]
			squares += q[0]
		}
		n := float64(height * width)
		m = sum / n
		variance = math.Max(0, squares/n-float64(m*m))
	}
	one := 1.0
	if l.NormName != "" {
		one, shift = weight(".weight"), float32(weight(".bias"))
	}
	return float32(one / math.Sqrt(variance+cmp.Or(l.Epsilon, 1e-5))), float32(m), shift
}

// plainActivation is rule 6.
func plainActivation(name string, v float32) float32 {
	switch {
	case name == ActivationTanh:
		return kernel.Tanh(v)
	case name == ActivationReLU && v < 0:
		return 0
	case name == ActivationLeakyReLU && v < 0:
		return v * float32(0.2)
	}
	return v
}

// everything has each kind of layer with each of what can follow it.
func everything() Arch {
	a := ResNet(3, 2, 3, 16).WithNoise()
	for i := range a.Layers {
		l := &a.Layers[i]
		l.Bias = i%3 != 1
		if norm := []string{NormBatch, NormInstance, NormInstanceAffine, ""}[i%4]; l.Norm != "" {
			l.Norm = norm
			if norm == NormBatch || norm == NormInstanceAffine {
				l.NormName = nextModule(l.Name)
			}
		}
		if l.Residual == ResidualEnd {
			l.BeforeAdd = ActivationLeakyReLU
		}
	}
	a.Layers[1].Activation, a.Layers[8].Activation, a.Layers[7].BeforeAdd = ActivationLeakyReLU, "", ""
	a.Layers[0].Noise, a.Layers[7].Noise = "n0", "n7"
	a.InputNoise = 0.07
	return a
}

// versions are networks of every kind, narrow enough for tests.
var versions = map[string]Arch{
	"resnet":       ResNet(3, 1, 1, 16),
	"bare":         ResNet(3, 1, 1, 16).WithNorm(""),
	"batch":        ResNet(2, 1, 3, 16).WithNorm(NormBatch),
	"affine":       ResNet(2, 1, 3, 16).WithNorm(NormInstanceAffine).WithNoise(),
	"noise":        ResNet(3, 2, 1, 16).WithNoise(),
	"dcgan":        DCGAN(3, 7, 3, 16),
	"chaos":        Chaos(2, 1, 1, 16),
	"chaos, noisy": noisy(Chaos(2, 0, 3, 16), 0.3),
	"everything":   everything(),
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

// plainSums is rule 3 of doc.go as loops.
func plainSums(l Layer, weight []float32, in Array) Array {
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
	out := Array{Shape: []int{l.Out, l.OutputSize(height), l.OutputSize(width)}}
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

// plainConv is the definition of a convolution as loops, whatever l's algorithm: plain float32 sums.
func plainConv(l Layer, weight []float32, in Array) Array {
	height, width := in.Shape[1], in.Shape[2]
	out := Array{Shape: []int{l.Out, l.OutputSize(height), l.OutputSize(width)}}
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
