package train

import (
	"context"
	"errors"
	"slices"
	"testing"

	"keygan/cipher"
	"keygan/data/dataset"
	"keygan/data/raster"
)

// chaosConfig trains the chaos GAN on source images and those images encrypted, in a few seconds.
func chaosConfig(t *testing.T) Config {
	c := smallConfig(t)
	setChaos(&c)
	return c
}

// setChaos makes it the chaos GAN on images that are encrypted.
func setChaos(c *Config) {
	chaos := defaults("chaos-gan", "", "")
	c.Objective, c.Generator, c.Critic, c.Optimizer, c.Image = chaos.Objective, chaos.Generator, chaos.Critic, chaos.Optimizer, chaos.Image
	c.Image.Size = 48
	c.Source = []dataset.Spec{{Synthetic: "xray", Count: 4, Size: 48}, {Synthetic: "mri", Count: 4, Size: 48}}
	c.Target = []Target{{Encrypt: "logistic"}}
	c.Generator.Width, c.Generator.Blocks, c.Critic.Width = 2, 1, 2
}

// Each batch of targets is its batch of sources, XORed with the keystream.
func TestEncryptedTargetsArePaired(t *testing.T) {
	c := chaosConfig(t)
	keystream, err := cipher.LogisticKeystream(48*48, cipher.LogisticX0, cipher.LogisticR)
	if err != nil {
		t.Fatal(err)
	}
	training := &Training{Config: c, trainingData: mustDataset(t, c, Options{})}
	if err := training.openLoaders(); err != nil {
		t.Fatal(err)
	}
	defer training.source.Close()
	defer training.target.Close()
	for range 10 { // past the end of an epoch
		source, err := training.source.Next()
		target, err2 := training.target.Next()
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(source.Names, target.Names) {
			t.Fatalf("sources %v, targets %v", source.Names, target.Names)
		}
		for i, v := range source.Pixels {
			if got := raster.Level(target.Pixels[i]); got != raster.Level(v)^keystream[i%len(keystream)] {
				t.Fatalf("sample %d: %d encrypted is %d", i, raster.Level(v), got)
			}
		}
	}
}

// Targets of their own are encrypted, those beside them are not, and what is held out of the source is in neither.
func TestEncryptedTargetsOfAFolder(t *testing.T) {
	folder := manyPictures(t, 40)
	c := folderConfig(t, folder, folder)
	c.Image = Image{Size: 24, Channels: 1}
	c.Data.HeldOut = 0.3
	c.Target[0].Encrypt = "logistic"
	c.Target = append(c.Target, Target{Spec: dataset.Spec{Synthetic: "noise", Count: 3, Size: 24}})
	d := mustDataset(t, c, Options{})
	n := d.source.Len()
	if d.heldOut == 0 || d.target.Len() != n+3 {
		t.Fatalf("%d sources, %d held out, %d targets", n, d.heldOut, d.target.Len())
	}
	keystream, err := cipher.LogisticKeystream(24*24, cipher.LogisticX0, cipher.LogisticR)
	if err != nil {
		t.Fatal(err)
	}
	for i := range n { // those that are encrypted come last
		plain, err := d.source.Image(i)
		secret, err2 := d.target.Image(3 + i)
		if err := errors.Join(err, err2); err != nil {
			t.Fatal(err)
		}
		for k, v := range plain.Pix {
			if secret.Pix[k] != v^keystream[k] {
				t.Fatalf("image %d, sample %d: %d encrypted is %d", i, k, v, secret.Pix[k])
			}
		}
	}
	if _, located := d.target.(dataset.Located); located {
		if path, _ := d.target.(dataset.Located).Locate(3); path != "" {
			t.Errorf("an encrypted image says it is %s", path)
		}
	}
}

// The digest of a paired target is that of its images: a run must notice when they change.
func TestDigestOfEncryptedTargets(t *testing.T) {
	c := chaosConfig(t)
	d := mustDataset(t, c, Options{})
	if want, err := dataset.Digest(context.Background(), d.source); err != nil || d.targetDigest != want {
		t.Errorf("digest %s, want %s (%v)", d.targetDigest, want, err)
	}
}
