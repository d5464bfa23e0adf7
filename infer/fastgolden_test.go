package infer

import (
	"fmt"
	"path/filepath"
	"testing"

	"keygan/infer/kernel"
)

// goldenFastKeys are the SHA-256 of the outputs and the keys that networks make by the fast algorithms, with countingSeed, on any
// set of kernels. As in golden, a change here breaks every key that was ever made.
var goldenFastKeys = []struct {
	name          string
	arch          Arch
	width, height int
	output, key   string
}{
	{"resnet", ResNet(4, 2, 3, 64), 64, 64,
		"c992cd1aaf820795df6d2787a4b273ec05266526dc888171fbdd5f3642530837",
		"f83fbf1e5ceaafc0526e08eb1180820eb0a6c2b07f5d3ecab35273abb4a32185"},
	{"resnet", ResNet(16, 1, 1, 64), 37, 23,
		"bf74b5a58d72e9db1213c8e569a904eb6b74d858b002406af242e8d6a017334f",
		"bc44d9fbeec8b7edfa12c42d4bd56bea139c02f0fd6ca9531db5018f1b0b0d63"},
	{"resnet", ResNet(4, 1, 3, 64), 256, 256,
		"69fa89808b75855d676aa0df6bc47f4465927a5bcbc288e503e63178346efee4",
		"44830f8e65473ec1181f51d54564d99a8f8ef04ec64a71cd53eef81e603adbe7"},
	{"resnet, noise", ResNet(4, 2, 3, 64).WithNoise(), 96, 64,
		"5da1e98c59c91e34bb60403494243a5a8e2c87ea753130f908b9cf0372f4dea0",
		"f2d1d8f17bf3e5219fcab9775f6cb03669236edb0cd3a79748899d56bd72fea3"},
	{"resnet, noise", ResNet(4, 2, 3, 64).WithNoise(), 64, 64,
		"ac5f9fd5a4605265d1577cdf7b49085a50d6884643c04d275c389bd040958fbd",
		"e8015654339f44bcaa74dc2691586b862c2f0f6b4c3b77e4f84f5345b7b4f3b7"},
	{"resnet, noise", ResNet(4, 1, 3, 64).WithNoise(), 256, 256,
		"0e48520b54e4a6c8a764b17546a6b836ebb03afe237aff9a6516849fd33d5b28",
		"e30c24633d9655100193dc1aee52054db374f781fe0abb8dbb5b2f7a1fdb23a7"},
	{"resnet, noise", ResNet(4, 2, 3, 64).WithNoise(), 37, 23,
		"a95a6f943cd172056ade88abcf5a826dfe3671571fed367ce8a58c279cc159da",
		"8218f669d229649e5f7f7788e175cb5221b7b50007d8752ea6b1f4882d907c06"},
	{"resnet, batch norm", ResNet(5, 1, 1, 64).WithNorm(NormBatch), 64, 64,
		"0042724a2d33b2fbb28836785d246ede505160f911eed59a32452dda1a60fddd",
		"87dd76e5edcd4c41b72e83e0bc69113b29ced9ed611b02d29cdd1d4921831536"},
	{"dcgan", DCGAN(4, 20, 3, 64), 64, 64,
		"8236b53b61b3989b996bc2c4e18d56dc5671ea79bf798b22751c88b376fcd56d",
		"0187473a3ed2a7afc4132ead9d87c3358a512342467c1eeb72ae5e8f6eb5498d"},
	{"dcgan", DCGAN(2, 100, 1, 128), 128, 128,
		"1ebc8d36859ea7cb8f00bf8c6d06b0b792ed9b673b7813886924f20aae1c048b",
		"0d32c36ef5c784e3b1dd14a42f734050e949de086cc834260962edd7781f84c4"},
	{"dcgan", DCGAN(4, 100, 3, 256), 256, 256,
		"1246bd057d787877353a92e60e48e15688fa473b4f4cb9833e7173e94b4fbc63",
		"15a6014f9d4ef4858d279e6f7e711469a51c7170e1bd047c6ce508afff573bd5"},
	{"chaos", Chaos(2, 0, 1, 64), 256, 256,
		"0adaa4a951aaf67038f91123b6b21d4d8fc26cb02610ecadec037c5b082218e4",
		"8259d68d19d806e65eefdfddea69f5ab669ac1d80c688a2a35e968064e01873f"},
	{"chaos", Chaos(4, 1, 1, 64), 37, 23,
		"a2fdc2b744860fade79a9b05684e5a5817b8202c004f94c3550126d5458991b1",
		"516c1e59997997edb35073fb929974b743a1bb899d49ac8d4c90a89192526cd7"},
	{"chaos", Chaos(8, 1, 1, 64), 64, 64,
		"d7ac5c74a96b5ce114b4e2690d1dcc7ca5691c6b27b22bd5d90f9a6dba314eee",
		"8470a617ea22033f062452490ca09c7de167ba9cc487ccd258b4c990d5524f58"},
	{"chaos, noisy", noisy(Chaos(6, 1, 3, 64), 0.3), 37, 23,
		"2d529da4f9d6e36069963200eb77adda4f0af307c4d81fd6acf394b247b0b1e4",
		"ce1b6959032df62fe866af5f8006d09d4230ea43419f8b77b75828792e4816b4"},
}

func TestGoldenFastKeys(t *testing.T) {
	for _, g := range goldenFastKeys {
		a := g.arch.WithFastAlgorithms()
		params := randomParams(a, 3)
		img := testImage(g.width, g.height, 3, 4)
		for _, s := range kernel.Sets() {
			t.Run(fmt.Sprintf("%s/%dx%d/%v", g.name, g.width, g.height, s), func(t *testing.T) {
				withKernels(t, s)
				m := newModel(a, params)
				y, err := m.ForwardFrom(a.samples(img), img.Height, img.Width, countingSeed())
				if err != nil {
					t.Fatal(err)
				}
				if h := sha256Hex(floatBytes(y)); h != g.output {
					t.Errorf("the output's hash is %s, want %s", h, g.output)
				}
				key, err := m.KeyFrom(img, countingSeed())
				if err != nil {
					t.Fatal(err)
				}
				if h := sha256Hex(key.Pix); h != g.key {
					t.Errorf("the key's hash is %s, want %s", h, g.key)
				}
				levels := map[byte]bool{}
				for _, v := range key.Pix {
					levels[v] = true
				}
				if len(levels) < 16 {
					t.Errorf("the key has only %d levels: nothing would show in it", len(levels))
				}
			})
		}
	}
}

// The networks that PyTorch ran must give what it gave by the fast algorithms, too.
func TestFastForwardAgainstPyTorch(t *testing.T) {
	for _, file := range []string{"resnet-w4-b1-c3", "resnet-w3-b2-c1", "resnet-w5-b0-c1"} {
		read, err := ReadFile(filepath.Join("testdata", file+".npz"))
		if err != nil {
			t.Fatal(err)
		}
		a := read.Arch().WithFastAlgorithms()
		for i := range a.Layers { // narrow as they are, they would not be computed so
			if l := &a.Layers[i]; l.Kernel == 3 && l.Stride == 1 {
				l.Algorithm = AlgorithmWinograd
			}
		}
		m := newModel(a, read.Params())
		vectors, _ := readVectors(t, file+".vectors.npz")
		for i := range len(vectors) / 2 {
			x, want := vectors[fmt.Sprint("x", i)], vectors[fmt.Sprint("y", i)]
			t.Run(fmt.Sprintf("%s/%dx%d", file, x.Shape[2], x.Shape[1]), func(t *testing.T) {
				got, err := m.Forward(x.Data, x.Shape[1], x.Shape[2])
				if err != nil {
					t.Fatal(err)
				}
				compare(t, got, want.Data)
			})
		}
	}
}

// At the published depth the fast algorithms stay near the direct one.
func TestFastForwardIsNearDirect(t *testing.T) {
	for name, a := range map[string]Arch{"resnet": ResNet(16, 6, 3, 64), "chaos": Chaos(8, 2, 1, 64)} {
		params := randomParams(a, 8)
		x := a.samples(testImage(64, 48, 3, 2))
		want, err := newModel(a, params).Forward(x, 48, 64)
		if err != nil {
			t.Fatal(err)
		}
		got, err := newModel(a.WithFastAlgorithms(), params).Forward(x, 48, 64)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(name, func(t *testing.T) { compare(t, got, want) })
	}
}
