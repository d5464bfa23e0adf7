package infer

import (
	"fmt"
	"runtime"
	"testing"

	"keygan/data/raster"
	"keygan/infer/kernel"
)

// withThreads sets GOMAXPROCS for the rest of the test.
func withThreads(t *testing.T, n int) {
	before := runtime.GOMAXPROCS(n)
	t.Cleanup(func() { runtime.GOMAXPROCS(before) })
}

// goldenKeys are the SHA-256 of the keys that small networks of every kind make with countingSeed. As in golden, a change
// here breaks every key that was ever made.
var goldenKeys = []struct {
	name          string
	arch          Arch
	width, height int
	key           string
}{
	{"resnet", ResNet(4, 1, 3, 64), 64, 64,
		"53b35941928258d72550c997429ea669428e8e17b7e7630d08af204426e15140"},
	{"resnet", ResNet(4, 1, 3, 64), 37, 23,
		"359f05db5cb59ed72408ca7a02bf11a418621ad8a16ecde70bb709c4720e2040"},
	{"resnet", ResNet(4, 1, 3, 64), 256, 256,
		"f303ad2d1b9e242b0d968f5d21ea489e1bc736f6bfbbd36e0ef5ab89e8b3e12e"},
	{"resnet, noise", ResNet(4, 2, 3, 64).WithNoise(), 64, 64,
		"e8015654339f44bcaa74dc2691586b862c2f0f6b4c3b77e4f84f5345b7b4f3b7"},
	{"resnet, noise", ResNet(4, 2, 3, 64).WithNoise(), 256, 256,
		"7c9b72e6baa1c11cf732c5551285886de24ef401311e314a9829b767be4537d0"},
	{"resnet, noise", ResNet(4, 2, 3, 64).WithNoise(), 37, 23,
		"63e232ba6a7a223226defc93ef7af45ed23e45775da5110ae4ea4b888b6ede41"},
	{"resnet, batch norm", ResNet(4, 1, 1, 64).WithNorm(NormBatch), 64, 64,
		"072b3ffad15c422014d6c76c5520c22dbb08c63601dce01b97cca457c9f1849e"},
	{"resnet, affine norm", ResNet(4, 1, 1, 64).WithNorm(NormInstanceAffine), 37, 23,
		"7016c59b045e51274d87d5a6ff33964b0ba80f2c7deaee8259265f9527c6a36f"},
	{"dcgan", DCGAN(4, 20, 3, 32), 32, 32,
		"1e4e00695e362184354d08cf1acd076a10944719e396d9bddf703fd386fbe297"},
	{"dcgan", DCGAN(4, 20, 3, 64), 64, 64,
		"0187473a3ed2a7afc4132ead9d87c3358a512342467c1eeb72ae5e8f6eb5498d"},
	{"dcgan", DCGAN(4, 100, 3, 256), 256, 256,
		"15a6014f9d4ef4858d279e6f7e711469a51c7170e1bd047c6ce508afff573bd5"},
	{"chaos", Chaos(2, 1, 1, 64), 64, 64,
		"804da66b07310b85c453d947a0d33a5deb465290cfc2348428ac071f66846524"},
	{"chaos", Chaos(2, 1, 1, 64), 256, 256,
		"fd2433ea522d401a56ba09a4a2f9a18c60a6577dca256e463a18b38fe6c9808b"},
	{"chaos", Chaos(2, 1, 1, 64), 37, 23,
		"150dec328d6c8af31438a4a4f40df45ca20c91b095c461199e24252b869f7ef7"},
	{"chaos, noisy", noisy(Chaos(2, 1, 3, 64), 0.3), 37, 23,
		"bfd1c99938b6f247dc9f88a66907c52d68a6d19097362e0b1ad0f75bd6225909"},
}

func TestGoldenKeys(t *testing.T) {
	for _, g := range goldenKeys {
		t.Run(fmt.Sprintf("%s/%dx%d", g.name, g.width, g.height), func(t *testing.T) {
			m := newModel(g.arch, randomParams(g.arch, 3))
			img := testImage(g.width, g.height, 3, 4)
			for _, threads := range []int{1, 2} {
				withThreads(t, threads)
				key, err := m.KeyFrom(img, countingSeed())
				if err != nil {
					t.Fatal(err)
				}
				if h := sha256Hex(key.Pix); h != g.key {
					t.Errorf("with %d threads the key's hash is %s, want %s", threads, h, g.key)
				}
				levels := map[byte]bool{}
				for _, v := range key.Pix {
					levels[v] = true
				}
				if len(levels) < 16 {
					t.Errorf("the key has only %d levels: nothing would show in it", len(levels))
				}
			}
		})
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
	{"resnet", ResNet(4, 1, 3, 64), 3, 8, "1622b12d523b56adbc5f2a3ef5f16f3a605d96e07dba23542abccebacec31685"},
	{"resnet", ResNet(4, 1, 3, 64).WithFastAlgorithms(), 4, 16, "7aa2b756c32b94134d0e3096bb58e79e36d1bc6e0b153ecf5bae9f6dc461b829"},
	{"resnet of grey", ResNet(4, 1, 1, 64).WithFastAlgorithms(), 3, 16, "9bc9d2ca4dcfd2025b4b35cc695f9665bdbb9851ccaf42cb474416bd2bb6612c"},
	{"chaos", Chaos(4, 1, 1, 64).WithFastAlgorithms(), 1, 16, "a695fa345aed1250249e715607a428ee3bb26a3213413c62e56e93bb15d1548d"},
	{"chaos of grey", Chaos(4, 1, 1, 64).WithFastAlgorithms(), 3, 8, "7f6ccbffc4d19977b078bb7ed2aeac4094881a1fe2075fa07e7f605a233864dc"},
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
