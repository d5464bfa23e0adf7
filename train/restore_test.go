package train

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"keygan/cipher"
	"keygan/data/raster"
	"keygan/data/synthetic"
	torch "keygan/gotorch"
	"keygan/internal/npz"
	"keygan/train/config"
)

// TestRestoreAgainstPyTorch repeats the five iterations that testdata/restore.py made with torch.nn and torch.optim in float64: from the
// same weights and batches come the same losses and, at the end, weights.
func TestRestoreAgainstPyTorch(t *testing.T) {
	const bound = 1e-6
	vectors, err := npz.ReadFile("testdata/restore.npz", 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	c := config.DefaultOf("restore", "", "")
	c.Image = config.Image{Size: refSize, Channels: refChannels}
	c.Generator.Width, c.Generator.Blocks, c.Critic.Width = refWidth, refBlocks, refWidth
	c.Objective.Set("adversarial_weight", 0.25)
	o := newObjective(c, place{})
	for _, m := range o.Models() {
		t.Cleanup(m.close)
		for _, p := range m.Network.state() {
			p.Tensor.SetFloats(floats(t, vectors, "init/"+m.Name+"/"+p.Name, p.Tensor))
		}
		inDouble(m, c)
	}
	for i := range refIterations {
		torch.Scope(func() {
			image := func(name string) torch.Tensor {
				b, shape, err := vectors.Bytes(fmt.Sprintf("%d/%s", i, name))
				if err != nil {
					t.Fatal(err)
				}
				x := make([]float32, len(b))
				for k, v := range b {
					x[k] = float32(v)/128 - 1
				}
				return torch.FromFloats(x, int64s(shape)...).CastTo(torch.Double)
			}
			values := numbers(o.Step([]Batch{{image("source"), image("target")}}))
			for k, column := range c.Columns() {
				if name, ok := map[string]string{"Generator Loss": "generator/loss", "L1": "generator/l1", "SSIM": "generator/ssim", "Critic Loss": "critic/loss"}[column]; ok {
					compare(t, vectors, bound, fmt.Sprintf("%d/%s", i, name), torch.FromFloats([]float32{float32(values[k])}, 1))
				}
			}
		})
	}
	for _, m := range o.Models() {
		for _, p := range m.Network.state() {
			compare(t, vectors, bound, "final/"+m.Name+"/"+p.Name, p.Tensor)
		}
	}
}

// An impossible victim is refused with the key that is wrong.
func TestRestoreRefuses(t *testing.T) {
	const text = "source: [{synthetic: mri, count: 4}]\nimage: {size: 24}\n"
	for _, test := range []struct{ text, want string }{
		{text + "objective: {name: restore}\nencrypt: {scheme: rot13}\n", "encrypt.scheme: must be one of "},
		{text + "objective: {name: restore}\nencrypt: {key: lost}\n", "encrypt.key: must be one of fresh, kept"},
		{text + "objective: {name: restore}\ntarget: [{synthetic: mri, count: 4}]\n", "target: must be left out where encrypt is given"},
		{text + "objective: {name: restore}\ngenerator: {name: dcgan}\n", "generator.name: must be resnet or chaos"},
		{text + "objective: {name: gan}\nencrypt: {scheme: xor}\n", "encrypt.scheme: must be given for an objective that restores"},
		{text + "objective: {name: gan}\n", "target: must name at least one"},
	} {
		if _, err := config.Read(writeConfig(t, test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %s", test.text, err, test.want)
		}
	}
	if c, err := config.Read(writeConfig(t, text+"objective: {name: restore}\n")); err != nil || c.Arch().InputNoise != 0 || !c.Paired() {
		t.Errorf("%+v, %v", c, err)
	}
}

// A key that is the same byte everywhere is learnt: images that were not trained with come back better than the mean image, and better
// than what the network makes of another cipher image. A one-time key of random bytes is not: what comes back is one guess for all images.
func TestRestoreLearnsWhatCanBeLearnt(t *testing.T) {
	const size, images, held, batch = 24, 40, 8, 8
	src, err := synthetic.New("mri", images, size, 5)
	if err != nil {
		t.Fatal(err)
	}
	var plain []*raster.Image
	for i := range images {
		m, err := src.Image(i)
		if err != nil {
			t.Fatal(err)
		}
		plain = append(plain, m.Convert(1))
	}
	random := rand.NewChaCha8([32]byte{7})
	keys := map[string]func(p []byte){
		"constant": func(p []byte) {
			for i := range p {
				p[i] = 0xc3
			}
		},
		"one-time": func(p []byte) { random.Read(p) },
	}
	for name, key := range keys {
		c := config.DefaultOf("restore", "", "")
		c.Image = config.Image{Size: size, Channels: 1}
		c.Generator = config.Generator{Name: "resnet", Width: 6, Blocks: 1, Norm: "batch"}
		c.Optimizer.LearningRate = 5e-3
		torch.ManualSeed(11)
		o := newObjective(c, place{}).(*restore)
		t.Cleanup(o.generator.close)
		encrypted := func(of []*raster.Image) torch.Tensor {
			var out []*raster.Image
			stream := make([]byte, size*size)
			for _, m := range of {
				m = m.Clone()
				key(stream)
				cipher.XOR(m.Pix, m.Pix, stream)
				out = append(out, m)
			}
			return asTensor(out, c.Image)
		}
		train := plain[held:]
		for step := range 150 {
			torch.Scope(func() {
				at := step * batch % len(train)
				of := train[at : at+batch]
				o.Step([]Batch{{encrypted(of), asTensor(of, c.Image)}})
			})
		}
		torch.Scope(func() {
			x := asTensor(plain[:held], c.Image)
			guess := asTensor(train, c.Image).MeanDims([]int64{0}, true)
			next := append(slices.Clone(plain[1:held]), plain[0])
			ssimOf := func(y torch.Tensor) float64 { return restorationLoss(y, x)["ssim"].Float() }
			restored, other := ssimOf(o.Keys(encrypted(plain[:held]), 0)), ssimOf(o.Keys(encrypted(next), 0))
			mean := ssimOf(torch.Add(x.MulScalar(0), guess, 1))
			gain := restored - max(mean, other)
			if learnt := gain > 0.1; learnt != (name == "constant") || name == "one-time" && gain > 0.02 {
				t.Errorf("%s key: SSIM %.3f; of another cipher image %.3f, of the mean image %.3f", name, restored, other, mean)
			}
		})
	}
}
