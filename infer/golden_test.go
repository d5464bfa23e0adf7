package infer

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"runtime"
	"testing"

	"keygan/data/raster"
	"keygan/infer/kernel"
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

func sha256Hex(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// withThreads sets GOMAXPROCS for the rest of the test.
func withThreads(t *testing.T, n int) {
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// goldenKeys are the SHA-256 of the outputs and the keys of small networks of every kind, with countingSeed, on any set of kernels
// and any platform. A change here breaks every key that was ever made, and needs another Layer.Algorithm instead.
var goldenKeys = []struct {
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
	{"resnet, affine norm", ResNet(4, 1, 1, 64).WithNorm(NormInstanceAffine), 37, 23,
		"e8c66db52dc3932880b1331250fad8d56a4963cb7ec643519c51b1ddf8aedfc1",
		"7016c59b045e51274d87d5a6ff33964b0ba80f2c7deaee8259265f9527c6a36f"},
	{"resnet, no norm", ResNet(4, 1, 1, 64).WithNorm(""), 64, 64,
		"dffb5098351c2367e63ce0d04de5e01076368337bd223ba32ac970b67d6cc9ae",
		"7379f2bc79d7ccab58927aba7b22b25252707e9af5e2602f3c1baacabbefe84a"},
	{"resnet of few pixels", ResNet(8, 0, 3, 64), 7, 5,
		"e1331310164ec4b852c1d596041b738c0e19a24f146fe282bffd22584716dd50",
		"a675798c11c05f00c4003e7ff2981193c5acc03f558a747705cd0f40d2e0f5f5"},
	{"dcgan", DCGAN(4, 20, 3, 32), 32, 32,
		"eb9b5ad308d5c85c0799f67c55d3766dc4f2b86e6de524bd0f712f41c9c05123",
		"1e4e00695e362184354d08cf1acd076a10944719e396d9bddf703fd386fbe297"},
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

func TestGoldenKeys(t *testing.T) {
	for _, g := range goldenKeys {
		a := g.arch
		params := randomParams(a, 3)
		img := testImage(g.width, g.height, 3, 4)
		for _, s := range kernel.Sets() {
			t.Run(fmt.Sprintf("%s/%dx%d/%v", g.name, g.width, g.height, s), func(t *testing.T) {
				withKernels(t, s)
				m := newModel(a, params)
				y, err := m.forwardInto(nil, 2, a.samples(img), img.Height, img.Width, countingSeed())
				if err != nil {
					t.Fatal(err)
				}
				if h := sha256Hex(floatBytes(y)); h != g.output {
					t.Errorf("the output's hash is %s, want %s", h, g.output)
				}
				key, err := m.KeyOn(1, img, countingSeed())
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

// goldenPixels are keys of images as decoders give them, of any depth and channels, resized first as the commands do: nothing between
// pixels and key may differ from machine to machine.
var goldenPixels = []struct {
	name            string
	arch            Arch
	channels, depth int // of the image
	key             string
}{
	{"resnet", ResNet(4, 1, 3, 64), 4, 16, "7aa2b756c32b94134d0e3096bb58e79e36d1bc6e0b153ecf5bae9f6dc461b829"},
	{"resnet of grey", ResNet(4, 1, 1, 64), 3, 16, "9bc9d2ca4dcfd2025b4b35cc695f9665bdbb9851ccaf42cb474416bd2bb6612c"},
	{"chaos", Chaos(4, 1, 1, 64), 1, 16, "a695fa345aed1250249e715607a428ee3bb26a3213413c62e56e93bb15d1548d"},
	{"chaos of grey", Chaos(4, 1, 1, 64), 3, 8, "7f6ccbffc4d19977b078bb7ed2aeac4094881a1fe2075fa07e7f605a233864dc"},
}

func TestGoldenPixels(t *testing.T) {
	for _, g := range goldenPixels {
		img := raster.NewImage(61, 43, g.channels, g.depth)
		noise := testImage(61, 43, g.channels, 5)
		for i, v := range noise.Pix {
			img.SetSample(i, int(v)*img.Max()/255)
		}
		img = img.Resize(37, 23)
		for _, s := range kernel.Sets() {
			t.Run(fmt.Sprintf("%s/%d of %d bits/%v", g.name, g.channels, g.depth, s), func(t *testing.T) {
				withKernels(t, s)
				key, err := newModel(g.arch, randomParams(g.arch, 3)).Key(img)
				if err != nil {
					t.Fatal(err)
				}
				if h := sha256Hex(key.Pix); h != g.key {
					t.Errorf("the key's hash is %s, want %s", h, g.key)
				}
			})
		}
	}
}
