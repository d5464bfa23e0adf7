package train

import (
	"fmt"
	"strings"
	"testing"

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
