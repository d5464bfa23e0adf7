package infer

import (
	"bytes"
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
		{"format version 0 does not exist", func(a *Arch) { a.FormatVersion = 0 }},
		{`unknown network "unet", known here: "resnet", "dcgan", "chaos"`, func(a *Arch) { a.Network = "unet" }},
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
		{`unknown activation "gelu", known here: "", "relu", "tanh"`, layer(0, func(l *Layer) { l.Activation = "gelu" })},
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
		{"a residual begins that does not end", layer(4, func(l *Layer) { l.Residual = "" })},
		{"a residual of 8×3×3 begins with 8×1×1", layer(3, func(l *Layer) { l.Padding = 2 })},
		{"the layers make 2×4×4 of an image of 3×4×4", layer(7, func(l *Layer) { l.Out = 2 })},
		{"the layers make 3×", layer(5, func(l *Layer) { l.OutputPadding = 0 })},
		{"nothing is left", layer(0, func(l *Layer) { l.Padding = 0 })},
		{"more than 268435456 numbers", func(a *Arch) {
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

func TestPublishedSize(t *testing.T) {
	a := ResNet(64, 6, 3, 256)
	if n := a.Parameters(); n != 7833984 {
		t.Errorf("%d parameters, published are 7833984", n)
	}
	if g := operations(a, 256, 256) / 1e9; math.Abs(g-70.1) > 0.1 {
		t.Errorf("%.2f GFLOP, published are 70.1", g)
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
