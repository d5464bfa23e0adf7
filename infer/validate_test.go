package infer

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	for _, c := range []struct{ width, blocks, channels, size int }{{64, 6, 3, 256}, {1, 0, 1, 1}, {16, 3, 3, 257}} {
		if err := ResNet(c.width, c.blocks, c.channels, c.size).Validate(); err != nil {
			t.Errorf("%+v: %v", c, err)
		}
	}
	layer := func(i int, change func(l *Layer)) func(a *Arch) { return func(a *Arch) { change(&a.Layers[i]) } }
	for _, c := range []struct {
		want  string
		spoil func(a *Arch)
	}{
		{"format version 3 is newer", func(a *Arch) { a.FormatVersion = 3 }},
		{"format version 1 is no longer read", func(a *Arch) { a.FormatVersion = 1 }},
		{"format version 0 does not exist", func(a *Arch) { a.FormatVersion = 0 }},
		{`unknown network "unet"; keygan knows "resnet", "dcgan", "chaos"`, func(a *Arch) { a.Network = "unet" }},
		{"channels is 2", func(a *Arch) { a.Channels = 2 }},
		{"image size is 0", func(a *Arch) { a.ImageSize = 0 }},
		{"image size is 1000000", func(a *Arch) { a.ImageSize = 1000000 }},
		{"value range is 0 to 255", func(a *Arch) { a.ValueRange = [2]float32{0, 255} }},
		{"value range is NaN to 1", func(a *Arch) { a.ValueRange[0] = float32(math.NaN()) }},
		{"config hash", func(a *Arch) { a.ConfigHash = "\x1b[31m" }},
		{"config hash", func(a *Arch) { a.ConfigHash = strings.Repeat("0", 129) }},
		{"0 layers", func(a *Arch) { a.Layers = nil }},
		{`layer 1 ("encoder.0"): another module has the name "encoder.0"`, layer(1, func(l *Layer) { l.Name = "encoder.0" })},
		{`layer 0 ("../x"): the name`, layer(0, func(l *Layer) { l.Name = "../x" })},
		{`unknown type "linear"`, layer(0, func(l *Layer) { l.Type = "linear" })},
		{`unknown norm "layer"`, layer(0, func(l *Layer) { l.Norm = "layer" })},
		{`unknown activation "gelu"; keygan knows "", "leaky_relu", "relu", "tanh"`, layer(0, func(l *Layer) { l.Activation = "gelu" })},
		{`unknown residual "both"`, layer(0, func(l *Layer) { l.Residual = "both" })},
		{`layer 2 ("encoder.6"): unknown algorithm "winograd"`, layer(2, func(l *Layer) { l.Algorithm = "winograd" })},
		{"kernel is 0", layer(0, func(l *Layer) { l.Kernel = 0 })},
		{"kernel is 99", layer(0, func(l *Layer) { l.Kernel = 99 })},
		{"stride is -1", layer(0, func(l *Layer) { l.Stride = -1 })},
		{"padding is 7", layer(0, func(l *Layer) { l.Padding = 7 })},
		{"output_padding is 1, must be 0 to 0", layer(0, func(l *Layer) { l.OutputPadding = 1 })},
		{"out is 5000", layer(0, func(l *Layer) { l.Out = 5000 })},
		{"takes 2 channels, but is given 4", layer(0, func(l *Layer) { l.Out = 4 })},
		{"takes 1 channels, but is given 3", layer(0, func(l *Layer) { l.In = 1 })},
		{"a residual begins inside another", layer(4, func(l *Layer) { l.Residual = ResidualBegin })},
		{"a residual ends that did not begin", layer(3, func(l *Layer) { l.Residual = "" })},
		{"a residual begins and never ends", layer(4, func(l *Layer) { l.Residual = "" })},
		{"a residual of 8×3×3 begins with 8×1×1", layer(3, func(l *Layer) { l.Padding = 2 })},
		{"the layers make 2×4×4 of an image of 3×4×4", layer(7, func(l *Layer) { l.Out = 2 })},
		{"the layers make 3×", layer(5, func(l *Layer) { l.OutputPadding = 0 })},
		{"nothing is left", layer(0, func(l *Layer) { l.Padding = 0 })},
		{"more than 268435456 weights", func(a *Arch) {
			a.Layers[3].Out, a.Layers[4].In, a.Layers[3].In, a.Layers[4].Out = 4096, 4096, 4096, 4096
			a.Layers[3].Kernel, a.Layers[4].Kernel = 15, 15
		}},
	} {
		a := small()
		c.spoil(&a)
		if err := a.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
}

// Each optional field is checked where it has a meaning, and refused elsewhere.
func TestValidateOptionalFields(t *testing.T) {
	for name, a := range versions {
		if err := a.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, size := range []int{8, 16, 256, 1024} {
		if err := DCGAN(1, 100, 3, size).Validate(); err != nil {
			t.Errorf("dcgan of size %d: %v", size, err)
		}
	}
	resnet, batch, dcgan, chaos := versions["noise"], versions["batch"], versions["dcgan"], versions["chaos"]
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	layer := func(i int, change func(l *Layer)) func(a *Arch) { return func(a *Arch) { change(&a.Layers[i]) } }
	for _, c := range []struct {
		want  string
		arch  Arch
		spoil func(a *Arch)
	}{
		{"latent is 7, must be 0 to 0 for resnet", small(), func(a *Arch) { a.Latent = 7 }},
		{"latent is 7, must be 0 to 0 for chaos", chaos, func(a *Arch) { a.Latent = 7 }},
		{"latent is 0, must be 1 to 4096 for dcgan", dcgan, func(a *Arch) { a.Latent = 0 }},
		{"latent is 4097, must be 1 to 4096", dcgan, func(a *Arch) { a.Latent = 4097 }},
		{"latent is -1, must be", dcgan, func(a *Arch) { a.Latent = -1 }},
		{"takes 7 channels, but is given 8", dcgan, func(a *Arch) { a.Latent = 8 }},
		{"the layers make 3×16×16 of noise, must make 3×32×32", dcgan, func(a *Arch) { a.ImageSize = 32 }},
		{"the layers make 3×16×16 of noise, must make 1×16×16", dcgan, func(a *Arch) { a.Channels = 1 }},
		{"input noise is 0.1, but there is no image", dcgan, func(a *Arch) { a.InputNoise = 0.1 }},
		{"input noise is -1, must be 0 to 10", chaos, func(a *Arch) { a.InputNoise = -1 }},
		{"input noise is 10.5, must be 0 to 10", chaos, func(a *Arch) { a.InputNoise = 10.5 }},
		{"input noise is NaN", chaos, func(a *Arch) { a.InputNoise = nan }},
		{"input noise is +Inf", chaos, func(a *Arch) { a.InputNoise = inf }},
		{"value range is 0 to 255, must be -1 to 1 or 0 to 1", chaos, func(a *Arch) { a.ValueRange[1] = 255 }},
		{"value range is NaN to 1", chaos, func(a *Arch) { a.ValueRange[0] = nan }},
		{`norm_name "" is not the name of a module`, batch, layer(0, func(l *Layer) { l.NormName = "" })},
		{`norm_name "../a" is not the name of a module`, batch, layer(0, func(l *Layer) { l.NormName = "../a" })},
		{`norm_name is "encoder.1", but the norm "instance" has no parameters`, batch, layer(0, func(l *Layer) { l.Norm = NormInstance })},
		{`norm_name is "encoder.1", but the norm "" has no parameters`, batch, layer(0, func(l *Layer) { l.Norm = "" })},
		{`another module has the name "encoder.1"`, batch, layer(1, func(l *Layer) { l.NormName = "encoder.1" })},
		{`another module has the name "encoder.0"`, batch, layer(1, func(l *Layer) { l.NormName = "encoder.0" })},
		{`another module has the name "encoder.3"`, batch, layer(0, func(l *Layer) { l.NormName = "encoder.3" })},
		{`another module has the name "res_blocks.0.noise"`, resnet, layer(6, func(l *Layer) { l.Noise = "res_blocks.0.noise" })},
		{`another module has the name "encoder.6"`, resnet, layer(2, func(l *Layer) { l.Noise = "encoder.6" })},
		{`unknown before_add "gelu"`, chaos, layer(4, func(l *Layer) { l.BeforeAdd = "gelu" })},
		{`before_add is "relu", but no residual ends there`, chaos, layer(0, func(l *Layer) { l.BeforeAdd = ActivationReLU })},
		{`before_add is "leaky_relu", but no residual ends there`, chaos, layer(3, func(l *Layer) { l.BeforeAdd = ActivationLeakyReLU })},
		{`noise "A" is not the name of a module`, resnet, layer(0, func(l *Layer) { l.Noise = "A" })},
		{"noise after the last layer", resnet, layer(9, func(l *Layer) { l.Noise = "noise" })},
	} {
		a := c.arch
		a.Layers = slices.Clone(a.Layers)
		c.spoil(&a)
		if err := a.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
}

// The bound on all weights counts what a norm has learnt: it is the last layer's norm that does not fit.
func TestValidateCountsEveryParameter(t *testing.T) {
	a := Arch{FormatVersion: 2, Network: NetworkResNet, Channels: 1, ImageSize: 4, ValueRange: [2]float32{-1, 1}}
	add := func(in, out, kernel int, norm string) {
		l := Layer{Type: Conv, Name: fmt.Sprintf("a.%d", 2*len(a.Layers)), In: in, Out: out, Kernel: kernel, Stride: 1, Padding: kernel / 2,
			Norm: norm, Algorithm: AlgorithmFMA}
		if norm == NormBatch {
			l.NormName = nextModule(l.Name)
		}
		a.Layers = append(a.Layers, l)
	}
	add(1, 4096, 1, "")
	for range 15 {
		add(4096, 4096, 1, "")
	}
	add(4096, 4094, 1, "") // 15·2²⁴ + 4096·4094 + 4096 = 2²⁸ − 4096
	add(4094, 1, 1, "")    // 2²⁸ − 2
	if err := a.Validate(); err != nil || a.Parameters() != maxWeights-2 {
		t.Fatalf("%d parameters: %v", a.Parameters(), err)
	}
	a.Layers[17].Norm, a.Layers[17].NormName = NormBatch, "norm"
	if err := a.Validate(); err == nil || !strings.Contains(err.Error(), `layer 17 ("a.34"): there are more than`) {
		t.Errorf("the error is %v", err)
	}
}

// What a file can make of a small image, or of none, has an end.
func TestValidateBoundsActivations(t *testing.T) {
	larger := chain(1, 256, 1) // 4×4 pixels become 19×19
	larger.Layers[0].Type, larger.Layers[0].Kernel, larger.Layers[0].Stride = ConvTranspose, 7, 4
	for _, c := range []struct {
		want string
		arch Arch
	}{
		{"makes 3×4096×4096 on the way to a key of 4096×4096, more than the 67108864 numbers", DCGAN(1, 1, 3, 4096)},
		{"makes 2×4096×4096 on the way to a key of 16384×16384, more than", DCGAN(1, 1, 3, 16384)},
		{"makes 256×19×19 on the way to a key of 4×4, more than the 65536 numbers", larger},
	} {
		if err := c.arch.Validate(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("the error is %v, want %q", err, c.want)
		}
	}
	if err := DCGAN(16, 100, 3, 2048).Validate(); err != nil {
		t.Error(err)
	}
}

// packed is how long the packed weights are.
func TestPacked(t *testing.T) {
	for _, l := range []Layer{
		{Type: Conv, In: 3, Out: 64, Kernel: 7, Stride: 1, Padding: 3},
		{Type: Conv, In: 5, Out: 1, Kernel: 1, Stride: 3},
		{Type: Conv, In: 7, Out: 17, Kernel: 3, Stride: 1, Padding: 1},
		{Type: ConvTranspose, In: 6, Out: 15, Kernel: 3, Stride: 1, Padding: 1},
		{Type: ConvTranspose, In: 5, Out: 6, Kernel: 3, Stride: 2, Padding: 1, OutputPadding: 1},
		{Type: ConvTranspose, In: 3, Out: 4, Kernel: 2, Stride: 4, OutputPadding: 3},
	} {
		weight := make([]float32, Param{Shape: l.kind().weight(l)}.Size())
		for _, a := range l.kind().algorithms {
			if !a.canCompute(l) {
				continue
			}
			got := 0
			switch c := a.pack(l, weight).(type) {
			case *winogradConvolution:
				got = len(c.weights)
			case *columnsConvolution:
				got = len(c.weights)
			case *fmaConvolution:
				for i := range c.phases {
					got += len(c.phases[i].weights)
				}
			}
			if n := a.packed(l); int64(got) != n {
				t.Errorf("%+v: %s takes %d numbers, packed says %d", l, a.name, got, n)
			}
		}
	}
}

func TestPublishedSize(t *testing.T) {
	a := ResNet(64, 6, 3, 256)
	if n := a.Parameters(); n != 7833984 {
		t.Errorf("%d parameters, published are 7833984", n)
	}
	if n, err := a.Operations(256, 256); err != nil || math.Abs(n/1e9-70.1) > 0.1 {
		t.Errorf("%.2f GFLOP, published are 70.1 (%v)", n/1e9, err)
	}
}

func TestWriteRefuses(t *testing.T) {
	for want, spoil := range map[string]func(a *Arch, params map[string]Array){
		"array encoder.0.weight: missing":                     func(_ *Arch, p map[string]Array) { delete(p, "encoder.0.weight") },
		"array \"x\": the architecture has no such parameter": func(_ *Arch, p map[string]Array) { p["x"] = Array{} },
		"array decoder.0.weight: its shape is [4 8 3 3], must be [8 4": func(_ *Arch, p map[string]Array) {
			p["decoder.0.weight"].Shape[0], p["decoder.0.weight"].Shape[1] = 4, 8
		},
		"array decoder.6.weight: 1 numbers for a shape of": func(a *Arch, p map[string]Array) { p["decoder.6.weight"] = Array{a.Params()[7].Shape, []float32{1}} },
		"array decoder.3.weight: element 2 is +Inf":        func(_ *Arch, p map[string]Array) { p["decoder.3.weight"].Data[2] = float32(math.Inf(1)) },
		"arch: unknown network":                            func(a *Arch, _ map[string]Array) { a.Network = "" },
	} {
		a := small()
		params := randomParams(a, 1)
		spoil(&a, params)
		var b bytes.Buffer
		if err := Write(&b, a, params); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
		if b.Len() > 0 {
			t.Errorf("%s: %d bytes written all the same", want, b.Len())
		}
	}
}

// A variance is never below 0: neither written nor read.
func TestNegativeVariance(t *testing.T) {
	a := versions["batch"]
	params := randomParams(a, 1)
	params["encoder.4.running_var"].Data[1] = -0.5
	const want = "array encoder.4.running_var: element 1 is -0.5, a variance is never below 0"
	if err := Write(io.Discard, a, params); err == nil || err.Error() != want {
		t.Errorf("written: the error is %v, want %s", err, want)
	}
	entries := entriesOf(t, a)
	for i, p := range a.Params() {
		if p.Name == "encoder.4.running_var" {
			entries[i+1].body = npyOf("<f4", p.Shape, floatBytes(params[p.Name].Data))
		}
	}
	refuse(t, pack(t, entries), want)
}

func TestHash(t *testing.T) {
	a := small()
	hash := func(change func(a *Arch, params map[string]Array)) string {
		a := a
		a.Layers = slices.Clone(a.Layers)
		params := randomParams(a, 1)
		change(&a, params)
		m, err := Read("x", archive(t, a, params))
		if err != nil {
			t.Fatal(err)
		}
		return m.Hash()
	}
	base := hash(func(*Arch, map[string]Array) {})
	if len(base) != 64 || base != hash(func(*Arch, map[string]Array) {}) {
		t.Errorf("hash %q is not that of the content", base)
	}
	for name, change := range map[string]func(a *Arch, params map[string]Array){
		"weight": func(_ *Arch, p map[string]Array) { p["decoder.6.weight"].Data[17] += 1 },
		"sign":   func(_ *Arch, p map[string]Array) { p["encoder.0.weight"].Data[0] *= -1 },
		"config": func(a *Arch, _ map[string]Array) { a.ConfigHash = "0" },
		"layer":  func(a *Arch, _ map[string]Array) { a.Layers[0].Activation = "" },
	} {
		if hash(change) == base {
			t.Errorf("another %s, the same hash", name)
		}
	}
}
