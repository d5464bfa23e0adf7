package infer

import (
	"fmt"
	"math"
	"testing"

	"keygan/infer/kernel"
)

// plainForward is the contract of doc.go as loops: slow, without packing, threads or memory that is used again.
func plainForward(a Arch, params map[string]Array, x Array, seed Seed) Array {
	in := plainInput(a, x, seed)
	var remembered Array
	stream := 0
	for _, l := range a.Layers {
		if l.Residual == ResidualBegin {
			remembered = in
		}
		out := plainConv(l, params[l.Name+".weight"].Data, in)
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
	return float32(one / math.Sqrt(variance+1e-5)), float32(m), shift
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

// versions are networks of both versions of the format, narrow enough for tests.
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

// Whole networks, to the last bit, with 1 and with 3 threads.
func TestForwardIsThePlainLoop(t *testing.T) {
	for name, a := range versions {
		if err := a.Validate(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		params := randomParams(a, 11)
		m := newModel(a, params)
		for _, size := range [][2]int{{16, 16}, {4, 20}, {13, 7}} {
			if a.Latent > 0 && size != [2]int{16, 16} {
				continue
			}
			x := Array{Shape: []int{a.Channels, size[0], size[1]}, Data: a.samples(testImage(size[1], size[0], a.Channels, 3))}
			want := plainForward(a, params, x, countingSeed())
			for _, threads := range []int{1, 3} {
				t.Run(fmt.Sprintf("%s/%v/threads=%d", name, size, threads), func(t *testing.T) {
					withThreads(t, threads)
					got, err := m.ForwardFrom(x.Data, size[0], size[1], countingSeed())
					if err != nil {
						t.Fatal(err)
					}
					if i := differ(got, want.Data); i >= 0 {
						t.Errorf("number %d is %v, want %v", i, got[i], want.Data[i])
					}
					spread(t, got)
				})
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
