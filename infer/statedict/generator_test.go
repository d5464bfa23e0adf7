package statedict

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"keygan/infer"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

// dictOf has the tensors of a, all numbers 1, as float32 storages of their own.
func dictOf(a infer.Arch) *Dict {
	d := &Dict{tensors: map[string]*tensor{}, room: 1 << 40}
	for _, p := range a.Params() {
		d.add(p.Name, p.Shape)
	}
	return d
}

func (d *Dict) add(name string, shape []int) {
	t := &tensor{shape: shape, strides: make([]int64, len(shape))}
	n := int64(1)
	for i, s := range slices.Backward(shape) {
		t.strides[i] = n
		n *= int64(s)
	}
	body := make([]byte, 4*n)
	for i := range n {
		binary.LittleEndian.PutUint32(body[4*i:], math.Float32bits(1))
	}
	t.storage = &storage{storageTypes["torch.FloatStorage"], n, &record{body: body}}
	d.names, d.tensors[name] = append(d.names, name), t
}

// The architecture is found again from the names and shapes only, in any order.
func TestGeneratorFindsTheArchitecture(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		width, blocks := rapid.IntRange(1, 5).Draw(t, "width"), rapid.IntRange(0, 3).Draw(t, "blocks")
		channels := rapid.SampledFrom([]int{1, 3}).Draw(t, "channels")
		norm := rapid.SampledFrom([]string{infer.NormInstance, infer.NormInstanceAffine, infer.NormBatch, NoNorm}).Draw(t, "norm")
		o := Options{ImageSize: rapid.SampledFrom([]int{16, 64, 256}).Draw(t, "size")}
		var want infer.Arch
		switch network := rapid.SampledFrom([]string{"resnet", "noisy resnet", "dcgan", "chaos"}).Draw(t, "network"); network {
		case "dcgan":
			want = infer.DCGAN(width, rapid.IntRange(1, 9).Draw(t, "latent"), channels, o.ImageSize)
			o.ImageSize = 0
		case "chaos":
			o.InputNoise = 0.5
			want = infer.Chaos(width, blocks, channels, o.ImageSize)
			want.InputNoise = 0.5
		default:
			want = infer.ResNet(width, blocks, channels, o.ImageSize)
			if network != "resnet" {
				want = want.WithNoise()
			}
		}
		if want.Network != infer.NetworkChaos {
			if norm == NoNorm {
				o.Norm, want = NoNorm, want.WithNorm("")
			} else {
				want = want.WithNorm(norm)
			}
		}
		if want.Network != infer.NetworkChaos && rapid.Bool().Draw(t, "leaky") {
			o.Activation = infer.ActivationLeakyReLU
			for i := range want.Layers[:len(want.Layers)-1] { // the last has tanh
				want.Layers[i].Activation = infer.ActivationLeakyReLU
			}
		}
		for i := range want.Layers {
			if rapid.IntRange(0, 9).Draw(t, "bias") == 0 {
				want.Layers[i].Bias = true
			}
		}
		d := dictOf(want)
		d.names = rapid.Permutation(d.names).Draw(t, "order")
		got, params, err := Generator(d, o)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(infer.Layer{}, "Dropout")); diff != "" {
			t.Fatalf("(-want +got):\n%s", diff)
		}
		if len(params) != len(want.Params()) {
			t.Fatalf("%d arrays, want %d", len(params), len(want.Params()))
		}
	})
}

func TestGeneratorRefuses(t *testing.T) {
	resnet, dcgan, chaos := infer.ResNet(2, 2, 1, 16), infer.DCGAN(2, 5, 3, 32), infer.Chaos(2, 1, 1, 16)
	remove := func(name string) func(*Dict) {
		return func(d *Dict) {
			delete(d.tensors, name)
			d.names = slices.DeleteFunc(d.names, func(s string) bool { return s == name })
		}
	}
	reshape := func(name string, shape ...int) func(*Dict) {
		return func(d *Dict) {
			remove(name)(d)
			d.add(name, shape)
		}
	}
	add := func(name string, shape ...int) func(*Dict) { return func(d *Dict) { d.add(name, shape) } }
	for name, c := range map[string]struct {
		arch  infer.Arch
		spoil func(*Dict)
		o     Options
		want  string
	}{
		"missing":          {resnet, remove("decoder.3.weight"), Options{}, "tensor decoder.3.weight: missing, in what looks like a resnet generator"},
		"missing block":    {resnet, remove("res_blocks.0.block.3.weight"), Options{}, "tensor res_blocks.0.block.3.weight: missing"},
		"first missing":    {resnet, remove("encoder.0.weight"), Options{}, `not a generator that keygan knows: it has no encoder.0.weight (resnet), main`},
		"missing variance": {resnet.WithNorm(infer.NormBatch), remove("decoder.1.running_var"), Options{}, "tensor decoder.1.running_var: missing"},
		"unknown":          {resnet, add("decoder.9.weight", 3), Options{}, `tensor "decoder.9.weight": a resnet generator has no such tensor`},
		"control":          {resnet, add("a\nb", 3), Options{}, `tensor "a\nb": a resnet`},
		"kernel":           {resnet, reshape("encoder.0.weight", 2, 1, 5, 5), Options{}, "tensor encoder.0.weight: its shape is [2 1 5 5], must be [2 1 7 7] in this resnet"},
		"width":            {resnet, reshape("encoder.3.weight", 4, 3, 3, 3), Options{}, "tensor encoder.3.weight: its shape is [4 3 3 3], must be [4 2 3 3]"},
		"channels":         {infer.ResNet(2, 0, 2, 16), func(*Dict) {}, Options{}, "channels is 2, must be 1 or 3"},
		"flat":             {resnet, reshape("encoder.0.weight", 98), Options{}, "not that of a convolution's weight"},
		"no width":         {resnet, reshape("encoder.0.weight", 0, 1, 7, 7), Options{}, "not that of a convolution's weight"},
		"wide":             {resnet, reshape("encoder.0.weight", 4097, 1, 1, 1), Options{}, "not that of a convolution's weight"},
		"block number":     {resnet, add("res_blocks.x.block.0.weight", 1), Options{}, `"x" is not a number of a module`},
		"block 07":         {resnet, add("res_blocks.07.block.0.weight", 1), Options{}, `"07" is not a number of a module`},
		"block 999999999":  {resnet, add("res_blocks.999999999.block.0.weight", 1), Options{}, "more than 512 modules"},
		"norm":             {resnet, func(*Dict) {}, Options{Norm: "group"}, `unknown norm "group", known for norms without parameters: "instance", "none"`},
		"activation":       {resnet, func(*Dict) {}, Options{Activation: "gelu"}, `unknown activation "gelu", known: "relu", "leaky_relu"`},
		"fixed":            {chaos, func(*Dict) {}, Options{Activation: infer.ActivationLeakyReLU}, "the activations of a chaos generator are fixed"},
		"image size":       {resnet, func(*Dict) {}, Options{ImageSize: -1}, "image size is -1"},
		"one layer":        {dcgan, remove("main.3.weight"), Options{}, "tensor main.3.weight: missing"},
		"layer between":    {dcgan, remove("main.6.weight"), Options{}, "tensor main.6.weight: missing"},
		"deep":             {dcgan, add("main.39.weight", 1), Options{}, "a dcgan generator of more than 13 layers"},
		"dcgan kernel":     {dcgan, reshape("main.3.weight", 16, 8, 3, 3), Options{}, "tensor main.3.weight: its shape is [16 8 3 3], must be"},
		"chaos layers":     {chaos, add("layers.27.weight", 1), Options{}, "layers.0 to layers.27: a chaos generator has 17 layers, and 10 more for each residual block"},
		"chaos noise":      {chaos, func(*Dict) {}, Options{InputNoise: -1}, "input noise is -1"},
		"chaos norm":       {chaos, remove("norms.3.running_mean"), Options{}, "tensor norms.3.running_mean: missing"},
		"integers": {resnet, func(d *Dict) { d.tensors["encoder.3.weight"].storage.dtype = storageTypes["torch.IntStorage"] }, Options{},
			"tensor encoder.3.weight: its type is int32; keygan reads float32"},
	} {
		t.Run(name, func(t *testing.T) {
			d := dictOf(c.arch)
			c.spoil(d)
			if c.o.ImageSize == 0 {
				c.o.ImageSize = 16
			}
			_, _, err := Generator(d, c.o)
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("the error is %v, want %q", err, c.want)
			}
		})
	}
}

// infer.Write checks the numbers, and names the tensor.
func TestNumbersThatAreNotFinite(t *testing.T) {
	a := infer.ResNet(2, 0, 1, 16)
	d := dictOf(a)
	binary.LittleEndian.PutUint32(d.tensors["encoder.3.weight"].storage.record.body[8:], math.Float32bits(float32(math.NaN())))
	arch, params, err := Generator(d, Options{ImageSize: 16})
	if err != nil {
		t.Fatal(err)
	}
	err = infer.Write(io.Discard, arch, params)
	if want := "array encoder.3.weight: element 2 is NaN, not a finite number"; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}

// Training counts batches in tensors that say nothing about keys, and wraps networks, which shows in the names.
func TestNamesThatSayNothing(t *testing.T) {
	want := infer.ResNet(2, 1, 1, 16).WithNorm(infer.NormBatch)
	d := dictOf(want)
	d.add("encoder.1.num_batches_tracked", nil)
	wrapped := &dict{}
	for _, name := range d.names {
		wrapped.items = append(wrapped.items, item{"module._orig_mod." + name, d.tensors[name]})
	}
	unwrapped, err := newDict(wrapped, 1<<40)
	if err != nil {
		t.Fatal(err)
	}
	got, _, err := Generator(unwrapped, Options{ImageSize: 16})
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Fatalf("%v, (-want +got):\n%s", err, diff)
	}
}

// float16 has 65536 values; each is what IEEE 754 says, by math.Ldexp.
func TestConversions(t *testing.T) {
	for h := range 1 << 16 {
		sign, exponent, fraction := 1-2*float64(h>>15), h>>10&31, float64(h&1023)
		want := math.Ldexp(sign*(1+fraction/1024), exponent-15)
		switch {
		case exponent == 0:
			want = math.Ldexp(sign*fraction, -24)
		case exponent == 31 && fraction == 0:
			want = math.Inf(int(sign))
		case exponent == 31:
			want = math.NaN()
		}
		if h == 1<<15 {
			want = math.Copysign(0, -1)
		}
		got := float16At([]byte{byte(h), byte(h >> 8)})
		if math.IsNaN(want) != (got != got) || (got == got && math.Float32bits(float32(want)) != math.Float32bits(got)) {
			t.Fatalf("float16 %04x is %v, want %v", h, got, want)
		}
	}
	if got := bfloat16At([]byte{0xc0, 0xbf}); got != -1.5 {
		t.Errorf("bfloat16 bfc0 is %v, want -1.5", got)
	}
	b := binary.LittleEndian.AppendUint64(nil, math.Float64bits(1+0x1p-24+0x1p-40))
	if got := float64At(b); got != 1+0x1p-23 {
		t.Errorf("float64 just above the middle is rounded to %v", got)
	}
}

// Elements come in C order, whatever the strides.
func TestStrides(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape := rapid.SliceOfN(rapid.Int64Range(1, 4), 0, 4).Draw(t, "shape")
		order := rapid.Permutation([]int{0, 1, 2, 3}[:len(shape)]).Draw(t, "order") // of the dimensions in memory, the fastest first
		strides, n := make([]int64, len(shape)), int64(1)
		for _, d := range order {
			strides[d] = n
			n *= shape[d]
		}
		offset := rapid.Int64Range(0, 3).Draw(t, "offset")
		var body []byte
		for i := range offset + n {
			body = binary.LittleEndian.AppendUint32(body, math.Float32bits(float32(i)))
		}
		s := &storage{storageTypes["torch.FloatStorage"], offset + n, &record{body: body}}
		x, err := newTensor(s, offset, shape, strides)
		if err != nil {
			t.Fatal(err)
		}
		got, err := x.floats()
		if err != nil || int64(len(got)) != n {
			t.Fatal(fmt.Sprint(len(got), n, err))
		}
		for i, v := range got {
			want, rest := offset, int64(i)
			for d := len(shape) - 1; d >= 0; d-- {
				want += rest % shape[d] * strides[d]
				rest /= shape[d]
			}
			if v != float32(want) {
				t.Fatalf("element %d is number %v, want %d", i, v, want)
			}
		}
	})
}
